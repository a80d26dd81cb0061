"""A link works once, leads to setting up a factor, and replaces none by itself."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audit.models import Entry
from audit.words import Action
from dermalia.qr import qr_svg
from dermalia.tenancy import practice_scope
from practices.domain.sign_in import issue_link
from practices.domain.totp import provisioning_uri
from practices.models import Authenticator, BackupCode, Passkey, SignInLink, StaffSession, User
from tests.practices.authenticator import SoftAuthenticator
from tests.practices.codes import code_of
from tests.practices.conftest import PASSWORD, WithApp, is_inside, show_passkey


def enter(client: Client, secret: str) -> Any:
    return client.post(f"/en/enter/{secret}/")


def test_a_link_leads_once_to_the_set_up_and_no_further(client: Client, staff_user: User) -> None:
    secret = issue_link(user=staff_user)
    assert client.get(f"/en/enter/{secret}/").status_code == 200
    assert client.get("/en/set-up/").status_code == 302
    assert enter(client, secret).headers["Location"] == "/en/set-up/"
    assert client.get("/en/set-up/").status_code == 200
    for page in ("scans", "account", "team", "confirm", "cases"):
        assert client.get(f"/en/{page}/").headers["Location"] == "/en/set-up/"
    assert enter(Client(), secret).status_code == 403
    with practice_scope(staff_user.practice_id):
        assert Entry.objects.get(action=Action.STAFF_LINK_USED).actor_id == staff_user.pk
        assert not Entry.objects.filter(action=Action.STAFF_SIGNED_IN).exists()


def test_a_passkey_made_after_the_link_opens_the_dashboard(
    client: Client, staff_user: User
) -> None:
    enter(client, issue_link(user=staff_user))
    before = client.session.session_key
    question = client.post("/en/set-up/question/").json()
    authenticator = SoftAuthenticator()
    answer = client.post("/en/set-up/passkey/", {"answer": authenticator.create(question)})
    assert answer.headers["Location"] == "/en/scans/"
    assert is_inside(client)
    assert client.session.session_key != before
    assert show_passkey(Client(), authenticator).status_code == 302
    with practice_scope(staff_user.practice_id):
        assert Passkey.objects.get().name == "another browser, another device"


def test_password_and_app_set_up_after_the_link_open_the_dashboard(
    client: Client, staff_user: User
) -> None:
    enter(client, issue_link(user=staff_user))
    seed = client.get("/en/set-up/app/").context["seed"].replace(" ", "")
    assert client.get("/en/set-up/app/").context["seed"].replace(" ", "") == seed
    page = client.post("/en/set-up/app/", {"password": PASSWORD, "code": code_of(seed)})
    assert page.status_code == 200
    assert page.content.decode().count("<li><code>") == 10
    assert is_inside(client)
    with practice_scope(staff_user.practice_id):
        Authenticator.objects.update(last_step=0)
    form = {"email": "STAFF@example.org", "password": PASSWORD, "code": code_of(seed)}
    assert Client().post("/en/sign-in/", form).status_code == 302


def test_the_app_s_key_is_shown_as_a_code_for_its_camera_too(
    client: Client, staff_user: User
) -> None:
    enter(client, issue_link(user=staff_user))
    page = client.get("/en/set-up/app/")
    seed = page.context["seed"].replace(" ", "")
    with practice_scope(staff_user.practice_id):
        drawn = qr_svg(provisioning_uri(staff_user, seed))
    assert drawn in page.content.decode()
    assert seed not in drawn


@pytest.mark.parametrize(
    ("password", "code", "wrong"),
    [
        ("too short", "right", "password"),
        ("staff@example.org", "right", "password"),
        ("passwordpassword", "right", "password"),
        (PASSWORD, "000000", "code"),
        ("", "right", "password"),
    ],
)
def test_a_weak_password_or_a_wrong_code_sets_nothing_up(
    client: Client, staff_user: User, password: str, code: str, wrong: str
) -> None:
    enter(client, issue_link(user=staff_user))
    seed = client.get("/en/set-up/app/").context["seed"].replace(" ", "")
    typed = {"password": password, "code": code_of(seed) if code == "right" else code}
    page = client.post("/en/set-up/app/", typed)
    assert page.status_code == 422
    assert wrong in page.context["form"].errors
    assert not is_inside(client)
    staff_user.refresh_from_db()
    assert staff_user.password == ""
    with practice_scope(staff_user.practice_id):
        assert Authenticator.objects.get().confirmed_at is None
        assert not BackupCode.objects.exists()


def test_a_link_in_a_mailbox_replaces_no_factor(
    client: Client, staff_user: User, passkey: SoftAuthenticator
) -> None:
    assert enter(client, issue_link(user=staff_user)).status_code == 403
    assert show_passkey(client, passkey).status_code == 302


def test_a_link_redeemed_before_a_factor_was_made_elsewhere_opens_nothing_more(
    client: Client, staff_user: User, passkey: SoftAuthenticator
) -> None:
    enter(client, issue_link(user=staff_user, kind=SignInLink.Kind.RESET))
    assert client.get("/en/set-up/").status_code == 200
    elsewhere = Client()
    enter(elsewhere, issue_link(user=staff_user))
    question = elsewhere.post("/en/set-up/question/").json()
    elsewhere.post("/en/set-up/passkey/", {"answer": SoftAuthenticator().create(question)})
    assert client.post("/en/set-up/question/").headers["Location"] == "/en/sign-in/"


def test_a_link_to_begin_anew_removes_everything_when_it_is_used(
    client: Client, with_app: WithApp
) -> None:
    thief = Client()
    thief.force_login(with_app.user)
    secret = issue_link(user=with_app.user, kind=SignInLink.Kind.RESET)
    assert is_inside(thief)
    assert enter(client, secret).headers["Location"] == "/en/set-up/"
    assert not is_inside(thief)
    assert with_app.sign_in(Client()).status_code == 403
    with practice_scope(with_app.user.practice_id):
        assert not Authenticator.objects.exists()
        assert not BackupCode.objects.exists()
        assert Entry.objects.filter(action=Action.FACTORS_RESET).exists()


def test_the_demo_s_link_leads_straight_in_where_services_are_stood_in_for(
    client: Client, staff_user: User, settings: Settings
) -> None:
    settings.SANDBOX_ORIGINS = ["http://127.0.0.1:8081"]
    enter(client, issue_link(user=staff_user, kind=SignInLink.Kind.DEMO))
    assert is_inside(client)


def test_the_demo_s_link_opens_nothing_anywhere_else(
    client: Client, staff_user: User, settings: Settings
) -> None:
    secret = issue_link(user=staff_user, kind=SignInLink.Kind.DEMO)
    settings.SANDBOX_ORIGINS = []
    assert enter(client, secret).status_code == 403
    settings.SANDBOX_ORIGINS, settings.TRIAL = ["http://127.0.0.1:8081"], False
    assert enter(client, secret).status_code == 403
    with pytest.raises(PermissionError):
        issue_link(user=staff_user, kind=SignInLink.Kind.DEMO)


def test_an_expired_link_lets_nobody_in(client: Client, staff_user: User) -> None:
    secret = issue_link(user=staff_user)
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(minutes=5))
    assert enter(client, secret).status_code == 403


def test_a_new_link_ends_the_one_before(client: Client, staff_user: User) -> None:
    first, second = issue_link(user=staff_user), issue_link(user=staff_user)
    assert enter(client, first).status_code == 403
    assert enter(client, second).status_code == 302


@pytest.mark.usefixtures("db")
def test_an_invented_link_lets_nobody_in(client: Client) -> None:
    assert enter(client, "invented").status_code == 403


def test_somebody_sent_away_is_out_at_once(client: Client, staff_user: User) -> None:
    client.force_login(staff_user)
    assert is_inside(client)
    User.objects.update(is_active=False)
    assert not is_inside(client)
    assert enter(client, issue_link(user=staff_user)).status_code == 403


def test_only_the_digest_of_a_link_is_kept(staff_user: User) -> None:
    secret = issue_link(user=staff_user)
    assert secret.encode() not in bytes(SignInLink.objects.get().digest)


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("/en/cases/", "/en/cases/"),
        ("https://evil.example/", "/en/scans/"),
        ("//evil.example/", "/en/scans/"),
        ("/\\evil.example/", "/en/scans/"),
        ("evil.example", "/en/scans/"),
        ("javascript:alert(1)", "/en/scans/"),
        ("", "/en/scans/"),
    ],
)
def test_after_signing_in_one_comes_back_to_a_page_of_ours_only(
    client: Client, with_app: WithApp, wanted: str, shown: str
) -> None:
    assert with_app.sign_in(client, next=wanted).headers["Location"] == shown


def test_whoever_was_sent_to_sign_in_is_brought_back(client: Client, db: None) -> None:
    sent = client.get("/en/scans/?live=off").headers["Location"]
    assert sent == "/en/sign-in/?next=%2Fen%2Fscans%2F%3Flive%3Doff"
    assert client.get(sent).context["next"] == "/en/scans/?live=off"


def test_the_command_prints_a_link_that_works(
    client: Client, staff_user: User, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("staff_link", "STAFF@example.org")
    path = capsys.readouterr().out.strip().split("8000", 1)[1]
    assert client.post(path).status_code == 302


def test_the_command_resets_only_where_it_is_told_to(
    client: Client, with_app: WithApp, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="sign in already"):
        call_command("staff_link", "staff@example.org")
    call_command("staff_link", "staff@example.org", "--reset")
    path = capsys.readouterr().out.strip().split("8000", 1)[1]
    assert client.post(path).headers["Location"] == "/de/set-up/"
    with practice_scope(with_app.user.practice_id):
        assert StaffSession.objects.get().verified is False


@pytest.mark.usefixtures("db")
def test_the_command_knows_nobody_it_was_not_told_of() -> None:
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command("staff_link", "nobody@example.org")
