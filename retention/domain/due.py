"""Erasing what is due."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from audit.chain import SYSTEM
from dermalia.tenancy import practice_scope
from retention.domain.due_rows import due_reports, due_scans
from retention.domain.erase import (
    Occupied,
    complete_erasures,
    request_erasure,
    request_erasures,
)
from retention.domain.guard import due_number, may_sweep, sweep_of_practice
from retention.domain.settle import settle
from retention.models import DueSweep, Erasure
from scans.models import Scan

# Reports in one transaction, and names in few requests to storage. Larger ones are no faster, and
# keep others from the practice's log for longer.
BATCH = 200


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the practice's sweep is: erased since it began, and found due then."""

    done: int
    found: int


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one transaction requested, and what it could not because somebody held on to it."""

    erasures: Sequence[UUID] = ()
    occupied: Sequence[UUID] = field(default=())


def erase_due_reports(
    *,
    practice_id: int,
    seconds: float = math.inf,
    tell: Callable[[Progress], object] = lambda _: None,
) -> int:
    """Erase everything of the practice whose day has come, unless that is unusual.

    The day is the database's, in Berlin. Batches follow each other: from the commit of one nothing
    in it can be read any more, and only when its objects are gone comes the next. A sweep that is
    broken off has done what it counted, and the next one goes on. Before each batch the guard
    looks again, so that what becomes due in between does not slip through.

    Args:
        seconds: after which it stops with the batch at hand.
        tell: is called after each batch.

    Returns:
        How many erasures were requested.
    """
    until = time.monotonic() + seconds
    settle(practice_id=practice_id)
    requested = 0
    while True:
        batch = _request_batch(practice_id, first=requested == 0)
        alone = [one for scan_id in batch.occupied if (one := _request(practice_id, scan_id))]
        erasures = [*batch.erasures, *alone]
        requested += len(erasures)
        verified = complete_erasures(practice_id=practice_id, erasure_ids=erasures)
        if erasures:
            tell(_progress(practice_id))
        # None, where all of them were erased by another sweep, or put off, this very moment, or
        # where storage keeps what it is told to delete: workers go on with those.
        if not verified or time.monotonic() > until:
            return requested


def _request_batch(practice_id: int, *, first: bool) -> _Batch:
    """In one transaction; empty where nothing is left, somebody holds it, or the guard does."""
    with practice_scope(practice_id):
        sweep = sweep_of_practice()
        if not may_sweep(sweep):
            return _Batch()
        rows = DueSweep.objects.filter(pk=sweep.pk)
        found = due_number()
        if not found:
            rows.update(ended_at=Now(), confirmed_number=0, confirmed_until=None)
            return _Batch()
        if first:
            rows.update(began_at=Now(), found=found, done=0)
        scans = _held_scans()
        try:
            erasures = request_erasures(scans=scans, reason=Erasure.Reason.DUE, who=SYSTEM)
        except Occupied:
            return _Batch(occupied=[scan.pk for scan in scans])
        rows.update(done=F("done") + len(erasures))
        return _Batch(erasures=[erasure.pk for erasure in erasures])


def _held_scans() -> list[Scan]:
    """The next scans that are due, held; those that somebody else holds are left to the next
    sweep, and so is whatever they are waiting for."""
    reports = due_reports().select_for_update(of=("self",), skip_locked=True)
    ids = list(reports.order_by("due_on", "pk").values_list("scan_id", flat=True)[:BATCH])
    scans = due_scans().order_by("due_on", "pk").values_list("pk", flat=True)
    ids += scans[: BATCH - len(ids)]
    held = Scan.objects.select_for_update(skip_locked=True).filter(pk__in=ids)
    return list(held.order_by("pk"))


def _request(practice_id: int, scan_id: UUID) -> UUID | None:
    """By itself; None where it was erased, restricted or put off since, or is still held."""
    with practice_scope(practice_id), suppress(Scan.DoesNotExist, Occupied):
        due = due_reports().filter(scan_id=scan_id).exists()
        if not due and not due_scans().filter(pk=scan_id).exists():
            return None
        scan = Scan.objects.get(pk=scan_id)
        erasure = request_erasure(scan=scan, reason=Erasure.Reason.DUE, who=SYSTEM)
        DueSweep.objects.update(done=F("done") + 1)
        return erasure.pk
    return None


def _progress(practice_id: int) -> Progress:
    with practice_scope(practice_id):
        return Progress(*DueSweep.objects.values_list("done", "found").get())
