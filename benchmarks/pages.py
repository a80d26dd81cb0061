"""Opened reports of several practices, a web server over them, and clients that ask for pages."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CLIENTS = 8


@dataclass(frozen=True)
class Opened:
    """A report whose link was opened: the page's path and the cookie that shows it."""

    path: str
    cookie: str


@contextmanager
def web_server(*, processes: int = 2) -> Iterator[str]:
    """Gunicorn as on one machine, with the bare views; yields its address."""
    port = _free_port()
    command = [
        *[sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{port}"],
        f"--workers={processes}",
        *["--worker-class=gthread", "--threads=4", "--no-control-socket", "--log-level=warning"],
        "dermalia.wsgi",
    ]
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.bare"}
    root = Path(__file__).resolve().parent.parent
    with subprocess.Popen(command, cwd=root, env=env) as server:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def requests_per_second(address: str, wanted: list[Opened], *, seconds: float) -> float:
    """How many requests eight clients get answered, each over a connection of its own."""
    deadline = time.perf_counter() + seconds

    def client(number: int) -> int:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
        answered = 0
        while time.perf_counter() < deadline:
            page = wanted[(number + answered) % len(wanted)]
            connection.request("GET", page.path, headers={"Cookie": page.cookie})
            response = connection.getresponse()
            response.read()
            assert response.status == 200, (page.path, response.status)
            answered += 1
        connection.close()
        return answered

    with ThreadPoolExecutor(CLIENTS) as clients:
        return sum(clients.map(client, range(CLIENTS))) / seconds


def open_link(address: str, path: str) -> Opened:
    """POST the link as its holder does."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.request("POST", path)
    response = connection.getresponse()
    cookie = str(response.getheader("Set-Cookie")).partition(";")[0]
    connection.close()
    return Opened(path, cookie)


def make_reports(count: int) -> list[str]:
    """Released reports of the synthetic face, one for each of ``count`` practices; their paths."""
    from django.conf import settings

    from dermalia.sandbox.face import make_capture
    from dermalia.sandbox.isemeco import IsemecoStandIn

    capture = make_capture(seed=1)
    with IsemecoStandIn(client_id="benchmark", client_secret="of this run") as cluster:  # noqa: S106
        settings.SANDBOX_ORIGINS = [cluster.url]
        cluster.add_scan(capture, first_name="Demo")
        for number in range(count):
            take_in(cluster.url, number)
        return [_path_of_report(number + 1) for number in range(count)]


def take_in(cluster: str, number: int) -> float:
    """Pull and convert the cluster's scan for a new practice; seconds that took."""
    from django.utils import timezone

    from dermalia.tenancy import practice_scope
    from onboarding.models import GoLive
    from practices.domain.tenants import create_practice
    from practices.models import Basis, Practice, Purpose
    from scans.domain.convert import convert_scan
    from scans.domain.discover import discover_scans
    from scans.domain.pull import pull_scan
    from scans.domain.sources import connect
    from scans.models import Scan

    practice = create_practice(
        name=f"Benchmark {number}",
        email=f"{number}@example.org",
        release=Practice.Release.AT_ONCE,
        default_purpose=Purpose.AESTHETIC,
        standing_basis=Basis.CONSENT,
        standing_basis_on=timezone.localdate(),
        standing_basis_version="Benchmark",
    )
    with practice_scope(practice.pk):
        GoLive.objects.create(practice=practice)
        account = connect(
            practice=practice,
            base_url=cluster,
            client_id="benchmark",
            client_secret="of this run",  # noqa: S106
        )
    discover_scans(practice_id=practice.pk, connection_id=account.pk)
    with practice_scope(practice.pk):
        scan = Scan.objects.get()
    began = time.perf_counter()
    pull_scan(practice_id=practice.pk, scan_id=scan.pk)
    convert_scan(practice_id=practice.pk, scan_id=scan.pk)
    return time.perf_counter() - began


def _path_of_report(practice_id: int) -> str:
    from django.urls import reverse

    from audit.access import record_access
    from audit.chain import SYSTEM
    from audit.words import Action
    from dermalia.sealing.keys import unlock
    from dermalia.tenancy import practice_scope
    from reports.models import Report

    with practice_scope(practice_id):
        report = Report.objects.select_related("scan").get()
        assert report.link is not None
        access = record_access(Action.REPORT_VIEWED, who=SYSTEM, object_id=report.pk)
        link = report.link.open(unlock(report.scan.key_id, access=access))
    return reverse("reports:patient", args=[link])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("The web server did not start.")
