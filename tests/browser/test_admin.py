"""The admin with Chromium's own authenticators: from the link on the server to the first page,
and everything that does not lead there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from audit.models import Entry
from audit.words import Action
from operators.domain.links import issue_link
from operators.domain.log import no_practice
from operators.models import Operator, OperatorPasskey, OperatorSession
from practices.models import Practice
from tests.browser.states import opened_context, violations, watch
from tests.browser.test_sign_in import AUTHENTICATOR, Device

pytestmark = [pytest.mark.browser]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
REASON = "Ticket 4711: the scanner of a practice is silent"


class Desk(Device):
    """A browser with two authenticators beside it: one in the machine, one on the key ring."""

    def plug_in_another(self) -> None:
        """A second authenticator; the first waits in vain for a touch from now on."""
        self._touch(self.authenticator, False)
        usb = {**AUTHENTICATOR, "transport": "usb"}
        made = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": usb})
        self.first, self.authenticator = self.authenticator, made

    def unplug(self) -> None:
        self.cdp.send("WebAuthn.removeVirtualAuthenticator", self.authenticator)
        self.authenticator = self.first
        self._touch(self.authenticator, True)

    def _touch(self, authenticator: dict[str, Any], touched: bool) -> None:
        self.cdp.send(
            "WebAuthn.setAutomaticPresenceSimulation", {**authenticator, "enabled": touched}
        )


@pytest.fixture
def admin_site(site: str) -> str:
    """The admin's origin, of the same process."""
    return site.replace("//localhost", "//admin.localhost")


@contextmanager
def desk(chromium: Browser, size: dict[str, int] = DESKTOP, **options: Any) -> Iterator[Desk]:
    """Fails for any script error, CSP violation or foreign request."""
    with opened_context(chromium, viewport=size, locale="de-DE", **options) as context:
        page = context.new_page()
        trouble = watch(page)
        yield Desk(page)
        # What is refused is answered so, which Chromium reports; the host is the admin's own.
        refused = (
            "status of 401",
            "status of 403",
            "status of 404",
            "foreign request: http://admin.localhost:",
        )
        assert [line for line in trouble if not any(word in line for word in refused)] == []


def enrol(mine: Desk, admin_site: str, name: str = "Demo Admin") -> None:
    secret, _link = issue_link(name=name)
    page = mine.page
    page.goto(f"{admin_site}/enter/{secret}/")
    look(page, "enter")
    page.locator("form button").click()
    page.wait_for_url("**/passkeys/")
    look(page, "passkeys")
    page.get_by_label("Wie Sie ihn nennen").or_(page.locator("#name")).first.fill("Rechner")
    make_one(page)
    expect(page.locator(".rows li")).to_have_count(1)
    mine.plug_in_another()
    make_one(page)
    page.wait_for_url("**/errand/")
    look(page, "errand")
    mine.unplug()


def make_one(page: Page) -> None:
    page.locator('form[data-passkey="create"] button').click()


def state(page: Page) -> None:
    page.locator("textarea").fill(REASON)
    page.locator("main form button").first.click()


def look(page: Page, name: str) -> None:
    """Nothing that keeps anybody out, nothing wider than the screen."""
    assert violations(page) == [], name
    wide: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0, name


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_link_first_passkey_second_passkey_reason_admin(
    admin_site: str, chromium: Browser, practice: Practice, size: dict[str, int]
) -> None:
    with desk(chromium, size) as mine:
        page = mine.page
        enrol(mine, admin_site)
        state(page)
        page.wait_for_url(f"{admin_site}/")
        look(page, "index")
        for path in (
            "practices/practice",
            f"practices/practice/{practice.pk}/change",
            "scans/scan",
            "audit/entry",
            "operators/incident",
            "incidents/register",
        ):
            page.goto(f"{admin_site}/{path}/")
            look(page, path.replace("/", "_"))
        page.locator("#logout-form button").click()
        page.wait_for_url("**/sign-in/")
        look(page, "sign_in")
        mine.press_passkey()
        page.wait_for_url("**/errand/")
    assert OperatorPasskey.objects.count() == 2
    with no_practice():
        assert Entry.objects.filter(action=Action.ADMIN_SIGNED_IN).count() == 2


def test_an_authenticator_that_does_not_know_who_is_there_opens_nothing(
    admin_site: str, chromium: Browser
) -> None:
    with desk(chromium) as mine:
        page = signed_out(mine, admin_site)
        mine.recognise(False)
        mine.press_passkey()
        expect(page.locator("[data-passkey-message]")).not_to_be_empty()
        # A page that asks for less is not believed by the server.
        page.evaluate(
            "() => { const get = PublicKeyCredential.parseRequestOptionsFromJSON;"
            " PublicKeyCredential.parseRequestOptionsFromJSON = options =>"
            " get.call(PublicKeyCredential, {...options, userVerification: 'discouraged'}); }"
        )
        mine.press_passkey()
        expect(page.get_by_role("alert").first).to_be_visible()
        assert OperatorSession.objects.count() == 0
        mine.recognise(True)
        mine.press_passkey()
        page.wait_for_url("**/errand/")


def test_a_copy_of_an_authenticator_opens_nothing_once_the_original_went_on(
    admin_site: str, chromium: Browser
) -> None:
    with desk(chromium) as mine:
        page = signed_out(mine, admin_site)
        (copied,) = mine.credentials()
        for opens in (1, 0):
            OperatorSession.objects.all().delete()
            page.goto(f"{admin_site}/sign-in/")
            mine.press_passkey()
            expect(page.locator("textarea" if opens else ".alert")).to_be_visible()
            assert OperatorSession.objects.count() == opens
            mine.put_back(copied)


def test_another_name_of_the_same_machine_asks_in_vain(admin_site: str, chromium: Browser) -> None:
    """A page of another origin may not use the admin's passkeys: the browser says so itself."""
    with desk(chromium) as mine:
        page = signed_out(mine, admin_site)
        host = urlsplit(admin_site).hostname
        for other in ("localhost", "127.0.0.1"):
            page.goto(admin_site.replace("admin.localhost", other) + "/de/")
            said = page.evaluate(
                "host => navigator.credentials.get({publicKey: {challenge: new Uint8Array(32),"
                " rpId: host, userVerification: 'required'}}).then(() => 'signed', e => e.name)",
                host,
            )
            assert said == "SecurityError", other


def test_a_grave_act_asks_for_the_passkey_and_takes_it_once(
    admin_site: str, chromium: Browser
) -> None:
    leaving, staying = (Operator.objects.create(name=name) for name in ("Demo A", "Demo B"))
    with desk(chromium) as mine:
        page = mine.page
        enrol(mine, admin_site)
        state(page)
        page.wait_for_url(f"{admin_site}/")
        page.goto(f"{admin_site}/people/{leaving.handle}/end/")
        look(page, "act")
        page.locator("textarea").fill("They have left the company")
        sent: list[dict[str, Any]] = []
        page.on("request", lambda request: sent.append(posted(request.post_data, request.url)))
        mine.press_passkey()
        page.wait_for_url("**/operators/operator/")
        look(page, "operators")
        answer = next(each["body"] for each in sent if "answer=%7B" in str(each["body"]))
        for who in (leaving, staying):
            assert repeat(page, f"{admin_site}/people/{who.handle}/end/", answer) in {401, 404}
        # As if somebody had pressed the button without the script, and without a passkey.
        token = "csrfmiddlewaretoken"
        body = "&".join(part for part in answer.split("&") if part.startswith((token, "reason")))
        assert repeat(page, f"{admin_site}/people/{staying.handle}/end/", body) == 401
    assert Operator.objects.get(name="Demo B").is_active
    assert not Operator.objects.get(name="Demo A").is_active


def signed_out(mine: Desk, admin_site: str) -> Page:
    enrol(mine, admin_site)
    OperatorSession.objects.all().delete()
    mine.page.goto(f"{admin_site}/sign-in/")
    return mine.page


def posted(body: str | None, url: str) -> dict[str, Any]:
    return {"url": url, "body": body or ""}


def repeat(page: Page, url: str, body: str) -> int:
    """Send a form once more, from the page that is open."""
    status: int = page.evaluate(
        "([url, body]) => fetch(url, {method: 'POST', body, redirect: 'manual', headers:"
        " {'Content-Type': 'application/x-www-form-urlencoded'}}).then(r => r.status)",
        [url, body],
    )
    return status
