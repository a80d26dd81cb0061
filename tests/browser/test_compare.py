"""Two captures beside each other: cameras as one, the slider, by keyboard, on a small phone."""

import io
import itertools
from typing import Any

import pytest
from django.test import override_settings
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from dermalia.sandbox.face import Capture, make_capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from practices.models import Practice
from reports.models import Report
from tests.browser.states import address, alike, open_report, opened_context, violations, watch
from tests.conftest import connect_to, link_in_mail
from tests.reports.conftest import AFTER, BEFORE, add_report, linked

pytestmark = pytest.mark.browser
PHONE: dict[str, Any] = {
    "viewport": {"width": 320, "height": 640},
    "has_touch": True,
    "is_mobile": True,
}
NO_WEBGL = "delete window.WebGL2RenderingContext"


@pytest.fixture(scope="session")
def later_capture() -> Capture:
    return make_capture(seed=1, sitting=1, triangles=4000, texture_size=256, overlay_size=128)


@pytest.fixture
def comparison(
    site: str,
    practice: Practice,
    cluster: IsemecoStandIn,
    mailbox: ResendStandIn,
    small_capture: Capture,
    later_capture: Capture,
) -> None:
    """The practice has linked two reports; the newer one's mail has come in."""
    account = connect_to(cluster, practice)
    taken = ((small_capture, BEFORE), (later_capture, AFTER))
    reports: list[Report] = [add_report(account, cluster, *each) for each in taken]
    linked(*reports)
    with override_settings(PUBLIC_URL=site):
        link_in_mail(reports[1], mailbox)


def open_comparison(page: Page, mailbox: ResendStandIn, language: str = "de") -> None:
    url = address(mailbox, language)
    open_report(page, url)
    page.goto(f"{url}compare/")
    expect(page.locator("[data-compare]")).to_be_visible()


def show_in_3d(page: Page) -> None:
    page.locator("[data-load]").click()
    expect(page.locator("[data-compare]")).to_have_attribute("data-state", "ready", timeout=60_000)


def faces(page: Page) -> list[Image.Image]:
    """What the two canvases show, once they stand still; without what does not move with them."""
    page.evaluate("() => document.activeElement.blur()")
    page.wait_for_timeout(500)
    for mark in page.locator("[data-mark]").all():
        mark.evaluate("element => { element.hidden = true }")
    shots = [canvas.screenshot() for canvas in page.locator("[data-stage] canvas").all()]
    return [Image.open(io.BytesIO(shot)).convert("L") for shot in shots]


def test_both_faces_turn_together_whichever_is_turned(
    page: Page, comparison: None, mailbox: ResendStandIn
) -> None:
    open_comparison(page, mailbox)
    show_in_3d(page)
    seen = [faces(page)]
    for stage, key in ((0, "ArrowLeft"), (1, "ArrowUp"), (0, "+"), (1, "0")):
        page.locator("[data-stage]").nth(stage).focus()
        page.keyboard.press(key)
        seen.append(faces(page))
    for before, after in itertools.pairwise(seen[:-1]):
        assert not alike(before[0], after[0])
        assert not alike(before[1], after[1])
    assert alike(seen[0][0], seen[-1][0])
    assert alike(seen[0][1], seen[-1][1])


def test_no_3d_code_is_loaded_before_somebody_asks(
    page: Page, comparison: None, mailbox: ResendStandIn
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_comparison(page, mailbox)
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if "pair" in url or "draco" in url] == []
    show_in_3d(page)
    assert len([url for url in asked if "draco_decoder" in url]) >= 1


def test_the_mark_lies_over_what_3d_draws(
    page: Page, comparison: None, mailbox: ResendStandIn
) -> None:
    open_comparison(page, mailbox)
    mark = page.locator("[data-mark]").first
    expect(mark).to_be_hidden()  # it is burnt into the pictures
    show_in_3d(page)
    expect(mark).to_be_visible()
    over = page.evaluate(
        """() => [...document.querySelectorAll('[data-stage]')].map(stage => {
            const mark = getComputedStyle(stage.querySelector('[data-mark]'));
            const size = parseFloat(mark.fontSize) / stage.clientWidth;
            return [Number(mark.zIndex), size >= 12 / 400];
        })"""
    )
    assert over == [[1, True], [1, True]]


def test_the_slider_moves_by_keyboard_and_says_where_it_is(
    page: Page, comparison: None, mailbox: ResendStandIn
) -> None:
    open_comparison(page, mailbox)
    slider = page.locator("[data-split]")
    expect(slider).to_be_hidden()
    page.locator("[name=mode]").first.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_be_visible()
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute(
        "aria-valuetext", "Links Aufnahme 1, 40 Prozent. Rechts Aufnahme 2, 60 Prozent."
    )
    clip = page.locator("[data-stage]").nth(1).evaluate("e => getComputedStyle(e).clipPath")
    assert clip == "inset(0px 0px 0px 40%)"
    boxes = page.evaluate(
        """() => [...document.querySelectorAll('[data-stage]')]
            .map(stage => JSON.stringify(stage.getBoundingClientRect()))"""
    )
    assert boxes[0] == boxes[1]
    page.keyboard.press("End")
    assert slider.input_value() == "100"


def test_both_pictures_change_with_the_view(
    page: Page, comparison: None, mailbox: ResendStandIn
) -> None:
    open_comparison(page, mailbox)
    before = [poster.get_attribute("src") for poster in page.locator("[data-poster]").all()]
    page.locator('[data-view-target="left_side"]').click()
    after = page.locator("[data-poster]")
    assert [poster.get_attribute("src") for poster in after.all()] != before
    expect(after.first).to_have_attribute("alt", "Aufnahme 1: Gesicht von der linken Seite")
    expect(after.last).to_have_attribute("alt", "Aufnahme 2: Gesicht von der linken Seite")
    expect(page.locator('[data-view-target="left_side"]')).to_have_attribute("aria-pressed", "true")
    # The 3D view begins where the pictures were.
    show_in_3d(page)
    expect(page.locator("[data-announce]")).to_have_text("Ansicht von links.")


def test_axe_finds_nothing_in_any_state(
    chromium: Browser, comparison: None, mailbox: ResendStandIn
) -> None:
    for theme, language in itertools.product(("light", "dark"), ("de", "en")):
        with opened_context(chromium, color_scheme=theme) as context:
            page = context.new_page()
            trouble = watch(page)
            open_comparison(page, mailbox, language)
            assert violations(page) == [], f"pictures, {theme}, {language}"
            for summary in page.locator("details > summary").all():
                summary.click()
            page.locator("[name=mode]").last.check(force=True)
            assert violations(page) == [], f"slider, {theme}, {language}"
            show_in_3d(page)
            assert violations(page) == [], f"3D, {theme}, {language}"
            assert trouble == []


def test_it_fits_the_smallest_phone_one_above_the_other(
    chromium: Browser, comparison: None, mailbox: ResendStandIn
) -> None:
    with opened_context(chromium, **PHONE) as context:
        page = context.new_page()
        for language in ("de", "en"):
            open_comparison(page, mailbox, language)
            for summary in page.locator("details > summary").all():
                summary.tap()
            assert _too_wide(page) == 0
            first, second = (stage.bounding_box() for stage in page.locator("[data-stage]").all())
            assert first is not None
            assert second is not None
            assert first["x"] == second["x"]
            assert first["y"] + first["height"] <= second["y"]
            page.locator("[data-load]").tap()
            expect(page.locator("[data-compare]")).to_have_attribute(
                "data-state", "ready", timeout=60_000
            )
            page.locator("[name=mode]").last.tap()
            assert _too_wide(page) == 0
            context.clear_cookies()


def test_without_webgl_the_pictures_stay(
    chromium: Browser, comparison: None, mailbox: ResendStandIn
) -> None:
    with opened_context(chromium) as context:
        context.add_init_script(NO_WEBGL)
        page = context.new_page()
        open_comparison(page, mailbox)
        expect(page.locator("[data-load]")).to_be_hidden()
        page.locator('[data-view-target="left"]').click()
        expect(page.locator("[data-poster]").first).to_be_visible()


def test_without_scripts_every_pair_is_there(
    chromium: Browser, comparison: None, mailbox: ResendStandIn
) -> None:
    with opened_context(chromium, java_script_enabled=False) as context:
        page = context.new_page()
        url = address(mailbox)
        page.goto(url)
        page.locator("form button").click()
        page.goto(f"{url}compare/")
        pairs = page.locator(".compare-prints figure")
        assert pairs.count() == 10
        for figure in pairs.all():
            expect(figure).to_be_visible()
        expect(page.locator(".compare-frame")).to_be_hidden()


def test_paper_gets_marked_pictures_and_the_notice_and_no_canvas(
    page: Page, comparison: None, mailbox: ResendStandIn
) -> None:
    open_comparison(page, mailbox)
    show_in_3d(page)
    page.emulate_media(media="print")
    expect(page.locator("[data-stage] canvas").first).to_be_hidden()
    expect(page.locator(".compare-prints figure").first).to_be_visible()
    expect(page.locator(".compare-notice")).to_be_visible()


def test_a_failed_download_leaves_the_pictures_and_may_be_repeated(
    chromium: Browser, comparison: None, mailbox: ResendStandIn
) -> None:
    with opened_context(chromium) as context:
        page = context.new_page()
        open_comparison(page, mailbox)
        page.route("**/pair.js", lambda route: route.abort())
        page.locator("[data-load]").click()
        expect(page.locator("[data-message]")).to_contain_text("nicht geladen")
        expect(page.locator("[data-poster]").first).to_be_visible()
        expect(page.locator("[data-load]")).to_be_visible()
        assert page.locator("[data-stage] canvas").count() == 0


def _too_wide(page: Page) -> int:
    """Pixels by which the page can be scrolled sideways."""
    width: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width
