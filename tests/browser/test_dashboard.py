"""The dashboard in a browser: checked by axe, worked by keyboard, locked when nobody is there."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from dermalia.tenancy import practice_scope
from practices.domain.secrecy import PLEDGE
from practices.domain.sign_in import issue_link
from practices.models import Practice, SignInLink, User
from reports.domain.needs import today
from scans.models import Connection, Scan
from tests.browser.states import opened_context, violations, watch
from tests.conftest import connect_to
from tests.reports.rows import add_row

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture
def account(practice: Practice, cluster: object) -> Connection:
    return connect_to(cluster, practice)  # type: ignore[arg-type]


@pytest.fixture
def rows(account: Connection) -> list[Scan]:
    """A day's work: something of everything."""
    now = timezone.now()
    with practice_scope(account.practice_id):
        return [
            add_row(account, "S-draft", captured_at=now, report={"purpose": ""}),
            add_row(
                account,
                "S-failed",
                captured_at=now - timedelta(hours=1),
                state=Scan.State.STORED,
                last_error="The mesh cannot be read.",
            ),
            add_row(
                account,
                "S-old",
                captured_at=now - timedelta(days=700),
                report={
                    "state": "released",
                    "purpose": "aesthetic",
                    "due_on": today() + timedelta(days=9),
                },
            ),
        ]


# Pages go before the site does: one that renews itself would miss it.
def enter(page: Page, site: str, practice: Practice, language: str = "en") -> None:
    """Sign in as the demo does, which has a link of its own kind."""
    user, _ = User.objects.get_or_create(
        email="staff@example.org",
        practice=practice,
        defaults={"role": User.Role.OWNER, "pledge": PLEDGE, "pledged_at": timezone.now()},
    )
    with practice_scope(practice.pk):
        secret = issue_link(user=user, kind=SignInLink.Kind.DEMO)
    page.goto(f"{site}/{language}/enter/{secret}/")
    page.locator("main form button").click()
    page.goto(f"{site}/{language}/scans/?live=off")


@pytest.mark.parametrize(
    ("theme", "language", "size"),
    [("light", "en", DESKTOP), ("dark", "de", PHONE)],
    ids=["desktop", "phone"],
)
def test_axe_finds_nothing_on_the_way_from_list_to_release(
    chromium: Browser,
    site: str,
    practice: Practice,
    rows: list[Scan],
    theme: str,
    language: str,
    size: dict[str, int],
) -> None:
    with opened_context(chromium, color_scheme=theme, viewport=size) as context:
        page = context.new_page()
        trouble = watch(page)
        enter(page, site, practice, language)
        check(page, "list")
        page.locator(".find-filters summary").click()
        page.locator(f"#tick-{rows[0].pk}").check()
        check(page, "chosen")
        page.locator(".bulk button").first.click()
        check(page, "review")
        page.locator("label.choice").last.click()
        page.locator("#basis").select_option("consent")
        page.locator("#basis-on").fill("2026-07-01")
        page.locator("#basis-version").fill("2.1")
        page.locator("form.card .button-primary").click()
        expect(page.locator("h1")).to_have_text(re.compile("^1 (report changed|Bericht geändert)"))
        check(page, "result")
        page.goto(page.url.replace("bulk/do/", f"{rows[0].pk}/"))
        for summary in page.locator("#release summary").all():
            summary.click()
        check(page, "scan")
        page.locator("#release form .button-primary").first.click()
        expect(page.locator("#release-title")).not_to_have_text("Release")
        check(page, "released")
        page.goto(re.sub(r"/scans/.*", "/desk/", page.url))
        check(page, "desk")
        assert trouble == []


def check(page: Page, where: str) -> None:
    assert violations(page) == [], where
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide == 0, where


def test_the_list_is_worked_by_single_keys(
    site: str, page: Page, practice: Practice, rows: list[Scan]
) -> None:
    enter(page, site, practice)
    page.keyboard.press("j")
    expect(page.locator(f"#scan-{rows[0].pk}")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(f"#tick-{rows[1].pk}")).to_be_checked()
    page.keyboard.press("k")
    expect(page.locator(f"#scan-{rows[0].pk}")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#find-words")).to_be_focused()
    page.keyboard.type("jkxl/")
    expect(page.locator("#find-words")).to_have_value("jkxl/")


def test_who_turned_them_off_has_no_single_keys(
    site: str, page: Page, practice: Practice, rows: list[Scan]
) -> None:
    enter(page, site, practice)
    page.goto(f"{site}/en/desk/")
    page.locator("input[name=shortcuts]").uncheck()
    page.locator("form.card .button-primary").click()
    expect(page.locator("h1")).to_have_text("Scans")
    page.keyboard.press("j")
    expect(page.locator(f"#scan-{rows[0].pk}")).not_to_be_focused()
    page.keyboard.press("l")
    expect(page.locator("h1")).to_have_text("Scans")


def test_a_screen_that_nobody_touches_is_locked_and_stays_so(
    site: str, page: Page, practice: Practice, rows: list[Scan]
) -> None:
    page.clock.install()
    enter(page, site, practice)
    page.clock.fast_forward("14:00")
    page.keyboard.press("Shift")
    page.clock.fast_forward("14:00")
    expect(page.locator("h1")).to_have_text("Scans")
    page.clock.fast_forward("01:05")
    expect(page.locator("h1")).to_have_text("This screen is locked")
    assert violations(page) == []
    page.goto(f"{site}/en/scans/{rows[0].pk}/")
    expect(page.locator("h1")).to_have_text("This screen is locked")
    page.locator("form .button-primary").click()
    expect(page).to_have_url(f"{site}/en/scans/{rows[0].pk}/")


def test_a_choice_outlives_the_list_s_own_renewal(
    site: str, page: Page, practice: Practice, rows: list[Scan]
) -> None:
    enter(page, site, practice)
    with practice_scope(practice.pk):
        Scan.objects.filter(pk=rows[1].pk).update(last_error="")
    page.goto(f"{site}/en/scans/")
    expect(page.locator('[data-rows][hx-trigger="every 3s"]')).to_be_attached()
    page.locator(f"#tick-{rows[0].pk}").check()
    page.wait_for_timeout(4000)
    expect(page.locator(f"#tick-{rows[0].pk}")).to_be_checked()
    page.locator(f"#tick-{rows[0].pk}").uncheck()
    with page.expect_response(lambda answer: "/en/scans/" in answer.url):
        page.wait_for_timeout(4000)


def test_a_question_mark_shows_the_keys_and_escape_takes_them_away(
    site: str, page: Page, practice: Practice, rows: list[Scan]
) -> None:
    enter(page, site, practice)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    check(page, "keys")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator('button[popovertarget="keys"]').first.click()
    expect(page.locator("#keys")).to_be_visible()


def test_the_page_of_a_scan_on_its_way_follows_by_itself(
    site: str, page: Page, practice: Practice, account: Connection
) -> None:
    with practice_scope(practice.pk):
        scan = add_row(account, "S-way", captured_at=timezone.now(), state=Scan.State.PULLED)
    enter(page, site, practice)
    page.locator(f"#scan-{scan.pk}").click()
    expect(page.locator("#state")).to_have_text("Being copied")
    with practice_scope(practice.pk):
        failed = {"last_error": "The mesh cannot be read.", "quarantined_at": timezone.now()}
        Scan.objects.filter(pk=scan.pk).update(**failed)
    expect(page.locator("#course .notice")).to_have_text("The mesh cannot be read.", timeout=10_000)
    check(page, "failed")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    with practice_scope(practice.pk):
        Scan.objects.filter(pk=scan.pk).update(state=Scan.State.READY, last_error="")
    expect(page.get_by_role("link", name="Show it")).to_be_visible(timeout=10_000)
    check(page, "ready")
