"""Chromium on the pages as gunicorn serves them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from django.conf import settings
from django.test import override_settings
from playwright.sync_api import Browser, Page, sync_playwright

from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.models import Report
from tests.browser.states import opened_context, watch
from tests.conftest import (
    connect_to,
    discover,
    link_in_mail,
    process_environment,
    release_at_once,
    report_of,
)
from tests.waiting import free_port, until

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


@pytest.fixture(scope="session")
def server(django_db_setup: None) -> Iterator[str]:
    """The application under gunicorn, started once; its origin."""
    with serving() as origin:
        yield origin


@pytest.fixture
def site(committed: None, server: str) -> str:
    """The application's origin, on a database that is empty."""
    return server


@contextmanager
def serving(
    *stand_ins: str, application: str = "dermalia.wsgi", **environment: str
) -> Iterator[str]:
    """The application under gunicorn, which may call ``stand_ins``; its origin."""
    port = free_port()
    origin = f"http://localhost:{port}"
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{port}", "--no-control-socket"),
            *("--worker-class=gthread", "--threads=4", "--log-level=warning", application),
        ],
        # Itself as a stand-in: an installation for trying out, which takes a demo's link.
        env=process_environment(
            DERMALIA_PUBLIC_URL=origin,
            DERMALIA_SANDBOX_ORIGINS=",".join((origin, *stand_ins)),
            **environment,
        ),
        cwd=settings.BASE_DIR,
    )
    try:
        until(lambda: _answers(origin), "gunicorn did not come up")
        yield origin
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def page(chromium: Browser, site: str) -> Iterator[Page]:
    """A page that fails its test for any script error, CSP violation or foreign request.

    It goes before the database is emptied: what it still loads would miss its rows.
    """
    with opened_context(chromium, viewport={"width": 1280, "height": 900}) as context:
        opened = context.new_page()
        trouble = watch(opened)
        yield opened
    assert trouble == []


@pytest.fixture
def practice(committed: None) -> Practice:
    practice = create_practice(
        name="Demo-Praxis", email="praxis@example.org", phone="+49 000 000000"
    )
    release_at_once(practice)
    return practice


@pytest.fixture
def report(practice: Practice, cluster: IsemecoStandIn, small_capture: Capture) -> Report:
    cluster.add_scan(small_capture, first_name="Demo", email="patient@example.org")
    return report_of(discover(connect_to(cluster, practice))[0])


@pytest.fixture
def mailed(site: str, report: Report, mailbox: ResendStandIn) -> None:
    """The mail with the link has come in."""
    with override_settings(PUBLIC_URL=site):
        link_in_mail(report, mailbox)


def _answers(origin: str) -> bool:
    try:
        return requests.get(f"{origin}/de/", timeout=5).ok
    except requests.RequestException:
        return False
