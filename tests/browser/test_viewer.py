"""The 3D view: how it loads, what happens when it cannot, and that it never holds the page."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from dermalia.sandbox.resend import ResendStandIn
from tests.browser.states import (
    address,
    alike,
    expect_3d,
    open_report,
    opened_context,
    picture,
    settle,
    show_in_3d,
)

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("mailed")]
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}
STEPS = 12
NO_WEBGL = "delete window.WebGL2RenderingContext"


def test_the_picture_is_there_before_any_3d_code(page: Page, mailbox: ResendStandIn) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_report(page, address(mailbox))
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-poster]").evaluate("image => image.naturalWidth") > 0
    assert [url for url in asked if "viewer" in url or "draco" in url] == []


def test_the_progress_counts_the_bytes_of_the_model(page: Page, mailbox: ResendStandIn) -> None:
    open_report(page, address(mailbox))
    page.evaluate(
        """() => {
            window.seen = [];
            const words = document.querySelector('[data-progress-text]');
            const bar = document.querySelector('[data-progress]');
            new MutationObserver(() => window.seen.push([words.textContent, bar.value]))
                .observe(words, {childList: true, characterData: true, subtree: true});
        }"""
    )
    config = json.loads(page.locator("#viewer-config").inner_text())
    whole = f"{round(config['model']['bytes'] / 1024)}\u00a0KB"
    show_in_3d(page)
    seen = page.evaluate("() => window.seen")
    assert seen[0] == [f"0\u00a0KB von {whole}", 0]
    counted = [words for words, _ in seen if " von " in words]
    assert counted[-1] == f"{whole} von {whole}"
    assert seen[-1][0] == "Gleich fertig"


def test_on_a_good_connection_it_loads_by_itself_once_somebody_is_there(
    chromium: Browser, mailbox: ResendStandIn
) -> None:
    good = "{effectiveType: '4g', saveData: false}"
    with opened_context(chromium, connection=good, **PHONE) as context:
        page = context.new_page()
        page.goto(address(mailbox))
        page.evaluate("() => document.querySelector('form').submit()")
        expect(page.locator("[data-viewer]")).to_be_visible()
        page.wait_for_timeout(800)
        expect(page.locator("[data-viewer]")).to_have_attribute("data-state", "idle")
        page.evaluate("() => scrollBy(0, 300)")
        expect_3d(page)
        assert page.evaluate("() => document.activeElement.tagName") == "BODY"


@pytest.mark.parametrize(
    "kind",
    [
        "{effectiveType: '4g', saveData: true}",
        "{effectiveType: '3g', saveData: false}",
        "{effectiveType: '4g', saveData: false, type: 'cellular'}",
        "undefined",
    ],
)
def test_on_any_other_connection_it_waits_to_be_asked(
    chromium: Browser, mailbox: ResendStandIn, kind: str
) -> None:
    with opened_context(chromium, connection=kind, **PHONE) as context:
        page = context.new_page()
        open_report(page, address(mailbox))
        page.evaluate("() => scrollBy(0, 300)")
        page.wait_for_timeout(1500)
        expect(page.locator("[data-viewer]")).to_have_attribute("data-state", "idle")


def test_a_model_that_does_not_come_leaves_the_pictures_and_can_be_asked_for_again(
    page: Page, mailbox: ResendStandIn
) -> None:
    open_report(page, address(mailbox))
    page.wait_for_load_state("networkidle")
    # Refused by the network, the browser itself would complain in the console, too.
    page.evaluate("() => { window.fetched = fetch; window.fetch = () => Promise.reject('off'); }")
    page.locator("[data-load]").click()
    expect(page.locator("[data-message]")).to_contain_text("nicht geladen")
    expect(page.locator("[data-poster]")).to_be_visible()
    page.evaluate("() => { window.fetch = window.fetched; }")
    show_in_3d(page)
    expect(page.locator("[data-message]")).to_be_empty()


def test_without_webgl_the_same_buttons_show_stills(
    chromium: Browser, mailbox: ResendStandIn
) -> None:
    with opened_context(chromium) as context:
        context.add_init_script(NO_WEBGL)
        page = context.new_page()
        open_report(page, address(mailbox))
        expect(page.locator("[data-load]")).to_be_hidden()
        seen = [_poster(page)]
        for view in ("right_side", "right", "left", "left_side"):
            page.locator(f'[data-view-target="{view}"]').click()
            seen.append(_poster(page))
        page.get_by_role("radio", name="Rötung").check(force=True)
        seen.append(_poster(page))
        assert len(set(seen)) == 6
        expect(page.locator("[data-poster]")).to_have_js_property("complete", True)
        page.get_by_role("radio", name="Nichts").check(force=True)
        assert _poster(page) == seen[0]


def test_a_value_is_shown_on_the_face_and_taken_off_again(
    page: Page, mailbox: ResendStandIn
) -> None:
    open_report(page, address(mailbox))
    show_in_3d(page)
    plain = picture(page)
    button = page.locator('[data-show-overlay="redness"]')
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("radio", name="Rötung")).to_be_checked()
    expect(page.locator("[data-legend-name]")).to_have_text("Rötung")
    settle(page)
    assert not alike(picture(page), plain)
    button.click()
    expect(page.locator("[data-legend]")).to_be_hidden()
    settle(page)
    assert alike(picture(page), plain)


def test_an_area_of_the_face_is_pointed_out(page: Page, mailbox: ResendStandIn) -> None:
    open_report(page, address(mailbox))
    show_in_3d(page)
    page.locator('[data-show-overlay="redness"]').click()
    settle(page)
    whole = picture(page)
    zone = page.locator('[data-metric="redness"][data-show-zone="nose"]')
    zone.click()
    expect(zone).to_have_attribute("aria-pressed", "true")
    settle(page)
    assert not alike(picture(page), whole)
    zone.click()
    expect(zone).to_have_attribute("aria-pressed", "false")
    settle(page)
    assert alike(picture(page), whole)


def test_who_wants_less_motion_gets_none(chromium: Browser, mailbox: ResendStandIn) -> None:
    with opened_context(chromium, reduced_motion="reduce") as context:
        page = context.new_page()
        open_report(page, address(mailbox))
        show_in_3d(page)
        page.locator('[data-tool="turn-left"]').click()
        page.evaluate("() => new Promise(requestAnimationFrame)")
        at_once = page.locator("[data-viewer] canvas").screenshot()
        page.wait_for_timeout(500)
        assert page.locator("[data-viewer] canvas").screenshot() == at_once


def test_one_finger_scrolls_the_page_and_turns_the_face(
    chromium: Browser, mailbox: ResendStandIn
) -> None:
    with opened_context(chromium, **PHONE) as context:
        page = context.new_page()
        open_report(page, address(mailbox))
        show_in_3d(page)
        page.locator("[data-stage]").scroll_into_view_if_needed()
        front, before = picture(page), page.evaluate("() => scrollY")
        _swipe(page, across=0, down=-220)
        assert page.evaluate("() => scrollY") > before + 100
        page.evaluate("y => scrollTo({top: y, behavior: 'instant'})", before)
        assert alike(picture(page), front)
        _swipe(page, across=120, down=0)
        assert page.evaluate("() => scrollY") == before
        assert not alike(picture(page), front)


def test_the_wheel_scrolls_the_page_and_zooms_only_with_ctrl(
    page: Page, mailbox: ResendStandIn
) -> None:
    page.set_viewport_size({"width": 800, "height": 900})
    open_report(page, address(mailbox))
    show_in_3d(page)
    page.locator("[data-stage] canvas").hover()
    front = picture(page)
    page.mouse.wheel(0, 300)
    page.wait_for_function("() => scrollY > 100")
    page.evaluate("() => scrollTo({top: 0, behavior: 'instant'})")
    assert alike(picture(page), front)
    page.locator("[data-stage] canvas").hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    assert not alike(picture(page), front)


def test_full_screen_shuts_out_the_rest_and_escape_leaves_it(
    page: Page, mailbox: ResendStandIn
) -> None:
    open_report(page, address(mailbox))
    show_in_3d(page)
    button = page.get_by_role("button", name="Vollbild")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".report-text")).to_have_js_property("inert", True)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".report-text")).to_have_js_property("inert", False)


def _poster(page: Page) -> str:
    address: str = page.locator("[data-poster]").evaluate("image => image.src")
    return address


def _swipe(page: Page, *, across: int, down: int) -> None:
    """One finger over the face, as the browser's own gesture recognition sees it."""
    box = page.locator("[data-stage]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    devtools = page.context.new_cdp_session(page)

    def touch(kind: str, *points: dict[str, float]) -> None:
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": x, "y": y})
    for step in range(1, STEPS + 1):
        touch("touchMove", {"x": x + across * step / STEPS, "y": y + down * step / STEPS})
        page.wait_for_timeout(16)
    touch("touchEnd")
    page.wait_for_timeout(400)
