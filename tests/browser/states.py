"""Ways into every state of a patient's page, shared by the walks."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from dermalia.sandbox.resend import ResendStandIn

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OWN = ("http://localhost:", "http://127.0.0.1:", "blob:", "data:")


def watch(page: Page) -> list[str]:
    """From now on, what must not happen: script errors, CSP violations, foreign requests."""
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on(
        "console",
        lambda message: trouble.append(message.text) if _is_trouble(message) else None,
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(OWN)
            else trouble.append(f"foreign request: {request.url}")
        ),
    )
    return trouble


def _is_trouble(message: ConsoleMessage) -> bool:
    # Chromium reports a form that comes back with its mistakes marked (422), and the page of a
    # report that is gone (410).
    expected = ("status of 422", "status of 410")
    return message.type == "error" and not any(words in message.text for words in expected)


@contextmanager
def opened_context(
    browser: Browser, *, connection: str = "undefined", **options: Any
) -> Iterator[BrowserContext]:
    """A browser of somebody's own.

    Args:
        connection: what ``navigator.connection`` says, as a script; by default nothing, so that
            the 3D view waits to be asked for.
    """
    context = browser.new_context(**options)
    context.add_init_script(
        f"Object.defineProperty(navigator, 'connection', {{value: {connection}}})"
    )
    try:
        yield context
    finally:
        context.close()


def address(mailbox: ResendStandIn, language: str = "de") -> str:
    """The link in the last mail, in a language."""
    found = re.search(r"http://\S+/r/\w+/", mailbox.mails[-1].text or "")
    assert found is not None
    return re.sub(r"/(de|en)/r/", f"/{language}/r/", found.group())


def open_report(page: Page, url: str) -> None:
    """Through the gate to the report."""
    page.goto(url)
    page.locator("form button").click()
    expect(page.locator("[data-viewer]")).to_be_visible()


def show_in_3d(page: Page) -> None:
    page.locator("[data-load]").click()
    expect_3d(page)


def expect_3d(page: Page) -> None:
    expect(page.locator("[data-viewer]")).to_have_attribute("data-state", "ready", timeout=30_000)


def settle(page: Page) -> None:
    """Until what was chosen for the face is on it."""
    expect(page.locator("[data-overlays]:not([aria-busy])")).to_be_attached()


def picture(page: Page) -> Image.Image:
    """What the 3D view shows, once it stands still."""
    page.wait_for_timeout(400)
    return Image.open(io.BytesIO(page.locator("[data-viewer] canvas").screenshot())).convert("L")


def alike(one: Image.Image, other: Image.Image) -> bool:
    """Whether two pictures show the same, but for what half a pixel of scrolling does to edges."""
    difference = np.abs(np.asarray(one, np.int16) - np.asarray(other.resize(one.size), np.int16))
    return bool((difference > 24).mean() < 0.002)


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is now: rule and place."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules}).then(result => result.violations)", RULES
    )
    return [f"{item['id']}: {node['target']}" for item in found for node in item["nodes"]]
