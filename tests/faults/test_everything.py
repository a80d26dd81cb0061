"""An order for everything is cut off, held up or lied to: each scan goes once, and is said once."""

import threading
from contextlib import suppress
from uuid import UUID

import pytest
from botocore.exceptions import ClientError
from django.db import connections
from django.db.models.functions import Now

from audit.chain import SYSTEM
from closing.domain import everything
from closing.domain.everything import go_on
from closing.models import Everything
from dermalia.sealing import objects
from dermalia.sealing.models import LedgerEntry, ReportKey
from dermalia.tenancy import practice_scope
from dermalia.work.lease import BACKOFF_SECONDS
from practices.models import Practice
from reports.models import Report
from retention.domain import batches, removal
from retention.domain.batches import request_batch
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure
from scans.models import Connection, Scan
from tests.closing.conftest import again, ordered, worked_off
from tests.faults.processes import die, killed
from tests.faults.proxy import FaultyStorage
from tests.faults.test_sweep import AFTER, BEFORE, DOMAIN, add_due, told, waiting, work_off
from tests.retention.rows import left
from tests.retention.test_sweep import beside

CLOSE = Everything.Kind.CONTRACT


def slice_of(order: Everything, *, seconds: float = 60) -> None:
    go_on(practice_id=order.practice_id, order_id=order.pk, seconds=seconds)


def receipts(order: Everything) -> set[str]:
    """States of the order's receipts."""
    with practice_scope(order.practice_id):
        return set(Erasure.objects.filter(batch=order.pk).values_list("state", flat=True))


@pytest.mark.parametrize("kind", [Everything.Kind.DATASET, CLOSE])
@pytest.mark.parametrize("moment", AFTER)
def test_killed_while_deleting_the_batch_is_unreadable_and_verified_in_the_end(
    practice: Practice,
    account: Connection,
    moment: str,
    kind: Everything.Kind,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scans = add_due(account, 4)
    order = ordered(practice, kind)
    with monkeypatch.context() as dying:
        name, step = AFTER[moment]
        dying.setattr(f"{DOMAIN}.{name}", step)
        assert killed(lambda: slice_of(order))
    assert left(practice) == 0
    assert told(practice) == (4, 0)
    with practice_scope(practice.pk):
        assert not ReportKey.objects.exists()
        assert LedgerEntry.objects.count() == 4
    work_off(practice)
    order = worked_off(again(order))
    assert told(practice) == (4, 4)
    assert receipts(order) == {Erasure.State.VERIFIED}
    assert all(objects.is_empty(scan.prefix) for scan in scans)


@pytest.mark.parametrize("step", BEFORE)
def test_killed_while_requesting_nothing_of_the_batch_has_happened(
    practice: Practice, account: Connection, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_due(account, 3)
    order = ordered(practice)
    with monkeypatch.context() as dying:
        dying.setattr(f"{DOMAIN}.removal.{step}", die)
        assert killed(lambda: slice_of(order))
    assert left(practice) == 3
    with practice_scope(practice.pk):
        assert ReportKey.objects.count() == Report.objects.count() == 3
        assert not Erasure.objects.exists()
    assert told(practice) == (0, 0)
    worked_off(again(order))
    assert told(practice) == (3, 3)


def test_killed_between_two_batches_another_worker_goes_on_and_erases_each_once(
    practice: Practice, account: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    add_due(account, 6)
    order = ordered(practice)
    with monkeypatch.context() as dying:
        number = []

        def third_kills(*given: object) -> object:
            number.append(1)
            return die() if len(number) == 3 else request_batch(*given)  # type: ignore[arg-type]

        dying.setattr(everything, "request_batch", third_kills)
        assert killed(lambda: slice_of(order))
    assert left(practice) == 2
    assert told(practice) == (4, 4)
    worked_off(again(order))
    assert told(practice) == (6, 6)


def test_a_slice_ends_with_the_batch_at_hand_and_gives_the_queue_to_others(
    practice: Practice, account: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    add_due(account, 5)
    order = ordered(practice)
    for gone in (2, 4, 5):
        slice_of(order, seconds=0)
        assert told(practice) == (gone, gone)
        order = again(order)
        assert (order.state, order.leased_by) == (Everything.State.ERASING, "")
    assert worked_off(order).state == Everything.State.VERIFIED


@pytest.mark.parametrize("moment", ["before the log is written", "while objects are deleted"])
def test_an_erasure_that_somebody_asks_for_is_held_up_by_no_batch(
    practice: Practice, account: Connection, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    urgent = add_due(account, 5)[-1]  # in the order of their ids: not in the first batch
    order = ordered(practice)
    module, name = {
        "before the log is written": (removal, "record_all"),
        "while objects are deleted": (everything, "complete_erasures"),
    }[moment]
    step = getattr(module, name)
    interrupted: list[str] = []

    def between() -> None:
        with practice_scope(practice.pk):
            erasure = request_erasure(scan=urgent, reason=Erasure.Reason.STAFF, who=SYSTEM)
        complete_erasure(practice_id=practice.pk, erasure_id=erasure.pk)
        with practice_scope(practice.pk):
            erasure.refresh_from_db()
        assert (erasure.state, erasure.batch) == (Erasure.State.VERIFIED, None)

    def interrupting(*args: object, **given: object) -> object:
        if not interrupted:
            interrupted.append(moment)
            beside(between)
        return step(*args, **given)

    monkeypatch.setattr(module, name, interrupting)
    worked_off(order)
    assert interrupted == [moment]
    assert told(practice) == (5, 5)


def test_a_report_restricted_between_two_batches_stays(
    practice: Practice, account: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 1)
    scans = add_due(account, 2)
    order = ordered(practice)

    def restricts_the_other(*given: object) -> object:
        with practice_scope(practice.pk):
            Report.objects.filter(scan=scans[1]).update(
                restricted_at=Now(), restriction=Report.Restriction.CLAIMS
            )
        return request_batch(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(everything, "request_batch", restricts_the_other)
    worked_off(order)
    with practice_scope(practice.pk):
        assert list(Scan.objects.values_list("pk", flat=True)) == [scans[1].pk]


def test_a_report_that_is_being_restricted_just_then_stays_and_the_others_go(
    practice: Practice, account: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else sees the restriction when the batch is chosen; it counts when rows go."""
    scans = add_due(account, 3)
    order = ordered(practice)
    restricted, go = threading.Event(), threading.Event()

    def restrict() -> None:
        with practice_scope(practice.pk):
            Report.objects.filter(scan=scans[1]).update(
                restricted_at=Now(), restriction=Report.Restriction.CLAIMS
            )
            restricted.set()
            assert go.wait(30)
        connections.close_all()

    somebody = threading.Thread(target=restrict)
    real = removal._held_reports

    def after_the_commit(scan_ids: list[UUID]) -> dict[UUID, Report]:
        go.set()
        somebody.join(30)
        return real(scan_ids)

    monkeypatch.setattr(removal, "_held_reports", after_the_commit)
    somebody.start()
    assert restricted.wait(30)
    assert worked_off(order).state == Everything.State.VERIFIED
    assert told(practice) == (2, 2)
    with practice_scope(practice.pk):
        assert list(Scan.objects.values_list("pk", flat=True)) == [scans[1].pk]


def test_one_scan_that_somebody_holds_keeps_back_no_other(
    practice: Practice, account: Connection
) -> None:
    scans = add_due(account, 3)
    order = ordered(practice, CLOSE)
    with practice_scope(practice.pk):
        Scan.objects.select_for_update().get(pk=scans[1].pk)
        beside(lambda: slice_of(order))
        assert told(practice) == (2, 2)
    assert worked_off(again(order)).state == Everything.State.VERIFIED
    assert told(practice) == (3, 3)


def test_while_storage_is_away_every_key_goes_and_no_receipt_says_verified(
    practice: Practice,
    account: Connection,
    way_to_storage: FaultyStorage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    scans = add_due(account, 5)
    order = ordered(practice)
    way_to_storage.fails_every = 1
    slice_of(order)
    assert again(order).state == Everything.State.CLEARING
    with practice_scope(practice.pk):
        assert not ReportKey.objects.exists()
        assert LedgerEntry.objects.count() == 5
    assert told(practice) == (5, 0)
    assert sum(erasure.failures for erasure in waiting(practice)) == 2  # the first batch's alone
    way_to_storage.fails_every = 0
    work_off(practice)
    worked_off(again(order))
    assert told(practice) == (5, 5)
    assert all(objects.is_empty(scan.prefix) for scan in scans)


def test_however_often_storage_refuses_the_order_is_never_given_up(
    practice: Practice, account: Connection, way_to_storage: FaultyStorage
) -> None:
    add_due(account, 1)
    order = ordered(practice)
    way_to_storage.fails_every = 1
    for _ in range(len(BACKOFF_SECONDS) + 2):
        with suppress(ClientError):  # from the second time on
            slice_of(order)
        order = again(order)
    assert order.failures > len(BACKOFF_SECONDS)
    assert order.quarantined_at is None
    way_to_storage.fails_every = 0
    assert worked_off(order).state == Everything.State.VERIFIED


def test_an_erasure_over_which_a_worker_died_is_tried_alone(
    practice: Practice, account: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker is there: the order itself takes up what another left in the middle."""
    add_due(account, 3)
    order = ordered(practice)
    with monkeypatch.context() as dying:
        dying.setattr(f"{DOMAIN}.erase.objects.delete_prefixes", die)
        assert killed(lambda: slice_of(order))
    with practice_scope(practice.pk):
        Erasure.objects.update(leased_until=Now())
    order = again(order)
    alone: list[str] = []
    delete = objects.delete_prefix

    def seen(prefix: str) -> int:
        alone.append(prefix)
        return delete(prefix)

    monkeypatch.setattr(objects, "delete_prefix", seen)
    worked_off(order)
    assert len(alone) == 3
    assert told(practice) == (3, 3)
