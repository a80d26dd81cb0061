"""From the invitation to the first released report, as an owner walks it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import override_settings
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from onboarding.models import Trial
from practices.domain.tenants import create_practice
from practices.models import Practice, User
from reports.domain.delivery import send_delivery
from reports.models import Delivery, Report
from retention.domain.erase import complete_erasure
from scans.models import Connection
from tests.browser.conftest import serving
from tests.browser.states import violations
from tests.browser.test_sign_in import DESKTOP, PHONE, WORDS, come_in_by_link, device
from tests.conftest import discover, report_of

pytestmark = [pytest.mark.browser, pytest.mark.joining]
# Where to leave pictures of every page, for somebody to look at.
PICTURES = os.environ.get("PICTURES")


@dataclass
class World:
    """What is outside of the browser."""

    site: str
    cluster: IsemecoStandIn
    practice: Practice
    owner: User

    def connection(self) -> Connection:
        with practice_scope(self.practice.pk):
            return Connection.objects.get()

    def trial(self) -> Trial:
        with practice_scope(self.practice.pk):
            return Trial.objects.latest("started_at")


@pytest.fixture
def world(
    committed: None, settings: Settings, small_capture: Capture, mailbox: ResendStandIn
) -> Iterator[World]:
    stand_in = IsemecoStandIn(
        client_id="dermalia",
        client_secret="for this test",
        synthetic=lambda *_seeds: small_capture,
    )
    with stand_in as cluster, serving(cluster.url) as site, override_settings(PUBLIC_URL=site):
        settings.SANDBOX_ORIGINS = [*settings.SANDBOX_ORIGINS, cluster.url]
        practice = create_practice(name="Demo-Praxis", email="praxis@example.org")
        owner = User.objects.create(email="owner@example.org", practice=practice, role="owner")
        yield World(site, cluster, practice, owner)


class Walk:
    """An owner in front of a browser: after each page axe has a look at it."""

    def __init__(self, page: Page, language: str, name: str) -> None:
        self.page, self.language, self.name = page, language, name
        self.seen = 0

    def look(self) -> None:
        assert violations(self.page) == [], self.page.url
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert self.page.evaluate(wide) == 0, self.page.url
        self.seen += 1
        if PICTURES:
            path = Path(PICTURES) / f"{self.name}-{self.seen:02}.png"
            self.page.screenshot(path=path, full_page=True)

    def choose(self, task: str) -> None:
        """From the list of tasks to one of them."""
        self.page.locator(f'.tasks a[href$="{task}"]').click()
        self.look()

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            self.page.locator(f'main [name="{name}"]').fill(value)

    def tick(self, *names: str) -> None:
        for name in names:
            self.page.locator(f'main [name="{name}"]').check()

    def save(self) -> None:
        self.page.locator("main form .button-primary").first.click()

    def pledge(self) -> None:
        """Nobody sees a scan before they have pledged secrecy."""
        self.page.wait_for_url("**/secrecy/?next=*")
        self.save()
        expect(self.page.locator("[aria-invalid]")).to_have_count(1)
        self.look()
        self.tick("pledged")
        self.save()
        self.page.wait_for_url("**/scans/")

    def done(self, number: int) -> None:
        """That the list says so many of the ten are done."""
        expect(self.page.locator(".task.is-done")).to_have_count(number)


@pytest.mark.parametrize(
    ("size", "language"), [(DESKTOP, "de"), (PHONE, "de"), (DESKTOP, "en"), (PHONE, "en")]
)
def test_from_the_invitation_to_the_first_report(
    chromium: Browser, world: World, size: dict[str, int], language: str
) -> None:
    with device(chromium, size) as key:
        page = key.page
        walk = Walk(page, language, f"{language}-{size['width']}")
        come_in_by_link(page, world.site, world.owner, language)
        page.get_by_role("button", name=WORDS[language]["make"]).click()
        walk.pledge()
        walk.look()
        page.locator(".standing a").click()
        walk.look()
        walk.done(2)  # her own sign-in, and the operator's contracts
        _state_particulars(walk)
        walk.done(7)
        _accept(walk)
        walk.done(8)
        _connect(walk, world)
        walk.done(9)
        _test(walk, world)
        page.goto(f"{world.site}/{language}/tasks/")
        walk.done(10)
        page.locator("main .actions .button-primary").click()
        walk.look()
        page.locator("main form .button-primary").click()
        expect(page.locator(".standing")).to_have_count(0)
        walk.look()
    _first_patient(world)


def _state_particulars(walk: Walk) -> None:
    page = walk.page
    walk.choose("/tasks/practice/")
    walk.save()
    expect(page.locator("[aria-invalid]")).not_to_have_count(0)
    walk.look()
    walk.fill(legal_form="GmbH", street="Beispielweg 1", postal_code="00000", city="Musterstadt")
    walk.fill(authorised_name="Testperson Ä", authorised_role="Inhaberin")
    walk.save()
    walk.choose("/tasks/billing/")
    page.locator("#billing-statutory").check()
    walk.save()
    walk.choose("/tasks/officer/")
    expect(page.locator("[name=no_officer_reason]")).to_be_hidden()
    page.locator("#oversight-none").check()
    walk.fill(no_officer_reason="Demo: fünf Personen.")
    page.locator("[name=authority]").select_option("hh")
    walk.look()
    walk.save()
    walk.choose("/tasks/retention/")
    page.locator("#release-at_once").check()
    page.locator("[name=default_purpose]").select_option("aesthetic")
    walk.save()
    expect(page.locator("[aria-invalid]")).to_have_count(3)
    walk.look()
    page.locator("[name=standing_basis]").select_option("consent")
    walk.fill(standing_basis_on="2026-01-05", standing_basis_version="Demo 1")
    walk.save()
    walk.choose("/tasks/duties/")
    walk.tick("inform", "consent", "assess", "record", "answer")
    walk.save()


def _accept(walk: Walk) -> None:
    page = walk.page
    walk.choose("/agreement/")
    for number in range(3):
        page.locator("main .rows a").nth(number).click()
        walk.look()
        page.locator("main .actions .button-primary").click()
    walk.save()
    expect(page.locator(".error:visible")).to_have_count(2)
    walk.tick("authorised", "secrecy")
    walk.look()
    walk.save()
    expect(page.locator('a[href$="/pdf"]')).to_be_visible()
    walk.look()
    with page.expect_download() as downloading:
        page.locator('a[href$="/pdf"]').click()
    assert downloading.value.path().read_bytes().startswith(b"%PDF-1.7")
    if PICTURES:
        downloading.value.save_as(Path(PICTURES) / f"{walk.name}.pdf")
    page.locator(".crumb a").click()


def _connect(walk: Walk, world: World) -> None:
    page = walk.page
    walk.choose("/settings/scanners/")
    walk.fill(base_url=world.cluster.url, client_id="dermalia", client_secret="for this test")
    page.locator('form[action$="/account/"] button').click()
    walk.look()
    walk.save()
    expect(page.locator(".check-end a")).to_be_visible()
    walk.look()
    page.locator(".check-end a").click()


def _test(walk: Walk, world: World) -> None:
    page = walk.page
    walk.choose("/tasks/test/")
    walk.save()
    walk.look()
    expect(page.locator(".alert")).to_have_count(0)
    practice = world.practice.pk
    page.wait_for_timeout(500)
    (scan,) = discover(world.connection())
    expect(page.locator(".check.is-done")).to_have_count(1, timeout=10_000)
    report_of(scan)
    expect(page.locator(".check.is-done")).to_have_count(4, timeout=10_000)
    with practice_scope(practice):
        delivery = Delivery.objects.get()
    send_delivery(practice_id=practice, delivery_id=delivery.pk)
    expect(page.locator('form[action$="/erase/"] button')).to_be_visible(timeout=10_000)
    walk.look()
    page.locator('form[action$="/erase/"] button').click()
    erasure = world.trial().erasure_id
    assert erasure is not None
    complete_erasure(practice_id=practice, erasure_id=erasure)
    expect(page.locator(".check.is-done")).to_have_count(6, timeout=10_000)
    walk.look()


def _first_patient(world: World) -> None:
    """After going live a scan is taken in by itself, and its report is released."""
    identifier = world.cluster.take_scan(first_name="Demo").result(timeout=60)
    assert identifier
    (scan,) = discover(world.connection())
    report = report_of(scan)
    assert (report.state, report.basis) == (Report.State.RELEASED, Report.Basis.CONSENT)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_of_the_settings(chromium: Browser, world: World, size: dict[str, int]) -> None:
    with device(chromium, size, color_scheme="dark") as key:
        walk = Walk(key.page, "de", f"settings-{size['width']}")
        come_in_by_link(key.page, world.site, world.owner, "de")
        key.page.get_by_role("button", name=WORDS["de"]["make"]).click()
        walk.pledge()
        for page in (
            *("", "reports/", "appearance/", "retention/", "recipients/", "scanners/", "mail/"),
        ):
            key.page.goto(f"{world.site}/de/settings/{page}")
            walk.look()
        key.page.goto(f"{world.site}/de/settings/appearance/")
        sheet = key.page.locator("[data-accent-sheet]")
        key.page.locator("[name=accent]").evaluate(
            "input => { input.value = '#aa3355'; input.dispatchEvent(new Event('input')); }"
        )
        expect(sheet).to_have_attribute("href", "/de/accent/aa3355.css")
        expect(key.page.locator("[name=ours]")).not_to_be_checked()
        walk.look()
