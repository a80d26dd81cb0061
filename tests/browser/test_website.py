"""Public pages in Chromium: by light and dark, narrow and wide, with nothing from elsewhere."""

import itertools
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.states import opened_context, violations, watch
from website import forms
from website.views.machines import public_paths

pytestmark = pytest.mark.browser
NARROW = "document.documentElement.scrollWidth <= window.innerWidth"
# What the Tab key stops at after the main part's beginning, and whether its stop can be seen.
REACHABLE = """() => [...document.querySelectorAll("main *, footer *")]
    .filter((each) => each.matches("a[href], button, input, select, textarea, summary, [tabindex]"))
    .filter((each) => each.tabIndex >= 0 && !each.disabled && each.checkVisibility()).length"""
SEEN = """() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    return document.activeElement !== document.body
        && outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
}"""
HOME = {"bytes": 80_000, "requests": 6}
OTHERS = {"bytes": 45_000, "requests": 4}


def said(page: Page) -> set[str]:
    """The lines of a page's main part, but for those about the 3D view itself."""
    texts = page.locator("article, .way, .promises, .sample-values").all_inner_texts()
    return {line for text in texts for line in text.splitlines()}


def test_axe_finds_nothing_on_any_public_page(chromium: Browser, site: str) -> None:
    for theme, language in itertools.product(("light", "dark"), ("de", "en")):
        with opened_context(chromium, color_scheme=theme) as context:
            page = context.new_page()
            trouble = watch(page)
            for path in public_paths(language):
                page.goto(site + path)
                assert violations(page) == [], f"{path}, {theme}"
            assert trouble == []
            assert context.cookies() == []


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_no_page_is_wider_than_its_window(chromium: Browser, site: str, width: int) -> None:
    with opened_context(chromium, viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        for path in public_paths("de"):
            page.goto(site + path)
            assert page.evaluate(NARROW), path


def test_axe_finds_nothing_on_the_form_s_way(chromium: Browser, site: str) -> None:
    for theme, language in itertools.product(("light", "dark"), ("de", "en")):
        with opened_context(chromium, color_scheme=theme) as context:
            page = context.new_page()
            trouble = watch(page)
            page.goto(f"{site}/{language}/contact/")
            page.locator("main form button").click()
            expect(page.get_by_role("alert")).to_be_visible()
            assert violations(page) == [], f"with mistakes, {theme}, {language}"
            page.goto(f"{site}/{language}/contact/sent/")
            assert violations(page) == [], f"sent, {theme}, {language}"
            assert trouble == []


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_form_is_filled_in_by_keyboard_and_sent_without_scripts(
    chromium: Browser, site: str, language: str
) -> None:
    with opened_context(chromium, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site}/{language}/contact/")
        page.locator("#name").focus()
        for typed in ("Demo", "demo@example.org", "Eine Frage"):
            page.keyboard.type(typed)
            page.keyboard.press("Tab")
        page.wait_for_timeout(forms.LEAST_SECONDS * 1000)  # whoever is faster is no person
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{site}/{language}/contact/sent/")
        assert context.cookies() == []


def test_without_scripts_nothing_is_missing(chromium: Browser, site: str) -> None:
    """Each page says with scripts what it says without them."""
    with (
        opened_context(chromium) as usual,
        opened_context(chromium, java_script_enabled=False) as plain,
    ):
        one, other = usual.new_page(), plain.new_page()
        for path in (each for language in ("de", "en") for each in public_paths(language)):
            one.goto(site + path)
            other.goto(site + path)
            with_scripts, without = (said(page) for page in (one, other))
            assert without, path
            assert without <= with_scripts, path
            # Buttons that lead into the 3D view come with the script.
            more = with_scripts - without
            assert all(re.search("Gesicht zeigen|on the face", line) for line in more), path
        other.goto(f"{site}/de/")
        expect(other.locator("[data-poster]")).to_be_visible()
        for summary in other.locator("details > summary").all():
            summary.click()
        expect(other.locator(".zones table").first).to_be_visible()


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_page_is_walked_by_keyboard_and_the_focus_is_seen(
    chromium: Browser, site: str, language: str
) -> None:
    with opened_context(chromium) as context:
        page = context.new_page()
        for path in public_paths(language):
            page.goto(site + path)
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.className") == "skip-link", path
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.id") == "main", path
            wanted = page.evaluate(REACHABLE)
            reached = 0
            for _ in range(wanted):
                page.keyboard.press("Tab")
                reached += bool(page.evaluate(SEEN))
            assert reached == wanted, path


def test_paper_gets_questions_with_their_answers_and_nothing_to_press(
    page: Page, site: str
) -> None:
    page.emulate_media(media="print")
    page.goto(f"{site}/de/security/")
    questions = page.locator("details > summary")
    assert questions.count() == 4
    for number in range(4):
        expect(questions.nth(number)).to_be_visible()
        assert page.locator("details > p").nth(number).bounding_box() is not None
    for pressed in (".masthead nav", ".website-foot nav"):
        assert page.locator(f"{pressed}:visible").count() == 0
    page.goto(f"{site}/de/")
    expect(page.locator("article.value")).to_have_count(5)
    assert page.locator(".button:visible").count() == 0
    # What flows as a grid is not broken across sheets, but laid over what follows.
    flows = page.evaluate(
        "[...document.querySelectorAll('.website-page, .sample-values, .sample-values .values')]"
        ".map((each) => getComputedStyle(each).display)"
    )
    assert set(flows) == {"block"}


def test_every_page_is_light(chromium: Browser, site: str) -> None:
    """Bytes and requests with an empty cache, as they come over the wire."""
    with opened_context(chromium, viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        sizes: list[float] = []
        devtools.on("Network.loadingFinished", lambda each: sizes.append(each["encodedDataLength"]))
        devtools.send("Network.enable")
        devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        for path in public_paths("de"):
            sizes.clear()
            page.goto(site + path, wait_until="networkidle")
            bounds = HOME if path == "/de/" else OTHERS
            assert sum(sizes) < bounds["bytes"], path
            assert 3 < len(sizes) <= bounds["requests"], path


def test_the_sample_turns_in_3d(page: Page, site: str) -> None:
    page.goto(f"{site}/de/")
    page.locator("[data-load]").click()
    expect(page.locator("[data-viewer]")).to_have_attribute("data-state", "ready", timeout=30_000)
    page.locator('[data-tool="turn-left"]').click()
    page.locator('[data-show-overlay="redness"]').click()
    expect(page.locator("[data-legend]")).to_be_visible()
