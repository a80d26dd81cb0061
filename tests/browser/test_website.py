"""Public pages in Chromium: by light and dark, narrow and wide, with nothing from elsewhere."""

import itertools

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.states import opened_context, violations, watch
from website.views.machines import public_paths

pytestmark = pytest.mark.browser
NARROW = "document.documentElement.scrollWidth <= window.innerWidth"


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


def test_the_sample_turns_in_3d(page: Page, site: str) -> None:
    page.goto(f"{site}/de/")
    page.locator("[data-load]").click()
    expect(page.locator("[data-viewer]")).to_have_attribute("data-state", "ready", timeout=30_000)
    page.locator('[data-tool="turn-left"]').click()
    page.locator('[data-show-overlay="redness"]').click()
    expect(page.locator("[data-legend]")).to_be_visible()
