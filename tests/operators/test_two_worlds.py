"""The admin's host and the public one share a process, and nothing else."""

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from operators.hosts import CSRF_COOKIE, SESSION_COOKIE, URLCONF
from operators.models import OperatorSession
from practices.domain.tenants import create_practice
from practices.models import User
from tests.operators.conftest import HOST, ROLLED_BACK, Desk

pytestmark = [ROLLED_BACK]

# "/sign-in/" leads staff to their own, which is another page.
ADMIN_PATHS = ("/errand/", "/passkeys/", "/practices/practice/", "/scans/scan/")
PUBLIC_PATHS = ("/de/", "/en/sign-in/", "/en/scans/", "/de/r/abc/", "/hooks/resend/")


@pytest.fixture
def owner() -> User:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    return User.objects.create(email="staff@example.org", practice=practice, role="owner")


@pytest.mark.parametrize("path", ADMIN_PATHS)
def test_the_public_host_has_no_page_of_the_admin(admin: Desk, path: str) -> None:
    public = Client()
    public.cookies = admin.client.cookies
    assert public.get(path).status_code in {404, 302}
    assert public.get(path, follow=True).status_code == 404


@pytest.mark.parametrize("path", PUBLIC_PATHS)
@pytest.mark.parametrize("host", [HOST, f"{HOST}:8000", f"{HOST}:1", HOST.upper()])
def test_the_admin_s_host_has_no_public_page(nobody: Desk, path: str, host: str) -> None:
    assert Client(headers={"host": host}).get(path).status_code == 404


def test_no_two_addresses_of_the_two_hosts_are_the_same() -> None:
    def first_words(patterns: list[URLPattern | URLResolver]) -> set[str]:
        return {str(pattern.pattern) for pattern in patterns}

    both = first_words(get_resolver(URLCONF).url_patterns) & first_words(
        get_resolver(settings.ROOT_URLCONF).url_patterns
    )
    assert both <= {""}


def test_a_session_of_staff_opens_no_admin(owner: User) -> None:
    staff = Client()
    staff.force_login(owner)
    stolen = staff.cookies[settings.SESSION_COOKIE_NAME].value
    for name in (settings.SESSION_COOKIE_NAME, SESSION_COOKIE):
        desk = Desk()
        desk.client.cookies[name] = stolen
        for path in ("/", "/practices/practice/", "/errand/", "/passkeys/"):
            assert desk.get(path)["Location"].startswith("/sign-in/"), (name, path)


def test_a_session_of_an_operator_opens_no_dashboard(admin: Desk, owner: User) -> None:
    stolen = admin.client.cookies[SESSION_COOKIE].value
    for name in (settings.SESSION_COOKIE_NAME, SESSION_COOKIE):
        public = Client()
        public.cookies[name] = stolen
        assert "/sign-in/" in public.get("/en/scans/")["Location"], name


def test_a_passkey_of_an_operator_is_none_of_staff(admin: Desk, owner: User) -> None:
    public = Client()
    options = public.post("/en/sign-in/question/").json()
    assert options["rpId"] != HOST
    answer = public.post("/en/sign-in/passkey/", {"answer": admin.first.get(options)})
    assert answer.status_code == 403


def test_the_admin_keeps_no_session_of_django_s(admin: Desk) -> None:
    admin.get("/practices/practice/")
    assert Session.objects.count() == 0
    assert settings.SESSION_COOKIE_NAME not in admin.client.cookies


def test_the_admin_has_a_csrf_cookie_of_its_own(admin: Desk) -> None:
    admin.get("/errand/")
    assert admin.client.cookies[CSRF_COOKIE]["secure"]
    assert settings.CSRF_COOKIE_NAME not in admin.client.cookies


def test_the_public_csrf_cookie_is_nothing_to_the_admin(admin: Desk, owner: User) -> None:
    public = Client(enforce_csrf_checks=True)
    public.get("/en/sign-in/")
    token = public.cookies[settings.CSRF_COOKIE_NAME].value
    strict = Client(enforce_csrf_checks=True, headers={"host": HOST})
    strict.cookies[SESSION_COOKIE] = admin.client.cookies[SESSION_COOKIE].value
    strict.cookies[settings.CSRF_COOKIE_NAME] = token
    sent = {"csrfmiddlewaretoken": token}
    assert strict.post("/sign-out/", sent).status_code == 403
    assert OperatorSession.objects.exists()


def test_who_is_signed_in_to_both_is_two_people(admin: Desk, owner: User) -> None:
    admin.client.force_login(owner)
    assert b"Demo Admin" in admin.get("/").content
    assert owner.email.encode() not in admin.get("/").content
    assert SESSION_KEY in admin.client.session


def test_pages_of_the_admin_are_not_kept_and_not_framed(admin: Desk) -> None:
    answer = admin.get("/")
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe-inline" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    ["/", "/practices/practice/", "/scans/scan/", "/incidents/register/", "/audit/entry/"],
)
def test_no_page_has_a_script_or_style_in_it(admin: Desk, path: str) -> None:
    page = admin.get(path).content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert all("src=" in tag.split(">")[0] for tag in page.split("<script")[1:])
