"""The code at the gate and the requests about one's data, by keyboard, on the smallest phone."""

import itertools

import pytest
from playwright.sync_api import Browser, Page, expect

from audit.access import record_access
from audit.chain import OPERATOR, SYSTEM
from audit.words import Action
from dermalia.sandbox.resend import ResendStandIn
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from reports.domain.codes import renew_code
from reports.models import Case, Report
from tests.browser.states import address, opened_context, violations, watch

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("mailed")]
NARROW = {"width": 320, "height": 640}


@pytest.fixture
def code(report: Report) -> str:
    with practice_scope(report.practice_id):
        renew_code(report=report, who=OPERATOR)
        access = record_access(Action.SCAN_VIEWED, who=SYSTEM, object_id=report.scan_id)
        report.refresh_from_db()
        assert report.code is not None
        text: str = report.code.open(unlock(report.scan.key_id, access=access))
    return text


def requests(report: Report) -> list[tuple[str, str]]:
    with practice_scope(report.practice_id):
        return list(Case.objects.values_list("kind", "state").order_by("opened_at"))


def fits(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    fitting: bool = page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    return fitting


def test_a_code_is_typed_and_a_request_is_sent_by_keyboard_alone(
    chromium: Browser, mailbox: ResendStandIn, report: Report, code: str
) -> None:
    with opened_context(chromium, viewport=NARROW) as context:
        page = context.new_page()
        trouble = watch(page)
        page.goto(address(mailbox, "en"))
        page.locator("#code").focus()
        page.keyboard.type("33333333")
        page.keyboard.press("Enter")
        expect(page.locator("#code-error")).to_have_text(
            "That is not the code. Please look again, or ask your practice."
        )
        expect(page.locator("#code")).to_be_focused()
        page.keyboard.type(code.lower())
        page.keyboard.press("Enter")
        link = page.get_by_role("link", name="Ask for a copy")
        link.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#kind-access")).to_be_checked()
        page.locator("#kind-access").focus()
        page.keyboard.press("ArrowDown")
        expect(page.locator("#kind-portability")).to_be_checked()
        page.keyboard.press("Tab")
        expect(page.locator("#message")).to_be_focused()
        page.keyboard.type("As files, please.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Your request has been sent")
        assert fits(page)
        assert trouble == []
    assert requests(report) == [("portability", "open")]


def test_axe_finds_nothing_on_these_pages(
    chromium: Browser, mailbox: ResendStandIn, report: Report, code: str
) -> None:
    for theme, language in itertools.product(("light", "dark"), ("de", "en")):
        with opened_context(chromium, color_scheme=theme, viewport=NARROW) as context:
            page = context.new_page()
            trouble = watch(page)
            url = address(mailbox, language)
            page.goto(url)
            assert violations(page) == [], f"gate, {theme}, {language}"
            page.locator("form button").click()
            page.locator("#code").fill("3")
            page.locator("form button").click()
            assert violations(page) == [], f"wrong code, {theme}, {language}"
            page.locator("#code").fill(code)
            page.locator("form button").click()
            expect(page.locator("#privacy")).to_be_visible()
            page.goto(f"{url}privacy/")
            page.locator("summary").click()
            assert violations(page) == [], f"requests, {theme}, {language}"
            assert fits(page)
            page.locator("form button").click()
            assert violations(page) == [], f"nothing chosen, {theme}, {language}"
            page.locator("#kind-rectification").or_(page.locator("#kind-access")).first.check()
            page.locator("form button").click()
            assert violations(page) == [], f"sent, {theme}, {language}"
            assert trouble == []
            with practice_scope(report.practice_id):
                Case.objects.all().delete()
