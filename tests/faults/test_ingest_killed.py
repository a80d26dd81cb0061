"""A worker killed at each checkpoint between scanner and report: whole, once, or not yet."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from audit.chain import first_broken
from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sealing import objects
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from reports.models import Report
from scans.domain.convert import convert_scan
from scans.domain.pull import pull_scan
from scans.models import Asset, Connection, Scan
from tests.conftest import connect_to, discover, release_at_once
from tests.faults.processes import die, killed

PULL, CONVERT = "scans.domain.pull", "scans.domain.convert"


@pytest.fixture
def account(committed: None, cluster: IsemecoStandIn) -> Connection:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(practice)
    return connect_to(cluster, practice)


@pytest.fixture
def scan(account: Connection, cluster: IsemecoStandIn, small_capture: Capture) -> Scan:
    cluster.add_scan(small_capture, email="patient@example.org")
    return discover(account)[0]


def work_off(scan: Scan) -> None:
    """As the next worker does, once the lease of whoever died has run out."""
    with practice_scope(scan.practice_id):
        Scan.objects.update(leased_until=Now() - timedelta(seconds=1), next_attempt_at=Now())
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    convert_scan(practice_id=scan.practice_id, scan_id=scan.pk)


def dies_at_call(number: int, real: Callable[..., object]) -> Callable[..., object]:
    """``real``, until its ``number``th call, which does its work and then dies."""
    calls = 0

    def counting(*given: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        result = real(*given, **named)
        return die() if calls == number else result

    return counting


def dies_after_pieces(number: int, real: Callable[..., Iterator[int]]) -> Callable[..., object]:
    def going(*given: object) -> Iterator[int]:
        for count, size in enumerate(real(*given), start=1):
            yield size
            if count == number:
                die()

    return going


CHECKPOINTS: dict[str, tuple[str, Callable[[], object]]] = {
    "before the manifest is fetched": (f"{PULL}.record_access", lambda: die),
    "when the manifest is there": (f"{PULL}._keep_manifest", lambda: die),
    "when the files' rows are written": (f"{PULL}._reserve", lambda: die),
    "while the first file is put": (f"{PULL}.objects.put", lambda: die),
    "when the first file is put": (f"{PULL}.objects.put", lambda: dies_at_call(1, objects.put)),
    "when the third file is put": (f"{PULL}.objects.put", lambda: dies_at_call(3, objects.put)),
    "before the pull is told": (f"{PULL}.record", lambda: die),
    "before it is converted": (f"{CONVERT}.convert", lambda: die),
    "when the outputs' rows are written": (f"{CONVERT}.objects.put_all", lambda: die),
    "when the second output is put": (
        f"{CONVERT}.objects.put_all",
        lambda: dies_after_pieces(2, objects.put_all),
    ),
    "before the report is made": (f"{CONVERT}.scan_ready.send", lambda: die),
    "while the report is committed": (f"{CONVERT}.finish", lambda: die),
}


@pytest.mark.parametrize("moment", CHECKPOINTS)
def test_killed_at_any_checkpoint_no_half_report_is_there_and_the_next_worker_makes_it_once(
    scan: Scan, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        name, step = CHECKPOINTS[moment]
        dying.setattr(name, step())
        assert killed(lambda: work_off(scan))
    with practice_scope(scan.practice_id):
        assert not Report.objects.exists()  # I7
    work_off(scan)
    with practice_scope(scan.practice_id):
        assert Scan.objects.get().state == Scan.State.READY
        assert Report.objects.count() == 1
        for action in (Action.SCAN_PULLED, Action.SCAN_CONVERTED, Action.REPORT_CREATED):
            assert Entry.objects.filter(action=action).count() == 1, action
        assert first_broken() is None  # I4
    assert_rows_and_objects_agree(scan)


def assert_rows_and_objects_agree(scan: Scan) -> None:
    """I6: every object has a row, every row that says so has its object."""
    with practice_scope(scan.practice_id):
        rows = Asset.objects.filter(scan=scan, stored_at__isnull=False)
        assert not Asset.objects.filter(scan=scan, stored_at=None).exists()
        named = set(rows.values_list("object_name", flat=True))
    assert named == set(objects.list_prefix(scan.prefix))
