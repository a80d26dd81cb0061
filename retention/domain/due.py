"""Erasing what is due."""

import math
import time
from contextlib import suppress
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from audit.chain import SYSTEM
from dermalia.tenancy import practice_scope
from retention.domain.due_rows import due_reports, due_scans
from retention.domain.erase import Occupied, request_erasure
from retention.domain.guard import due_number, may_sweep, sweep_of_practice
from retention.domain.settle import settle
from retention.models import DueSweep, Erasure
from scans.models import Scan

BATCH = 100


def erase_due_reports(*, practice_id: int, seconds: float = math.inf) -> int:
    """Request the erasure of everything of the practice whose day has come, unless that is unusual.

    The day is the database's, in Berlin. Each report is a transaction of its own: a sweep that is
    broken off has done what it counted, and the next one goes on. After each batch the guard looks
    again, so that what becomes due in between does not slip through.

    Args:
        seconds: after which it stops with the batch at hand.

    Returns:
        How many erasures were requested.
    """
    until = time.monotonic() + seconds
    settle(practice_id=practice_id)
    requested = 0
    while True:
        batch = _next_batch(practice_id, first=requested == 0)
        if not batch:
            return requested
        went = sum(_erase(practice_id, scan_id) for scan_id in batch)
        requested += went
        # None, where all of them were erased by another sweep, or put off, this very moment.
        if not went or time.monotonic() > until:
            return requested


def _next_batch(practice_id: int, *, first: bool) -> list[UUID]:
    """Ids of scans to erase; empty where nothing is left, or the guard holds the sweep."""
    with practice_scope(practice_id):
        sweep = sweep_of_practice()
        if not may_sweep(sweep):
            return []
        batch = list(
            due_reports().order_by("due_on", "pk").values_list("scan_id", flat=True)[:BATCH]
        )
        batch += due_scans().order_by("due_on", "pk").values_list("pk", flat=True)[:BATCH]
        rows = DueSweep.objects.filter(pk=sweep.pk)
        if batch and first:
            rows.update(began_at=Now(), found=due_number(), done=0)
        if not batch:
            rows.update(ended_at=Now(), confirmed_number=0, confirmed_until=None)
        return batch


def _erase(practice_id: int, scan_id: UUID) -> bool:
    """Whether it went: it may have been erased, restricted or put off since, or be held."""
    with practice_scope(practice_id), suppress(Scan.DoesNotExist, Occupied):
        due = due_reports().filter(scan_id=scan_id).exists()
        if not due and not due_scans().filter(pk=scan_id).exists():
            return False
        scan = Scan.objects.get(pk=scan_id)
        request_erasure(scan=scan, reason=Erasure.Reason.DUE, who=SYSTEM)
        DueSweep.objects.update(done=F("done") + 1)
        return True
    return False
