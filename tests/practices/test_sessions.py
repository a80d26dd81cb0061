"""A session ends: by itself, by its owner, at once; and grave acts want a factor again."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.domain.forget import forget_everything_expired
from practices.models import Attempt, SignInLink, StaffSession, User
from tests.conftest import enter_session
from tests.practices.authenticator import SoftAuthenticator
from tests.practices.codes import code_of
from tests.practices.conftest import WithApp, is_inside, show_passkey

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
POLL = {"HX-Request": "true"}


def shift(user: User, **ago: timedelta) -> None:
    """Let the user's sessions have been ``created_at``, ``seen_at`` or ``fresh_at`` so long ago."""
    with practice_scope(user.practice_id):
        StaffSession.objects.update(
            **{name: timezone.now() - interval for name, interval in ago.items()}
        )


def seen_at(user: User) -> Any:
    with practice_scope(user.practice_id):
        return StaffSession.objects.get().seen_at


def test_an_idle_session_ends(client: Client, staff_user: User, settings: Settings) -> None:
    client.force_login(staff_user)
    shift(staff_user, seen_at=timedelta(seconds=settings.STAFF_IDLE_SECONDS - 60))
    assert is_inside(client)
    shift(staff_user, seen_at=timedelta(seconds=settings.STAFF_IDLE_SECONDS + 1))
    assert not is_inside(client)
    shift(staff_user, seen_at=timedelta(0))
    assert not is_inside(client)  # the cookie went with it


def test_a_session_ends_after_its_day_however_busy(
    client: Client, staff_user: User, settings: Settings
) -> None:
    client.force_login(staff_user)
    shift(staff_user, created_at=timedelta(seconds=settings.STAFF_SESSION_SECONDS + 1))
    assert not is_inside(client)


def test_a_page_that_renews_itself_keeps_nobody_signed_in(client: Client, staff_user: User) -> None:
    client.force_login(staff_user)
    shift(staff_user, seen_at=timedelta(minutes=5))
    before = seen_at(staff_user)
    assert client.get("/en/scans/", headers=POLL).status_code == 200
    assert seen_at(staff_user) == before
    assert is_inside(client)
    assert seen_at(staff_user) > before


def test_a_page_that_renews_itself_goes_to_the_sign_in_when_the_session_has_ended(
    client: Client, staff_user: User
) -> None:
    client.force_login(staff_user)
    with practice_scope(staff_user.practice_id):
        StaffSession.objects.all().delete()
    answer = client.get("/en/scans/", headers=POLL)
    assert answer.headers["HX-Redirect"] == "/en/sign-in/"


def test_a_cookie_without_its_row_opens_nothing(client: Client, staff_user: User) -> None:
    client.force_login(staff_user)
    session = client.session
    del session["staff_session"]
    session.save()
    assert not is_inside(client)


def test_a_cookie_with_somebody_else_s_row_opens_nothing(
    client: Client, staff_user: User, passkey: SoftAuthenticator
) -> None:
    colleague = User.objects.create(email="c@example.org", practice_id=staff_user.practice_id)
    theirs = enter_session(Client(), colleague, factor="passkey")
    client.force_login(staff_user)
    session = client.session
    session["staff_session"] = str(theirs.pk)
    session.save()
    assert not is_inside(client)


def test_signing_out_ends_the_session_and_its_row(client: Client, staff_user: User) -> None:
    client.force_login(staff_user)
    client.post("/en/sign-out/")
    assert not is_inside(client)
    with practice_scope(staff_user.practice_id):
        assert not StaffSession.objects.exists()


def test_the_browser_is_told_to_drop_what_it_holds_when_a_session_ends(
    client: Client, staff_user: User
) -> None:
    """But no cookies: those of other sessions and hosts would go with them."""
    client.force_login(staff_user)
    assert "Clear-Site-Data" not in client.get("/en/scans/")
    assert client.post("/en/sign-out/")["Clear-Site-Data"] == '"cache", "storage"'
    client.force_login(staff_user)
    with practice_scope(staff_user.practice_id):
        StaffSession.objects.all().delete()
    assert client.get("/en/scans/")["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.get("/en/scans/")


def test_signing_in_takes_a_new_cookie_and_ends_what_was_there(
    client: Client, staff_user: User, passkey: SoftAuthenticator
) -> None:
    client.get("/en/sign-in/")
    show_passkey(client, passkey)
    first = client.session.session_key
    show_passkey(client, passkey)
    assert client.session.session_key != first
    with practice_scope(staff_user.practice_id):
        assert StaffSession.objects.count() == 1


def test_of_a_device_only_its_kind_is_kept(client: Client, passkey: SoftAuthenticator) -> None:
    phone = Client(headers={"User-Agent": PHONE}, REMOTE_ADDR="203.0.113.77")
    show_passkey(phone, passkey)
    page = phone.get("/en/account/")
    row = page.context["sessions"][0]
    assert (row.browser, row.device, row.network) == ("safari", "phone", "203.0.113.0/24")


def test_another_device_is_signed_out_at_once(client: Client, staff_user: User) -> None:
    other = Client()
    client.force_login(staff_user)
    other.force_login(staff_user)
    page = client.get("/en/account/")
    (there,) = [row for row in page.context["sessions"] if row.pk != page.context["here"]]
    client.post(f"/en/account/sessions/{there.pk}/end/")
    assert not is_inside(other)
    assert is_inside(client)


def test_signing_out_everywhere_is_everywhere(client: Client, staff_user: User) -> None:
    others = [Client() for _ in range(2)]
    for each in (client, *others):
        each.force_login(staff_user)
    assert client.post("/en/account/sessions/end/").headers["Location"] == "/en/signed-out/"
    assert not any(is_inside(each) for each in (client, *others))
    with practice_scope(staff_user.practice_id):
        assert Entry.objects.get(action=Action.STAFF_SESSIONS_ENDED).counts == {"rows": 3}


def test_nobody_ends_a_colleague_s_session(client: Client, staff_user: User) -> None:
    colleague, theirs = (
        User.objects.create(email="c@example.org", practice_id=staff_user.practice_id),
        Client(),
    )
    theirs.force_login(colleague)
    row = theirs.get("/en/account/").context["here"]
    client.force_login(staff_user)
    assert client.post(f"/en/account/sessions/{row}/end/").status_code == 404
    assert is_inside(theirs)


def test_removing_the_password_leaves_this_device_signed_in(
    client: Client, with_app: WithApp, passkey: SoftAuthenticator
) -> None:
    show_passkey(client, passkey)
    other = Client()
    with_app.sign_in(other)
    assert client.post("/en/account/app/remove/").status_code == 302
    assert is_inside(client)
    assert not is_inside(other)
    assert with_app.sign_in(Client()).status_code == 403


def test_password_and_app_stay_where_they_are_the_only_way_in(
    client: Client, with_app: WithApp
) -> None:
    with_app.sign_in(client)
    client.post("/en/account/app/remove/")
    with practice_scope(with_app.user.practice_id):
        assert not Entry.objects.filter(action=Action.FACTOR_REMOVED).exists()


GRAVE = ["account/codes/", "account/app/remove/", "team/invite/", "set-up/question/"]


@pytest.mark.parametrize("address", GRAVE)
def test_grave_acts_want_a_factor_again(
    client: Client, staff_user: User, settings: Settings, address: str
) -> None:
    client.force_login(staff_user)
    shift(staff_user, fresh_at=timedelta(seconds=settings.STAFF_FRESH_SECONDS + 1))
    came_from = {"Referer": "http://testserver/en/account/"}
    answer = client.post(f"/en/{address}", headers=came_from)
    assert answer.headers["Location"] == "/en/confirm/?next=%2Fen%2Faccount%2F"


def test_a_code_makes_a_session_fresh_and_leads_back(client: Client, with_app: WithApp) -> None:
    client.force_login(with_app.user)
    shift(with_app.user, fresh_at=timedelta(hours=1))
    form = {"next": "/en/account/", "code": code_of(with_app.seed)}
    assert client.post("/en/confirm/", form | {"code": "000000"}).status_code == 403
    assert client.post("/en/confirm/", form | {"code": ""}).status_code == 422
    assert client.post("/en/confirm/", form).headers["Location"] == "/en/account/"
    assert client.post("/en/account/codes/").status_code == 200
    with practice_scope(with_app.user.practice_id):
        assert Entry.objects.filter(action=Action.STAFF_CONFIRMED).count() == 1


def test_guessing_codes_in_a_session_left_open_meets_the_pause(
    client: Client, with_app: WithApp
) -> None:
    client.force_login(with_app.user)
    statuses = [client.post("/en/confirm/", {"code": "000000"}).status_code for _ in range(7)]
    assert statuses == [403] * 6 + [429]


def test_a_backup_code_confirms_nothing(client: Client, with_app: WithApp) -> None:
    client.force_login(with_app.user)
    assert client.post("/en/confirm/", {"code": with_app.codes[0]}).status_code == 422


def test_a_passkey_makes_a_session_fresh(
    client: Client, staff_user: User, passkey: SoftAuthenticator
) -> None:
    client.force_login(staff_user)
    shift(staff_user, fresh_at=timedelta(hours=1))
    question = client.post("/en/confirm/question/").json()
    assert len(question["allowCredentials"]) == 1
    form = {"answer": passkey.get(question), "next": "/en/team/"}
    assert client.post("/en/confirm/passkey/", form).headers["Location"] == "/en/team/"
    assert client.get("/en/set-up/").status_code == 200
    assert client.post("/en/confirm/passkey/", form).status_code == 403


def test_a_colleague_s_passkey_confirms_nothing(
    client: Client, staff_user: User, passkey: SoftAuthenticator
) -> None:
    colleague = User.objects.create(email="c@example.org", practice_id=staff_user.practice_id)
    client.force_login(colleague)
    question = client.post("/en/confirm/question/").json()
    form = {"answer": passkey.get(question)}
    assert client.post("/en/confirm/passkey/", form).status_code == 403


def test_what_has_expired_is_forgotten(client: Client, staff_user: User) -> None:
    client.force_login(staff_user)
    client.post("/en/sign-in/question/")
    client.post("/en/sign-in/", {"email": "a@example.org", "password": "x", "code": "y"})
    call_command("staff_link", staff_user.email)
    kept = counted(staff_user)
    forget_everything_expired()
    assert counted(staff_user) == kept
    long_ago = timezone.now() - timedelta(days=8)
    shift(staff_user, seen_at=timedelta(days=8))
    Session.objects.update(expire_date=long_ago)
    SignInLink.objects.update(expires_at=long_ago)
    Attempt.objects.update(last_at=long_ago, blocked_until=long_ago)
    forget_everything_expired()
    assert counted(staff_user) == [0, 0, 0, 0]


def counted(user: User) -> list[int]:
    with practice_scope(user.practice_id):
        sessions = StaffSession.objects.count()
    others = (model.objects.count() for model in (Session, SignInLink, Attempt))
    return [sessions, *others]
