"""Signing in with Chromium's own authenticator, as staff do: the first time, and ever after."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, CDPSession, Page, expect

from dermalia.tenancy import practice_scope
from practices.domain.secrecy import PLEDGE
from practices.domain.sign_in import issue_link
from practices.models import Passkey, Practice, SignInLink, StaffSession, User
from tests.browser.states import opened_context, violations, watch
from tests.practices.codes import code_of

pytestmark = [pytest.mark.browser]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PASSWORD = "ein stiller Nachmittag im Garten"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
WORDS: dict[str, dict[str, str]] = {
    "de": {"go": "Weiter", "make": "Passkey anlegen", "sign_in": "Mit Passkey anmelden"},
    "en": {"go": "Go on", "make": "Make a passkey", "sign_in": "Sign in with passkey"},
}


class Device:
    """A browser with an authenticator in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable", {"enableUI": False})
        made = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        self.authenticator = {"authenticatorId": made["authenticatorId"]}

    def recognise(self, verified: bool) -> None:
        """Whether the authenticator recognises who is in front of it from now on."""
        self.cdp.send(
            "WebAuthn.setUserVerified", {**self.authenticator, "isUserVerified": verified}
        )

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cdp.send("WebAuthn.getCredentials", self.authenticator)[
            "credentials"
        ]
        return found

    def put_back(self, credential: dict[str, Any]) -> None:
        """As a copy of the authenticator made earlier would have it."""
        self.cdp.send("WebAuthn.clearCredentials", self.authenticator)
        self.cdp.send("WebAuthn.addCredential", {**self.authenticator, "credential": credential})

    def press_passkey(self) -> None:
        self.page.locator("form[data-passkey] button").click()


@pytest.fixture
def user(practice: Practice) -> User:
    return User.objects.create(
        email="staff@example.org",
        practice=practice,
        role="owner",
        pledge=PLEDGE,
        pledged_at=timezone.now(),
    )


@contextmanager
def device(chromium: Browser, size: dict[str, int], **options: Any) -> Iterator[Device]:
    """Fails for any script error, CSP violation or foreign request."""
    with opened_context(chromium, viewport=size, **options) as context:
        page = context.new_page()
        trouble = watch(page)
        yield Device(page)
        # What is refused is answered with 403, which Chromium reports.
        assert [line for line in trouble if "status of 403" not in line] == []


def come_in_by_link(page: Page, site: str, user: User, language: str) -> None:
    page.goto(f"{site}/{language}/enter/{issue_link(user=user)}/")
    assert violations(page) == []
    page.get_by_role("button", name=WORDS[language]["go"]).click()
    page.wait_for_url("**/set-up/")
    assert violations(page) == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_from_the_invitation_to_the_dashboard_and_back_again(
    site: str, chromium: Browser, user: User, language: str, size: dict[str, int]
) -> None:
    words = WORDS[language]
    with device(chromium, size, color_scheme="dark" if language == "en" else "light") as mine:
        page = mine.page
        come_in_by_link(page, site, user, language)
        page.goto(f"{site}/{language}/scans/")
        page.wait_for_url("**/set-up/")
        page.get_by_role("button", name=words["make"]).click()
        page.wait_for_url("**/scans/")
        for name in ("account", "team"):
            page.goto(f"{site}/{language}/{name}/")
            assert violations(page) == [], name
            assert _too_wide(page) == 0, name
        page.locator(".masthead-out button").click()
        assert violations(page) == []
        page.goto(f"{site}/{language}/account/")
        assert violations(page) == []
        page.get_by_role("button", name=words["sign_in"]).click()
        page.wait_for_url(f"**/{language}/account/")
    with practice_scope(user.practice_id):
        assert Passkey.objects.get().sign_count == 2
        assert StaffSession.objects.get().factor == "passkey"


def test_password_and_app_with_codes_on_paper(site: str, chromium: Browser, user: User) -> None:
    with device(chromium, PHONE) as mine:
        page = mine.page
        come_in_by_link(page, site, user, "de")
        page.get_by_role("link", name="Lieber so").click()
        seed = page.locator(".seed code").inner_text().replace(" ", "")
        _fill(page, password="kurz", code="000000")
        page.get_by_role("button", name="Einrichten").click()
        expect(page.locator("#id_password-error")).to_contain_text("12 Zeichen")
        assert violations(page) == []
        _fill(page, password=PASSWORD, code=code_of(seed))
        page.get_by_role("button", name="Einrichten").click()
        codes = page.locator(".backup-codes code").all_inner_texts()
        assert len(set(codes)) == 10
        assert _too_wide(page) == 0
        assert violations(page) == []
        page.get_by_role("link", name="Ich habe sie aufbewahrt").click()
        page.wait_for_url("**/scans/")
        page.locator(".masthead-out button").click()
        for code, shown in (("000000", "/sign-in/"), (codes[0], "/account/")):
            page.goto(f"{site}/de/sign-in/")
            page.get_by_text("Mit Passwort und Code").click()
            _fill(page, email=user.email, password=PASSWORD, code=code)
            page.get_by_role("button", name="Anmelden", exact=True).click()
            expect(page).to_have_url(re.compile(shown))
            assert violations(page) == []


def test_an_authenticator_that_does_not_know_who_is_there_opens_nothing(
    site: str, chromium: Browser, user: User
) -> None:
    with device(chromium, DESKTOP) as mine:
        _make_passkey(mine, site, user)
        mine.page.context.clear_cookies()
        mine.page.goto(f"{site}/de/sign-in/")
        mine.recognise(False)
        mine.press_passkey()
        expect(mine.page.locator("[data-passkey-message]")).to_contain_text("nichts passiert")
        expect(mine.page.locator("form[data-passkey] button")).to_be_enabled()
        # A page that asks for less is not believed by the server.
        mine.page.evaluate(
            "() => { const get = PublicKeyCredential.parseRequestOptionsFromJSON;"
            " PublicKeyCredential.parseRequestOptionsFromJSON = options =>"
            " get.call(PublicKeyCredential, {...options, userVerification: 'discouraged'}); }"
        )
        mine.press_passkey()
        expect(mine.page.get_by_role("alert").first).to_contain_text("nicht angenommen")
        mine.recognise(True)
        mine.press_passkey()
        mine.page.wait_for_url("**/scans/")


def test_a_copy_of_an_authenticator_opens_nothing_once_the_original_went_on(
    site: str, chromium: Browser, user: User
) -> None:
    with device(chromium, DESKTOP) as mine:
        _make_passkey(mine, site, user)
        (copied,) = mine.credentials()
        for expected in ("**/scans/", "**/sign-in/passkey/"):
            mine.page.context.clear_cookies()
            mine.page.goto(f"{site}/de/sign-in/")
            mine.press_passkey()
            mine.page.wait_for_url(expected)
            mine.put_back(copied)


def test_without_a_passkey_the_page_says_so_and_goes_on(
    site: str, chromium: Browser, user: User
) -> None:
    with device(chromium, DESKTOP) as mine:
        mine.page.goto(f"{site}/de/sign-in/")
        mine.press_passkey()
        expect(mine.page.locator("[data-passkey-message]")).to_contain_text("nichts passiert")
        mine.page.evaluate("() => { delete window.PublicKeyCredential; }")
        mine.press_passkey()
        expect(mine.page.locator("[data-passkey-message]")).to_contain_text("keine Passkeys")
        assert violations(mine.page) == []


def test_a_grave_act_asks_again_and_brings_back(site: str, chromium: Browser, user: User) -> None:
    with device(chromium, DESKTOP) as mine:
        page = mine.page
        _make_passkey(mine, site, user)
        page.goto(f"{site}/de/team/")
        with practice_scope(user.practice_id):
            StaffSession.objects.update(fresh_at=None)
        page.locator("summary").first.click()
        page.get_by_role("button", name="Speichern").click()
        page.wait_for_url("**/confirm/**")
        assert violations(page) == []
        page.get_by_role("button", name="Mit Passkey bestätigen").click()
        page.wait_for_url("**/de/team/")
        page.locator("summary").first.click()
        page.locator("select").select_option("staff")
        page.get_by_role("button", name="Speichern").click()
        expect(page.get_by_role("status")).to_contain_text("mindestens eine")


def test_an_open_dashboard_locks_itself_when_the_session_ends(
    site: str, page: Page, user: User
) -> None:
    page.goto(f"{site}/de/enter/{issue_link(user=user, kind=SignInLink.Kind.DEMO)}/")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Scans")
    with practice_scope(user.practice_id):
        StaffSession.objects.all().delete()
    # What the list does by itself every so often.
    page.evaluate("() => htmx.ajax('GET', location.href, '#scan-rows')")
    page.wait_for_url("**/sign-in/**")


def _make_passkey(mine: Device, site: str, user: User) -> None:
    mine.page.goto(f"{site}/de/enter/{issue_link(user=user)}/")
    mine.page.get_by_role("button", name="Weiter").click()
    mine.press_passkey()
    mine.page.wait_for_url("**/scans/")


def _fill(page: Page, **fields: str) -> None:
    for name, text in fields.items():
        page.locator(f'input[name="{name}"]').fill(text)


def _too_wide(page: Page) -> int:
    width: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width
