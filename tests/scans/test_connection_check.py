"""Trying a connection out: a line per step, a sentence to act on, nothing kept."""

import io
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override
from pytest_django import Settings

from audit.chain import OPERATOR
from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.isemeco import IsemecoStandIn, export_capture
from dermalia.tenancy import practice_scope
from practices.models import Practice
from scans.domain.connection_check import Line, Step, check_connection
from scans.models import Asset, Connection, Scan
from tests.residency.lines import Resolver, listening
from tests.scans.exports import RECORDING, entry, rewrite

CLUSTER = [
    Step.HOST,
    Step.NAME,
    Step.TLS,
    Step.CREDENTIALS,
    Step.SERIAL,
    Step.LIST,
    Step.SAMPLE,
    Step.CHECKSUM,
]


def check(connection: Connection, serial: str = "") -> list[Line]:
    return list(check_connection(connection=connection, who=OPERATOR, serial=serial))


def failed_at(connection: Connection, step: Step, serial: str = "") -> str:
    """The sentence of the last line, which is the only one that failed."""
    *before, last = check(connection, serial)
    assert all(line.ok for line in before)
    assert (last.step, last.ok) == (step, False)
    with override("en"):
        return str(last.sentence)


def test_a_connection_that_works_is_ok_at_every_step(
    account: Connection, cluster: IsemecoStandIn
) -> None:
    cluster.add_scan(RECORDING, first_name="Testperson Ä", email="patient@example.org")
    lines = check(account, serial="sandbox-0001")
    assert [(line.step, line.ok) for line in lines] == [(step, True) for step in CLUSTER]
    assert all(str(line.sentence) and line.milliseconds >= 0 for line in lines)
    assert "Testperson" not in "".join(str(line.sentence) for line in lines)


def test_nothing_is_kept_but_one_entry_in_the_log(
    account: Connection, cluster: IsemecoStandIn
) -> None:
    cluster.add_scan(RECORDING, first_name="Testperson Ä")
    check(account)
    with practice_scope(account.practice_id):
        assert (Scan.objects.count(), Asset.objects.count()) == (0, 0)
        assert [entry.action for entry in Entry.objects.all()] == [Action.CONNECTION_TESTED]
        fresh = Connection.objects.get()
    assert (fresh.cursor, fresh.last_listed_at) == (account.cursor, account.last_listed_at)


@pytest.mark.usefixtures("cluster")
def test_a_scanner_that_took_no_scan_yet_is_told_to(account: Connection) -> None:
    last = check(account)[-1]
    assert (last.step, last.ok) == (Step.LIST, True)
    with override("en"):
        assert "Take one" in str(last.sentence)


def test_sentences_follow_the_reader_s_language(account: Connection) -> None:
    line = check(account)[0]
    with override("de"):
        german = str(line.sentence), str(line.step.label)
    with override("en"):
        assert german != (str(line.sentence), str(line.step.label))


@pytest.mark.usefixtures("cluster")
def test_a_host_outside_the_register_ends_it(account: Connection, settings: Settings) -> None:
    settings.SANDBOX_ORIGINS = []
    assert "register" in failed_at(account, Step.HOST)


@pytest.fixture
def elsewhere(account: Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    """The account is at the real name, which a resolver of the test's own looks up."""
    account.base_url = "https://eu.isemeco.com"
    with monkeypatch.context() as patch:
        resolver = Resolver()
        patch.setattr(socket, "getaddrinfo", resolver.getaddrinfo)
        yield resolver


@pytest.mark.usefixtures("elsewhere")
def test_a_name_that_is_not_found_ends_it(account: Connection) -> None:
    assert "DNS" in failed_at(account, Step.NAME)


def test_a_name_that_leads_inside_ends_it(account: Connection, elsewhere: Resolver) -> None:
    elsewhere.answers["eu.isemeco.com"] = [["169.254.169.254"]]
    assert "must not be called" in failed_at(account, Step.NAME)


def test_a_peer_that_does_not_speak_tls_ends_it(
    account: Connection, elsewhere: Resolver, settings: Settings
) -> None:
    def serve(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listening(serve) as (port, _):
        account.base_url = f"https://eu.isemeco.com:{port}"
        settings.SANDBOX_ORIGINS = [account.base_url]
        elsewhere.answers["eu.isemeco.com"] = [["127.0.0.1"]]
        assert "firewall" in failed_at(account, Step.TLS)


def test_wrong_access_data_end_it(account: Connection, cluster: IsemecoStandIn) -> None:
    cluster._credentials = ("dermalia", "changed since")
    assert "Enter them again" in failed_at(account, Step.CREDENTIALS)


def test_another_scanner_s_access_data_end_it(account: Connection) -> None:
    assert "SANDBOX-0001" in failed_at(account, Step.SERIAL, serial="D-2")


@pytest.mark.parametrize(
    ("fault", "scope", "step", "told"),
    [
        ("redirect", "scans", Step.LIST, "never follow"),
        ("redirect", "asset", Step.SAMPLE, "never follow"),
        ("busy", "token", Step.CREDENTIALS, "busy"),
        ("busy", "manifest", Step.SAMPLE, "busy"),
        ("corrupt", "asset", Step.CHECKSUM, "damaged"),
        ("status", "device", Step.SERIAL, "test again"),
        ("unauthorised", "scans", Step.LIST, "test again"),
    ],
)
def test_every_fault_ends_at_its_step(
    account: Connection,
    cluster: IsemecoStandIn,
    fault: str,
    scope: str,
    step: Step,
    told: str,
) -> None:
    cluster.add_scan(RECORDING)
    amount = 60 if fault == "busy" else None
    cluster.faults.arm(fault, on=scope, times=None, amount=amount)
    assert told in failed_at(account, step)


# A watched folder


def test_a_folder_that_works_is_ok_at_every_step(watched: Connection, exports: Path) -> None:
    path = export_capture(RECORDING, exports, scan_id="scan-1")
    lines = check(watched)
    assert [(line.step, line.ok) for line in lines] == [
        (Step.FOLDER, True),
        (Step.LIST, True),
        (Step.SAMPLE, True),
        (Step.CHECKSUM, True),
    ]
    assert path.exists()


def test_a_folder_that_is_not_there_ends_it(watched: Connection, exports: Path) -> None:
    exports.rename(exports.with_name("unmounted"))
    assert "folder" in failed_at(watched, Step.FOLDER)


def test_a_folder_that_cannot_be_written_to_ends_it(watched: Connection, exports: Path) -> None:
    (exports / "failed").write_text("in the way")
    assert "folder" in failed_at(watched, Step.FOLDER)


def test_a_damaged_export_is_not_listed(watched: Connection, exports: Path) -> None:
    path = export_capture(RECORDING, exports, scan_id="scan-1")
    rewrite(path, assets=[entry("face.obj", b"!" * 1600)])
    assert check(watched)[-1].step == Step.LIST


# The command


def run(practice_id: int) -> str:
    out = io.StringIO()
    call_command("test_connection", practice_id, stdout=out)
    return out.getvalue()


def test_the_command_prints_a_line_per_step(account: Connection, cluster: IsemecoStandIn) -> None:
    cluster.add_scan(RECORDING)
    lines = run(account.practice_id).splitlines()
    assert len(lines) == len(CLUSTER)
    assert all(line.startswith("ok ") for line in lines)


def test_the_command_fails_where_the_connection_does(
    account: Connection, cluster: IsemecoStandIn
) -> None:
    cluster._credentials = ("dermalia", "changed since")
    with pytest.raises(CommandError, match="does not work"):
        run(account.practice_id)


@pytest.mark.usefixtures("db")
def test_the_command_says_what_it_cannot_find(practice: Practice) -> None:
    with pytest.raises(CommandError, match="no connection"):
        run(practice.pk)
    with pytest.raises(CommandError, match="no practice"):
        run(practice.pk + 1)
