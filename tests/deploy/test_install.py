"""Installed as docs/install.md says, less the containers: what people meet at the door."""

import re
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.urls import Resolver404, resolve

from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from practices.domain.tenants import create_practice
from tests.conftest import connect_to, discover, link_in_mail, release_at_once, report_of
from tests.deploy import running
from tests.deploy.installation import DEPLOY
from tests.waiting import PATIENCE_SECONDS, free_port, listens, until

CADDY = shutil.which("caddy")
pytestmark = [
    pytest.mark.processes,
    pytest.mark.usefixtures("committed"),
    pytest.mark.skipif(CADDY is None, reason="Caddy is missing: apt-get install caddy"),
]
HSTS = "max-age=63072000; includeSubDomains; preload"


@dataclass
class Installation:
    """A running one."""

    env: dict[str, str]
    folder: Path
    https_port: int
    http_port: int
    web_port: int
    web: subprocess.Popen[bytes]

    @property
    def trusted(self) -> ssl.SSLContext:
        return running.trusting(self.folder / "certificate.pem")

    def log(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture(scope="module")
def static_files() -> None:
    running.collect_static()


@pytest.fixture(scope="module")
def installation(
    static_files: None, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """For all tests that leave it as it was."""
    with installed(tmp_path_factory.mktemp("installation") / "run") as ready:
        yield ready


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    https_port, http_port, web_port = (free_port() for _ in range(3))
    env = running.settings_as_files(folder, https_port=https_port, web_port=web_port)
    proxy = running.proxy_environment(
        folder, https_port=https_port, http_port=http_port, web_port=web_port
    )
    caddy = [str(CADDY), "run", "--adapter=caddyfile", f"--config={DEPLOY / 'Caddyfile'}"]
    log = folder / "log"
    with ExitStack() as stack:
        web = stack.enter_context(running.started(running.entrypoint("web"), env, log))
        stack.enter_context(running.started(caddy, proxy, log))
        ready = Installation(env, folder, https_port, http_port, web_port, web)
        for port in (web_port, https_port, http_port):
            until(partial(listens, port), ready.log)
        yield ready


@pytest.fixture
def link(cluster: IsemecoStandIn, mailbox: ResendStandIn, small_capture: Capture) -> str:
    """The path of a patient's report."""
    practice = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(practice)
    account = connect_to(cluster, practice)
    cluster.add_scan(small_capture, first_name="Testperson Ä", email="patient@example.org")
    return link_in_mail(report_of(discover(account)[0]), mailbox)


def test_a_report_opens_through_the_door(installation: Installation, link: str) -> None:
    port, trusted = installation.https_port, installation.trusted
    gate, page = running.ask(port, trusted, link)
    assert gate.status == 200, installation.log()
    assert b"Testperson" not in page
    assert gate.headers.get_all("Strict-Transport-Security") == [HSTS]
    assert gate.headers.get_all("Server") is None
    opened, _ = running.ask(port, trusted, link, method="POST", **{"Content-Length": "0"})
    cookie = str(opened.headers["Set-Cookie"])
    assert cookie.startswith("__Host-report=")
    assert {"Secure", "HttpOnly"} <= {part.strip() for part in cookie.split(";")}
    report, page = running.ask(port, trusted, link, Cookie=cookie.partition(";")[0])
    assert report.status == 200
    assert "Testperson Ä" in page.decode()
    styles = re.search(r'href="(/static/[^"]+\.[0-9a-f]{12}\.css)"', page.decode())
    assert styles, "static files are not named by their content"
    sheet, _ = running.ask(port, trusted, styles[1], **{"Accept-Encoding": "br"})
    assert sheet.headers["Content-Encoding"] == "br"
    assert "immutable" in sheet.headers["Cache-Control"]
    assert link not in installation.log()


def test_the_door_speaks_tls_1_3_alone(installation: Installation) -> None:
    certificate = installation.folder / "certificate.pem"
    old = running.trusting(certificate, ssl.TLSVersion.TLSv1_2)
    with pytest.raises(ssl.SSLError, match="protocol version"):
        running.ask(installation.https_port, old, "/de/")
    new = running.trusting(certificate, ssl.TLSVersion.TLSv1_3)
    new.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", installation.https_port), 5) as plain,
        new.wrap_socket(plain, server_hostname=running.HOST) as tls,
    ):
        assert tls.version() == "TLSv1.3"
        assert tls.selected_alpn_protocol() == "h2"


def test_plain_http_is_sent_to_https(installation: Installation) -> None:
    connection = HTTPConnection(running.HOST, installation.http_port, timeout=5)
    connection.request("GET", "/de/")
    answer = connection.getresponse()
    assert answer.status == 308
    assert answer.headers["Location"].startswith("https://localhost")
    connection.close()


@pytest.mark.parametrize("path", ["/health/ready", "/metrics", "/metrics/", "/health/ready/"])
def test_what_is_for_this_machine_stays_inside(installation: Installation, path: str) -> None:
    answer, body = running.ask(installation.https_port, installation.trusted, path)
    assert (answer.status, body) == (404, b"")
    assert answer.headers["Strict-Transport-Security"] == HSTS


def test_a_client_cannot_lie_about_its_network(installation: Installation) -> None:
    # Refused by Django, not by the proxy, whatever the client says the proxy had said.
    lies = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "elsewhere.example.org"}
    answer, _ = running.ask(installation.https_port, installation.trusted, "/de/", **lies)
    assert "elsewhere" not in str(answer.headers)
    assert not str(answer.headers.get("Location", "")).startswith("http://")


def test_the_health_check_asks_what_the_application_knows(installation: Installation) -> None:
    try:
        resolve("/health/live")
    except Resolver404:
        assert "answers 404" in running.complaint("web", installation.env)
    else:
        assert running.complaint("web", installation.env) == ""


def test_told_to_end_the_web_server_finishes_what_it_has_begun(
    static_files: None, link: str, tmp_path: Path
) -> None:
    with installed(tmp_path / "run") as own:
        connection = HTTPConnection("127.0.0.1", own.web_port, timeout=20)
        connection.putrequest("POST", link, skip_host=True)
        for name, value in (
            ("Host", running.HOST),
            ("X-Forwarded-Proto", "https"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Length", "20"),
        ):
            connection.putheader(name, value)
        connection.endheaders(b"code=12345")
        # Another request shows that the server had time to take this one.
        running.ask(own.https_port, own.trusted, link)
        own.web.send_signal(signal.SIGTERM)
        until(lambda: not listens(own.web_port), own.log)
        connection.send(b"6789012345")
        answer = connection.getresponse()
        assert answer.status in {200, 302, 303}
        answer.read()
        connection.close()
        assert own.web.wait(PATIENCE_SECONDS) == 0


def test_migrations_workers_and_beat_start_and_end(static_files: None, tmp_path: Path) -> None:
    env = running.settings_as_files(tmp_path / "run", https_port=443, web_port=8000)
    migrated = subprocess.run(
        running.entrypoint("migrate"), env=env, capture_output=True, text=True, check=False
    )
    assert migrated.returncode == 0, migrated.stderr
    del env["DERMALIA_DATABASE_OWNER_URL_FILE"]
    log = tmp_path / "log"
    with (
        running.started(running.entrypoint("worker", "erase"), env, log) as worker,
        running.started(running.entrypoint("beat"), env, log) as beat,
    ):
        for part in ("worker", "beat"):
            until(partial(running.well, part, env), log.read_text)
        for process in (worker, beat):
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0, log.read_text()


def test_without_the_owner_nothing_is_migrated(tmp_path: Path) -> None:
    env = running.settings_as_files(tmp_path / "run", https_port=443, web_port=8000)
    del env["DERMALIA_DATABASE_OWNER_URL_FILE"]
    refused = subprocess.run(
        running.entrypoint("migrate"), env=env, capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert "DERMALIA_DATABASE_OWNER_URL is missing" in refused.stderr
