"""Somebody sits on a row: an erasure waits for seconds only, and is whole or not at all."""

from collections.abc import Iterator

import psycopg
import pytest
from django.test import Client

from audit.chain import SYSTEM
from dermalia.sealing.models import LedgerEntry
from dermalia.tenancy import practice_scope
from practices.models import Practice, User
from reports.models import Report
from retention.domain import erase as module
from retention.domain.due import erase_due_reports
from retention.domain.erase import Occupied, request_erasure
from retention.models import Erasure
from scans.models import Connection, Scan
from tests.conftest import superuser_connection
from tests.retention.rows import add_reports, left
from tests.waiting import long_before


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 1)


@pytest.fixture
def sitter() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with superuser_connection() as server:
        server.autocommit = False
        yield server
        server.rollback()


@pytest.mark.parametrize("table", ["reports_report", "scans_scan"])
def test_it_waits_for_seconds_and_leaves_no_half_state(
    practice: Practice,
    account: Connection,
    sitter: psycopg.Connection[tuple[object, ...]],
    table: str,
) -> None:
    (scan_id,) = add_reports(account, 1, due_in=5)
    sitter.execute(f"SELECT FROM {table} FOR UPDATE".encode())
    with long_before(120), practice_scope(practice.pk):
        scan = Scan.objects.get(pk=scan_id)
        with pytest.raises(Occupied):
            request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=SYSTEM)
        # The transaction it happened in is still good.
        assert Report.objects.filter(scan=scan).exists()
        assert not LedgerEntry.objects.exists()
        assert not Erasure.objects.exists()
    sitter.rollback()
    with practice_scope(practice.pk):
        request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=SYSTEM)
    assert left(practice) == 0


def test_staff_are_told_to_try_again(
    client: Client,
    practice: Practice,
    account: Connection,
    sitter: psycopg.Connection[tuple[object, ...]],
) -> None:
    (scan_id,) = add_reports(account, 1, due_in=5)
    user = User.objects.create(email="a@example.org", practice=practice, role=User.Role.OWNER)
    client.force_login(user)
    sitter.execute("SELECT FROM reports_report FOR UPDATE")
    with practice_scope(practice.pk):
        typed = Scan.objects.get(pk=scan_id).scan_identifier[-4:]
    answer = client.post(f"/en/scans/{scan_id}/erase/", {"confirmation": typed})
    assert answer.status_code == 503
    assert "Nothing was erased" in answer.content.decode()
    words = {"scan": str(scan_id), "confirmation": "erase 1"}
    assert "Nothing was erased" in client.post("/en/scans/erase/", words).content.decode()
    assert left(practice) == 1


def test_a_sweep_leaves_out_what_is_held_and_takes_it_next_time(
    practice: Practice,
    account: Connection,
    sitter: psycopg.Connection[tuple[object, ...]],
) -> None:
    held, _free = add_reports(account, 2, due_in=0)
    sitter.execute("SELECT FROM scans_scan WHERE id = %s FOR UPDATE", [held])
    assert erase_due_reports(practice_id=practice.pk) == 1
    sitter.rollback()
    assert erase_due_reports(practice_id=practice.pk) == 1
    assert left(practice) == 0
