"""What the page costs before anybody asks for 3D, and where it comes from."""

import pytest
from playwright.sync_api import Browser, Page

from dermalia.sandbox.resend import ResendStandIn
from tests.browser.states import address, open_report, opened_context

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("mailed")]

FIRST_VIEW_BYTES = 120_000


def test_the_first_view_is_light(chromium: Browser, mailbox: ResendStandIn) -> None:
    phone = {"width": 390, "height": 844}
    with opened_context(chromium, viewport=phone, device_scale_factor=3) as context:
        page = context.new_page()
        open_report(page, address(mailbox))
        page.wait_for_load_state("networkidle")
        assert 20_000 < _transferred(page) < FIRST_VIEW_BYTES


def test_a_patient_s_page_sets_one_cookie_and_no_other_storage(
    page: Page, mailbox: ResendStandIn
) -> None:
    open_report(page, address(mailbox))
    cookies = page.context.cookies()
    assert [(each.get("name"), each.get("httpOnly")) for each in cookies] == [("report", True)]
    assert page.evaluate("() => localStorage.length + sessionStorage.length") == 0


def _transferred(page: Page) -> int:
    """Bytes of a visit with an empty cache, headers included."""
    devtools = page.context.new_cdp_session(page)
    sizes: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.reload()
    page.wait_for_load_state("networkidle")
    return round(sum(sizes))
