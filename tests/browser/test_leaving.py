"""What a browser still has of us after somebody signed out of it."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dermalia.sandbox.resend import ResendStandIn
from practices.models import Practice
from scans.models import Scan
from tests.browser.conftest import FLAGS
from tests.browser.states import address, open_report, opened_context, watch
from tests.browser.test_dashboard import account, enter, rows

pytestmark = pytest.mark.browser
__all__ = ["account", "rows"]
KEEP = "localStorage.setItem('left', '1'); sessionStorage.setItem('left', '1')"
KEPT = "() => [localStorage.getItem('left'), sessionStorage.getItem('left')]"


@pytest.fixture(scope="module")
def as_people_have_it(chromium: Browser) -> Iterator[Browser]:
    """Chromium that keeps pages it left for its back button, which Playwright has it not do."""
    browser = chromium.browser_type.launch(
        executable_path=os.environ.get("DERMALIA_CHROMIUM", "/usr/bin/chromium"),
        args=list(FLAGS),
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


@pytest.fixture
def desk(as_people_have_it: Browser, site: str) -> Iterator[Page]:
    with opened_context(as_people_have_it, viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        trouble = watch(page)
        yield page
    assert trouble == []


def sign_out(page: Page) -> None:
    page.locator(".masthead-out button").click()
    page.wait_for_url("**/signed-out/")


def test_nothing_is_behind_the_back_button_nor_in_the_browser_s_storage(
    desk: Page, site: str, practice: Practice, rows: list[Scan]
) -> None:
    enter(desk, site, practice)
    expect(desk.locator("main")).to_contain_text("The mesh cannot be read.")
    desk.evaluate(KEEP)
    assert desk.evaluate(KEPT) == ["1", "1"]
    sign_out(desk)
    assert desk.evaluate(KEPT) == [None, None]
    desk.go_back()
    desk.wait_for_url("**/sign-in/**")
    assert "The mesh cannot be read." not in desk.content()


def test_a_report_that_was_opened_in_the_same_browser_stays_open(
    desk: Page, site: str, practice: Practice, mailed: None, mailbox: ResendStandIn
) -> None:
    """That is another cookie, and not the session of whoever signs out."""
    link = address(mailbox)
    open_report(desk, link)
    enter(desk, site, practice, "de")
    sign_out(desk)
    expect(desk.locator("html")).to_have_attribute("lang", "de")
    names = {each["name"] for each in desk.context.cookies()}
    assert any(name.startswith("report") for name in names), names
    desk.goto(link)
    expect(desk.locator("[data-viewer]")).to_be_visible()
