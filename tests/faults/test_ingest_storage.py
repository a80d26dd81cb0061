"""Storage that fails, cuts off, lies or hangs while a scan comes in: it arrives whole, or waits."""

import threading

import pytest
from botocore.exceptions import ReadTimeoutError
from django.core.files.storage import storages
from django.db import connections
from django.db.models.functions import Now

from audit.access import record_access
from audit.chain import SYSTEM
from audit.words import Action
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sealing import keys, objects
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.models import Report
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure
from scans.domain.convert import convert_scan
from scans.domain.pull import pull_scan
from scans.models import Asset, Connection, Scan
from tests.conftest import connect_to, discover, release_at_once
from tests.faults.proxy import FaultyStorage
from tests.waiting import until

TRIES = 2


@pytest.fixture
def practice(committed: None) -> Practice:
    made = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(made)
    return made


@pytest.fixture
def account(practice: Practice, cluster: IsemecoStandIn) -> Connection:
    return connect_to(cluster, practice)


@pytest.fixture
def scan(account: Connection, cluster: IsemecoStandIn, small_capture: Capture) -> Scan:
    cluster.add_scan(small_capture, email="patient@example.org")
    return discover(account)[0]


def attempt(scan: Scan) -> Scan:
    """One try at everything; what it raises is in the row as well, for whoever looks."""
    with practice_scope(scan.practice_id):
        Scan.objects.update(next_attempt_at=Now(), quarantined_at=None)
    for step in (pull_scan, convert_scan):
        try:
            step(practice_id=scan.practice_id, scan_id=scan.pk)
        except Exception:  # noqa: BLE001 - whatever it is, the row has to say so
            with practice_scope(scan.practice_id):
                assert Scan.objects.get(pk=scan.pk).last_error
    with practice_scope(scan.practice_id):
        return Scan.objects.get(pk=scan.pk)


def nothing_is_published(scan: Scan) -> bool:
    with practice_scope(scan.practice_id):
        return not Report.objects.exists() and Scan.objects.get(pk=scan.pk).state != "ready"


def every_file_opens(scan: Scan) -> bool:
    with practice_scope(scan.practice_id):
        access = record_access(Action.SCAN_VIEWED, who=SYSTEM)
        key = keys.unlock(scan.key_id, access=access)
        files = list(Asset.objects.filter(scan=scan))
    held = {file.object_name for file in files}
    assert held == set(objects.list_prefix(scan.prefix))  # I6
    return all(len(objects.read_all(key, file.object_name)) == file.bytes for file in files)


def test_storage_that_fails_every_other_time_delays_a_scan_and_loses_nothing(
    scan: Scan, way_to_storage: FaultyStorage
) -> None:
    """Files go up several at once, so which of them fail is chance: it arrives whole or waits."""
    way_to_storage.fails_every = 2
    for _ in range(TRIES):
        arrived = attempt(scan).state == Scan.State.READY
        if arrived:
            break
        assert nothing_is_published(scan)
    assert next(way_to_storage.requests) > 10
    way_to_storage.heal()
    assert arrived or attempt(scan).state == Scan.State.READY
    assert every_file_opens(scan)
    with practice_scope(scan.practice_id):
        assert Report.objects.count() == 1


def test_storage_that_fails_altogether_leaves_the_scan_waiting_with_a_reason(
    scan: Scan, way_to_storage: FaultyStorage
) -> None:
    way_to_storage.fails_every = 1
    waiting = attempt(scan)
    assert (waiting.state, waiting.leased_until) == (Scan.State.PULLED, None)
    assert waiting.last_error
    assert nothing_is_published(scan)
    way_to_storage.heal()
    assert attempt(scan).state == Scan.State.READY
    assert every_file_opens(scan)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_storage_that_says_yes_and_keeps_less_is_not_believed(
    scan: Scan, way_to_storage: FaultyStorage, share: float
) -> None:
    way_to_storage.keeps = share
    waiting = attempt(scan)
    assert waiting.state == Scan.State.PULLED
    assert waiting.last_error
    with practice_scope(scan.practice_id):
        assert not Asset.objects.filter(stored_at__isnull=False).exists()
    way_to_storage.heal()
    assert attempt(scan).state == Scan.State.READY
    assert every_file_opens(scan)


def test_a_put_that_is_cut_off_at_its_end_is_put_again(
    scan: Scan, way_to_storage: FaultyStorage
) -> None:
    way_to_storage.cuts_after = 0.99
    assert attempt(scan).state == Scan.State.PULLED
    assert nothing_is_published(scan)
    assert objects.list_prefix(scan.prefix) == []
    way_to_storage.heal()
    assert attempt(scan).state == Scan.State.READY
    assert every_file_opens(scan)


def test_what_storage_cut_short_is_not_converted_and_never_shown(scan: Scan) -> None:
    """It kept the whole first, as it said, and lost the end of it later."""
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    with practice_scope(scan.practice_id):
        name = Asset.objects.order_by("pk")[0].object_name
    bucket = storages["objects"].bucket  # type: ignore[attr-defined]
    content = bucket.Object(name).get()["Body"].read()
    bucket.put_object(Key=name, Body=content[:-1])
    stuck = attempt(scan)
    assert stuck.state == Scan.State.STORED
    assert stuck.last_error
    assert nothing_is_published(scan)


def test_a_body_that_stops_coming_is_given_up_in_time(
    scan: Scan, way_to_storage: FaultyStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    options = storages["objects"].client_config  # type: ignore[attr-defined]
    # That it is finite is what is looked at; the time itself would only be waited for.
    assert 0 < options.read_timeout < 30
    monkeypatch.setattr(options, "read_timeout", 0.3)
    storages["objects"]._connections.__dict__.clear()  # type: ignore[attr-defined]
    with practice_scope(scan.practice_id):
        key = keys.unlock(scan.key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))
        asset = Asset.objects.order_by("-bytes")[0]
    way_to_storage.stalls = True
    with pytest.raises(ReadTimeoutError):
        objects.read_all(key, asset.object_name)


def test_a_scan_that_hangs_in_storage_holds_up_no_erasure(
    practice: Practice,
    account: Connection,
    cluster: IsemecoStandIn,
    small_capture: Capture,
    way_to_storage: FaultyStorage,
) -> None:
    """Neither by a lock nor by the log: the hanging worker holds no transaction."""
    for _ in range(2):
        cluster.add_scan(small_capture)
    slow, erased = discover(account)
    pull_scan(practice_id=practice.pk, scan_id=erased.pk)
    way_to_storage.holds = True
    hanging = threading.Thread(target=_in_thread, args=(slow,))
    hanging.start()
    try:
        until(lambda: way_to_storage.waiting, "nothing was put")
        with practice_scope(practice.pk):
            scan = Scan.objects.get(pk=erased.pk)
            erasure = request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=SYSTEM)
        complete_erasure(practice_id=practice.pk, erasure_id=erasure.pk)
        assert hanging.is_alive()
        with practice_scope(practice.pk):
            assert Erasure.objects.get(pk=erasure.pk).state == Erasure.State.VERIFIED
            assert Scan.objects.get(pk=slow.pk).leased_until is not None
    finally:
        way_to_storage.heal()
        hanging.join()
    with practice_scope(practice.pk):
        assert Scan.objects.get(pk=slow.pk).state == Scan.State.STORED


def _in_thread(scan: Scan) -> None:
    try:
        pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    finally:
        connections.close_all()
