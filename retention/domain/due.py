"""Erasing what is due."""

import math
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from audit.chain import SYSTEM
from dermalia.tenancy import practice_scope
from retention.domain.batches import Errand, request_batch
from retention.domain.due_rows import due_reports, due_scans
from retention.domain.erase import complete_erasures
from retention.domain.guard import due_number, may_sweep, sweep_of_practice
from retention.domain.settle import settle
from retention.models import DueSweep, Erasure
from scans.models import Scan


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the practice's sweep is: erased since it began, and found due then."""

    done: int
    found: int


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
    errand, requested = _Due(), 0
    while True:
        erasures = request_batch(practice_id, errand)
        requested += len(erasures)
        verified = complete_erasures(practice_id=practice_id, erasure_ids=erasures)
        if erasures:
            tell(_progress(practice_id))
        # None, where all of them were erased by another sweep, or put off, this very moment, or
        # where storage keeps what it is told to delete: workers go on with those.
        if not verified or time.monotonic() > until:
            return requested


class _Due(Errand):
    """What is due, for as long as the guard lets it go; the practice's row counts."""

    reason = Erasure.Reason.DUE
    who = SYSTEM

    def __init__(self) -> None:
        self._began = False

    def held(self, number: int, among: Collection[UUID] | None) -> list[Scan]:
        # Those among which it is asked to choose are of a batch that it has just let go.
        if among is None and not self._may_go():
            return []
        return _held_scans(number, among)

    def _may_go(self) -> bool:
        sweep = sweep_of_practice()
        if not may_sweep(sweep):
            return False
        rows = DueSweep.objects.filter(pk=sweep.pk)
        found = due_number()
        if not found:
            rows.update(ended_at=Now(), confirmed_number=0, confirmed_until=None)
            return False
        if not self._began:
            rows.update(began_at=Now(), found=found, done=0)
            self._began = True
        return True

    def requested(self, number: int) -> None:
        DueSweep.objects.update(done=F("done") + number)


def _held_scans(number: int, among: Collection[UUID] | None) -> list[Scan]:
    """The next scans that are due, held; those that somebody else holds are left to the next
    sweep, and so is whatever they are waiting for."""
    reports = due_reports().select_for_update(of=("self",), skip_locked=True)
    scans = due_scans()
    if among is not None:
        reports, scans = reports.filter(scan_id__in=among), scans.filter(pk__in=among)
    ids = list(reports.order_by("due_on", "pk").values_list("scan_id", flat=True)[:number])
    ids += scans.order_by("due_on", "pk").values_list("pk", flat=True)[: number - len(ids)]
    held = Scan.objects.select_for_update(skip_locked=True).filter(pk__in=ids)
    return list(held.order_by("pk"))


def _progress(practice_id: int) -> Progress:
    with practice_scope(practice_id):
        return Progress(*DueSweep.objects.values_list("done", "found").get())
