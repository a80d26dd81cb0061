"""Chromium on the pages as gunicorn serves them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests
from django.conf import settings
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.conftest import process_environment

FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Playwright's own loop would make Django refuse database calls in this thread.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("DERMALIA_CHROMIUM", "/usr/bin/chromium"),
            args=list(FLAGS),
        )
        yield browser
        browser.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def site(committed: None) -> Iterator[str]:
    """The application under gunicorn; its origin."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    origin = f"http://localhost:{port}"
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{port}", "--no-control-socket"),
            *("--worker-class=gthread", "--threads=4", "--log-level=warning", "dermalia.wsgi"),
        ],
        env=process_environment(DERMALIA_PUBLIC_URL=origin),
        cwd=settings.BASE_DIR,
    )
    try:
        _await(origin)
        yield origin
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that fails its test for any script error, CSP violation or foreign request."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    trouble: list[str] = []
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on(
        "console",
        lambda message: trouble.append(message.text) if _is_trouble(message) else None,
    )
    opened.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("http://localhost:", "http://127.0.0.1:", "blob:", "data:"))
            else trouble.append(f"foreign request: {request.url}")
        ),
    )
    yield opened
    context.close()
    assert trouble == []


def _is_trouble(message: ConsoleMessage) -> bool:
    # A form that comes back with its mistakes marked is a 422, which Chromium reports.
    return message.type == "error" and "status of 422" not in message.text


def _await(origin: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{origin}/de/", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise AssertionError("gunicorn did not come up")
