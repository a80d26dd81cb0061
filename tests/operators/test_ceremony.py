"""Coming in to the admin, and everything that does not."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.test import Client

from audit.models import Entry
from audit.words import Action
from operators.domain.links import issue_link
from operators.domain.log import no_practice
from operators.hosts import SESSION_COOKIE
from operators.models import Operator, OperatorLink, OperatorPasskey, OperatorSession
from tests.operators.conftest import HOST, REASON, ROLLED_BACK, Desk, authenticator
from tests.practices.authenticator import PRESENT

pytestmark = [ROLLED_BACK]


def actions() -> list[str]:
    with no_practice():
        return list(Entry.objects.order_by("sequence").values_list("action", flat=True))


def test_link_then_two_passkeys_then_a_reason_then_the_admin(nobody: Desk) -> None:
    secret, _link = issue_link(name="Demo Admin")
    assert nobody.get(f"/enter/{secret}/").status_code == 200
    assert nobody.enter(secret)["Location"] == "/passkeys/"
    assert nobody.make_passkey(nobody.first)["Location"] == "/passkeys/"
    assert nobody.get("/")["Location"] == "/passkeys/"
    assert nobody.make_passkey(nobody.second)["Location"] == "/"
    assert nobody.get("/")["Location"] == "/errand/"
    assert nobody.post("/errand/", {"reason": REASON})["Location"] == "/"
    assert nobody.get("/").status_code == 200
    assert actions() == [
        Action.ADMIN_LINK_ISSUED,
        Action.ADMIN_LINK_USED,
        Action.ADMIN_PASSKEY_ADDED,
        Action.ADMIN_PASSKEY_ADDED,
        Action.ADMIN_SIGNED_IN,
        Action.REASON_STATED,
        Action.ADMIN_LISTED,
    ]


def test_a_link_opens_once(nobody: Desk) -> None:
    secret, _link = issue_link(name="Demo Admin")
    assert nobody.enter(secret).status_code == 302
    assert Desk().enter(secret).status_code == 403


def test_a_link_ends_after_a_quarter_of_an_hour(nobody: Desk) -> None:
    secret, link = issue_link(name="Demo Admin")
    assert settings.ADMIN_LINK_SECONDS == 15 * 60
    OperatorLink.objects.filter(pk=link.pk).update(expires_at=Now())
    assert nobody.enter(secret).status_code == 403


def test_what_a_link_opened_ends_with_it(nobody: Desk) -> None:
    secret, _link = issue_link(name="Demo Admin")
    nobody.enter(secret)
    OperatorSession.objects.update(created_at=Now() - timedelta(minutes=16))
    assert nobody.get("/passkeys/")["Location"].startswith("/sign-in/")


def test_a_link_is_kept_as_its_digest_only(nobody: Desk) -> None:
    secret, link = issue_link(name="Demo Admin")
    assert secret.encode() not in bytes(link.digest)
    assert len(link.digest) == 32


@pytest.mark.parametrize("typed", [{}, {"username": "admin", "password": "admin"}])
def test_name_and_password_are_refused(nobody: Desk, typed: dict[str, str]) -> None:
    assert nobody.post("/sign-in/", typed).status_code == 403
    assert b"password" not in nobody.get("/sign-in/").content.lower()


@pytest.mark.parametrize(
    "path", ["/password_change/", "/login/", "/logout/", "/password_reset/", "/admin/", "/jsi18n/"]
)
def test_the_doors_of_django_are_not_there(admin: Desk, path: str) -> None:
    assert admin.get(path).status_code == 404


def test_the_database_refuses_a_usable_password(admin: Desk) -> None:
    who = admin.operator
    who.set_password("a perfectly good password")
    with pytest.raises(IntegrityError, match="operator_has_no_password"), transaction.atomic():
        who.save()
    with pytest.raises(IntegrityError, match="operator_has_no_password"), transaction.atomic():
        Operator.objects.update(password="")


def test_signing_in_by_either_passkey(admin: Desk) -> None:
    for passkey in (admin.first, admin.second):
        elsewhere = Desk(first=passkey)
        assert elsewhere.sign_in()["Location"] == "/"


def test_an_answer_is_good_once(admin: Desk) -> None:
    options = admin.client.post("/sign-in/question/").json()
    cookies = dict(admin.client.cookies)
    answer = admin.first.get(options)
    assert admin.post("/sign-in/", {"answer": answer}).status_code == 302
    thief = Desk()
    thief.client.cookies.update(cookies)
    assert thief.post("/sign-in/", {"answer": answer}).status_code == 403


def test_an_answer_of_another_browser_is_refused(admin: Desk) -> None:
    options = admin.client.post("/sign-in/question/").json()
    assert Desk().post("/sign-in/", {"answer": admin.first.get(options)}).status_code == 403


def test_an_answer_is_good_for_two_minutes(admin: Desk) -> None:
    from practices.models import Challenge

    options = admin.client.post("/sign-in/question/").json()
    left = Challenge.objects.get().expires_at
    assert left is not None
    Challenge.objects.update(expires_at=Now())
    assert admin.post("/sign-in/", {"answer": admin.first.get(options)}).status_code == 403


def test_without_user_verification_nothing_opens(admin: Desk) -> None:
    admin.first.flags = PRESENT
    assert Desk(first=admin.first).sign_in().status_code == 403
    assert actions()[-1] == Action.ADMIN_REFUSED


def test_a_passkey_made_without_user_verification_is_refused(nobody: Desk) -> None:
    nobody.first.flags = PRESENT
    secret, _link = issue_link(name="Demo Admin")
    nobody.enter(secret)
    assert nobody.make_passkey(nobody.first).status_code == 403
    assert not OperatorPasskey.objects.exists()


def test_a_cloned_authenticator_is_refused(admin: Desk) -> None:
    admin.first.step = -1
    assert Desk(first=admin.first).sign_in().status_code == 403
    assert actions()[-1] == Action.ADMIN_REFUSED


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (settings.PUBLIC_URL, settings.PUBLIC_HOST),
        (settings.PUBLIC_URL, HOST),
        (settings.ADMIN_URL, settings.PUBLIC_HOST),
        ("http://127.0.0.1:8000", HOST),
    ],
)
def test_an_answer_from_another_site_is_refused(admin: Desk, origin: str, host: str) -> None:
    admin.first.origin, admin.first.host = origin, host
    assert Desk(first=admin.first).sign_in().status_code == 403


def test_an_unknown_passkey_is_refused(admin: Desk) -> None:
    stranger = authenticator()
    stranger.handle = admin.first.handle
    assert Desk(first=stranger).sign_in().status_code == 403


def test_nonsense_instead_of_an_answer_is_refused(nobody: Desk) -> None:
    for answer in ("", "{}", "[]", "null", "x" * 20_000, '{"id": 1}'):
        nobody.post("/sign-in/question/")
        assert nobody.post("/sign-in/", {"answer": answer}).status_code == 403, answer[:10]


def test_whoever_guesses_has_to_wait(nobody: Desk) -> None:
    answers = [nobody.post("/sign-in/", {}).status_code for _ in range(22)]
    assert answers[-1] == 429
    assert set(answers[:20]) == {403}


def test_two_passkeys_are_needed_for_anything_but_making_them(admin: Desk) -> None:
    OperatorPasskey.objects.order_by("-created_at").first().delete()  # type: ignore[union-attr]
    for path in ("/", "/errand/", "/practices/practice/", "/incidents/register/"):
        assert admin.get(path)["Location"] == "/passkeys/", path


def test_the_same_authenticator_is_no_second_passkey(nobody: Desk) -> None:
    secret, _link = issue_link(name="Demo Admin")
    nobody.enter(secret)
    nobody.make_passkey(nobody.first)
    assert nobody.make_passkey(nobody.first).status_code == 403
    assert OperatorPasskey.objects.count() == 1


def test_a_session_has_a_new_secret_each_time(admin: Desk) -> None:
    before = admin.client.cookies[SESSION_COOKIE].value
    admin.sign_in()
    after = admin.client.cookies[SESSION_COOKIE].value
    assert before != after
    old = Desk()
    old.client.cookies[SESSION_COOKIE] = before
    assert old.get("/")["Location"].startswith("/sign-in/")


def test_the_cookie_is_bound_to_the_host(admin: Desk) -> None:
    cookie = admin.client.cookies[SESSION_COOKIE]
    assert cookie.key.startswith("__Host-")
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (
        True,
        True,
        "Strict",
        "/",
    )
    assert cookie["domain"] == ""
    assert OperatorSession.objects.get().digest != cookie.value.encode()


def test_fifteen_minutes_idle_end_a_session(admin: Desk) -> None:
    assert settings.ADMIN_IDLE_SECONDS == 15 * 60
    OperatorSession.objects.update(seen_at=Now() - timedelta(minutes=14))
    assert admin.get("/").status_code == 200
    OperatorSession.objects.update(seen_at=Now() - timedelta(minutes=15, seconds=1))
    answer = admin.get("/")
    assert answer["Location"].startswith("/sign-in/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert answer.cookies[SESSION_COOKIE].value == ""
    assert answer.cookies[SESSION_COOKIE]["secure"]
    assert "Clear-Site-Data" not in admin.get("/sign-in/")


def test_eight_hours_end_a_session_in_any_case(admin: Desk) -> None:
    assert settings.ADMIN_SESSION_SECONDS == 8 * 3600
    OperatorSession.objects.update(created_at=Now() - timedelta(hours=8, seconds=1))
    assert admin.get("/")["Location"].startswith("/sign-in/")


def test_signing_out_ends_the_session_on_the_server(admin: Desk) -> None:
    answer = admin.post("/sign-out/")
    assert answer["Location"] == "/sign-in/"
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert not OperatorSession.objects.exists()


def test_a_forged_form_is_refused(admin: Desk) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"host": HOST})
    strict.cookies = admin.client.cookies
    assert strict.post("/sign-out/").status_code == 403
    assert OperatorSession.objects.exists()
