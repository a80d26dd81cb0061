"""A patient's report on a practice's own server, and every connection that was tried for it."""

import socket
import ssl
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest

from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import export_capture
from tests.deploy import running
from tests.embedded.conftest import processes_of
from tests.local.server import LINK, PracticeServer, remote_ends
from tests.mail.smtp_server import SmtpServer

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("services")]

# What an owner does on pages before the first patient: tests of onboarding go that way.
LIVE = """
from datetime import date
from audit.chain import OPERATOR
from onboarding.domain.going_live import mark_live
from dermalia.tenancy import practice_scope
from practices.models import Practice
practice = Practice.objects.get()
practice.release, practice.default_purpose = "at_once", "medical"
practice.standing_basis, practice.standing_basis_on = "treatment", date(2026, 1, 1)
practice.standing_basis_version = "2026-01"
practice.save()
with practice_scope(practice.pk):
    mark_live(practice, who=OPERATOR)
print(practice.pk)
"""


def is_here(place: object) -> bool:
    """Whether a note of the watcher's is of this machine: a socket's file, loopback, its name."""
    if isinstance(place, str):  # of a socket's file, or looked up
        return place.startswith("/") or place in {"localhost", "127.0.0.1", socket.gethostname()}
    assert isinstance(place, list)
    return place[0] in {"localhost", None} or ip_address(place[0]).is_loopback


def test_nothing_is_called_but_this_machine_and_the_mail_server(
    tmp_path: Path, authority: Path, mail: SmtpServer, small_capture: Capture
) -> None:
    server = PracticeServer(tmp_path / "practice")
    ends: set[IPv4Address | IPv6Address] = set()
    with server.up(*server.flags(mail, authority)):
        ends |= remote_ends(processes_of(server.data))
        practice = server.python(LIVE).strip()
        export_capture(
            small_capture,
            server.exports,
            scan_id="scan-1",
            first_name="Testperson Ä",
            email="patient@example.org",
        )
        letter = server.until(lambda: next((m for m in mail.mails if "patient" in m["To"]), None))
        ends |= remote_ends(processes_of(server.data))
        text = letter.get_body(("plain",))
        assert text is not None
        link = LINK.search(text.get_content())
        assert link is not None
        assert link.group().startswith(server.address)
        path = link.group().removeprefix(server.address)
        read_report(server, path)
        moved = server.manage("up", "--address=https://localhost:1", check=False)
        assert "stop it, then change it" in moved.stderr
        server.manage("erase_scan", practice, "scan-1")
        assert server.ask(path)[0].status == 410
    ways = server.ways_out()
    assert [way for way in ways if not is_here(way[1])] == []
    connected = [place for event, place in ways if event == "socket.connect"]
    assert ["127.0.0.1", mail.port] in connected
    assert ends
    assert {end for end in ends if not (end.is_loopback or end.is_unspecified)} == set()


def read_report(server: PracticeServer, path: str) -> None:
    """As a browser does: gate, button, page."""
    with pytest.raises(ssl.SSLError, match="protocol version"):
        running.ask(server.https_port, server.trusted(ssl.TLSVersion.TLSv1_2), path)
    gate, page = server.ask(path)
    assert gate.status == 200
    assert "max-age=" in gate.headers["Strict-Transport-Security"]
    assert b"Testperson" not in page
    opened, _ = server.ask(path, method="POST", **{"Content-Length": "0"})
    cookie = str(opened.headers["Set-Cookie"])
    assert "Secure" in cookie
    report, page = server.ask(path, Cookie=cookie.partition(";")[0])
    assert report.status == 200
    assert "Testperson Ä" in page.decode()
