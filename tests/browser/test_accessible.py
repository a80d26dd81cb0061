"""Everybody's page: checked by axe in every state, by keyboard alone, on the smallest phone."""

import itertools
import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from dermalia.sandbox.resend import ResendStandIn
from reports.domain.links import disable
from reports.models import Report
from tests.browser.states import (
    address,
    alike,
    open_report,
    opened_context,
    picture,
    show_in_3d,
    violations,
    watch,
)

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("mailed")]
LANGUAGES = {"de": "Ihre persönliche Seite", "en": "Your personal page"}
NO_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null"


def test_axe_finds_nothing_in_any_state(chromium: Browser, mailbox: ResendStandIn) -> None:
    for theme, (language, title) in itertools.product(("light", "dark"), LANGUAGES.items()):
        with opened_context(chromium, color_scheme=theme) as context:
            page = context.new_page()
            trouble = watch(page)
            url = address(mailbox, language)
            page.goto(url)
            assert violations(page) == [], f"gate, {theme}, {language}"
            open_report(page, url)
            expect(page).to_have_title(title)
            assert violations(page) == [], f"report, {theme}, {language}"
            for summary in page.locator("details > summary").all():
                summary.click()
            show_in_3d(page)
            page.locator('[data-show-overlay="redness"]').click()
            expect(page.locator("[data-legend]")).to_be_visible()
            assert violations(page) == [], f"overlay, {theme}, {language}"
            page.locator("[data-fullscreen]").click()
            expect(page.locator("[data-viewer]")).to_have_attribute("data-full", "")
            assert violations(page) == [], f"full screen, {theme}, {language}"
            assert trouble == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_where_the_3d_view_fails(
    chromium: Browser, mailbox: ResendStandIn, theme: str
) -> None:
    with opened_context(chromium, color_scheme=theme) as context:
        page = context.new_page()
        open_report(page, address(mailbox))
        page.route("**/files/*", _never)
        page.locator("[data-load]").click()
        assert violations(page) == [], "loading"
        page.unroute_all(behavior="ignoreErrors")
        page.reload()
        page.evaluate(NO_WEBGL)
        page.locator("[data-load]").click()
        expect(page.locator("[data-message]")).not_to_be_empty()
        assert violations(page) == [], "without WebGL"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_the_page_of_a_report_that_is_gone(
    chromium: Browser, mailbox: ResendStandIn, report: Report, theme: str, language: str
) -> None:
    disable(report_id=report.pk)
    with opened_context(chromium, color_scheme=theme) as context:
        page = context.new_page()
        answer = page.goto(address(mailbox, language))
        assert answer is not None
        assert answer.status == 410
        assert violations(page) == []


def test_axe_sees_what_is_wrong(page: Page, mailbox: ResendStandIn) -> None:
    open_report(page, address(mailbox))
    page.evaluate("() => document.querySelector('[data-poster]').removeAttribute('alt')")
    assert [line.split(":")[0] for line in violations(page)] == ["image-alt"]


def test_the_whole_page_works_by_keyboard(page: Page, mailbox: ResendStandIn) -> None:
    page.goto(address(mailbox))
    _tab_to(page, "form button")
    page.keyboard.press("Enter")
    expect(page.locator("[data-viewer]")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip-link"
    _tab_to(page, "[data-load]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-viewer]")).to_have_attribute("data-state", "ready", timeout=30_000)
    expect(page.locator("[data-stage]")).to_be_focused()
    seen = [picture(page)]
    for key in ("ArrowLeft", "ArrowUp", "+", "0"):
        page.keyboard.press(key)
        page.wait_for_timeout(600)
        seen.append(picture(page))
    assert alike(seen[-1], seen[0])
    assert not any(alike(before, after) for before, after in itertools.pairwise(seen))
    _tab_to(page, '[data-view-target="left_side"]')
    page.keyboard.press(" ")
    expect(page.locator("[data-announce]")).to_have_text("Ansicht von links.")
    _tab_to(page, 'input[name="overlay"]')
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-legend-name]")).to_have_text("Falten")
    _tab_to(page, '[data-value="pores"] summary')
    page.keyboard.press("Enter")
    expect(page.locator('[data-value="pores"] details').first).to_have_attribute("open", "")


def test_the_focus_can_always_be_seen(chromium: Browser, mailbox: ResendStandIn) -> None:
    # Without motion the page is where it is going as soon as the key is down.
    with opened_context(chromium, reduced_motion="reduce") as context:
        page = context.new_page()
        open_report(page, address(mailbox))
        show_in_3d(page)
        page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
        assert _unseen(page) == []


def _unseen(page: Page) -> list[object]:
    """Every stop of the Tab key that is off the screen or has no ring around it."""
    found: list[object] = []
    for stop in range(80):
        page.keyboard.press("Tab")
        state = page.evaluate(
            """async () => {
                await new Promise(requestAnimationFrame);
                const element = document.activeElement;
                if (element === document.body) return null;
                const box = element.getBoundingClientRect();
                const ringed = element.matches('input') ? element.nextElementSibling : element;
                const ring = getComputedStyle(ringed);
                return {
                    name: element.outerHTML.slice(0, 80),
                    shown: box.bottom > 0 && box.top < innerHeight,
                    ringed: ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) >= 2,
                };
            }"""
        )
        if state is None:
            assert stop > 20
            return found
        if not (state["shown"] and state["ringed"]):
            found.append(state)
    raise AssertionError("Tab never came to an end")


def test_the_page_fits_the_smallest_phone(chromium: Browser, mailbox: ResendStandIn) -> None:
    size = {"width": 320, "height": 640}
    with opened_context(chromium, viewport=size, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        for language in LANGUAGES:
            page.goto(address(mailbox, language))
            assert _too_wide(page) == 0
            if page.locator("form button").count():
                page.locator("form button").tap()
            expect(page.locator("[data-viewer]")).to_be_visible()
            for summary in page.locator("details > summary").all():
                summary.tap()
            assert _too_wide(page) == 0
            page.locator("[data-load]").tap()
            expect(page.locator("[data-viewer]")).to_have_attribute(
                "data-state", "ready", timeout=30_000
            )
            assert _too_wide(page) == 0
            assert _small_targets(page) == []


def _never(route: Route) -> None:
    """Leaves a request without an answer."""


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse would."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab never reached {selector}")


def _too_wide(page: Page) -> int:
    """Pixels by which the page can be scrolled sideways."""
    width: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


def _small_targets(page: Page) -> list[str]:
    """What can be pressed but is smaller than 24 by 24 pixels (WCAG 2.5.8)."""
    targets = page.evaluate(
        """() => [...document.querySelectorAll('a, button, summary, label.choice')]
            .filter(element => element.checkVisibility() && !element.matches('.skip-link'))
            .map(element => [element.outerHTML.slice(0, 60), element.getBoundingClientRect()])
            .filter(([, box]) => Math.min(box.width, box.height) < 24)
            .map(([name]) => name)"""
    )
    return [re.sub(r"\s+", " ", name) for name in targets]
