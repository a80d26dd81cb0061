"""A hundred thousand reports due on one day: swept in batches, with progress to be read meanwhile.

``REPORTS`` and ``WITH_OBJECTS`` may be set. Three figures a second: requests alone, after which
nothing of a report can be read; the whole way to "verified" where storage is asked and holds
nothing, as for all of the hundred thousand; and the whole way with ``OBJECTS`` objects each, for as
many as ``WITH_OBJECTS`` says. Bare are the same rows deleted by plain SQL, one report a
transaction, and the same objects listed, deleted and looked for, report by report.

While the hundred thousand go, others are erased one by one, as somebody would ask for it.
"""

import os
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from benchmarks import bench_erasure, erasure_rows
from benchmarks.harness import report
from benchmarks.services import fresh_services

REPORTS = int(os.environ.get("REPORTS", "100000"))
WITH_OBJECTS = int(os.environ.get("WITH_OBJECTS", "1000"))
OBJECTS = 8
BARE = 200
URGENT = 100


def main() -> None:
    with fresh_services():
        from dermalia.tenancy import practice_scope

        practice_id = erasure_rows.a_practice().pk
        with practice_scope(practice_id):
            connection = erasure_rows.a_connection(practice_id)
        with_objects = whole_way(practice_id, connection, WITH_OBJECTS, objects=OBJECTS)
        with practice_scope(practice_id):
            bare = erasure_rows.due_reports(connection, 2 * BARE)
        erasure_rows.store_small(bare[:BARE], OBJECTS)
        bare_whole = each(bench_erasure.bare, bare[:BARE])
        bare_rows = each(bench_erasure.bare_rows, bare[BARE:])
        with practice_scope(practice_id):
            urgent = erasure_rows.due_reports(connection, URGENT)
        not_due(urgent)
        asking = Asking(urgent)
        watching = Watching(practice_id)
        for thread in (watching, asking):
            thread.start()
        without = whole_way(practice_id, connection, REPORTS, objects=0)
        for thread in (watching, asking):
            thread.stop()
    report(
        "sweep",
        figures={
            "reports": REPORTS,
            "seconds": without.seconds,
            "requests_per_s": REPORTS / without.requesting,
            "verified_per_s": REPORTS / without.seconds,
            "verified_with_objects_per_s": WITH_OBJECTS / with_objects.seconds,
            "progress_seen": len(set(watching.seen)),
            "urgent": len(asking.seconds),
            "urgent_p50_s": statistics.median(asking.seconds),
            "urgent_max_s": max(asking.seconds),
            "bare_rows_ms_each": 1000 * bare_rows,
            "bare_whole_ms_each": 1000 * bare_whole,
        },
        ratios={
            "vs_bare_rows": without.requesting / REPORTS / bare_rows,
            "vs_bare": with_objects.seconds / WITH_OBJECTS / bare_whole,
        },
    )


class Sweep:
    """One sweep, and how long it was at what.

    Attributes:
        seconds: all of it; requesting: the transactions after which nothing can be read.
    """

    def __init__(self, practice_id: int) -> None:
        from retention.domain import batches, due

        self.requesting = 0.0
        self._request = batches.request_batch
        began = time.perf_counter()
        with patch.object(due, "request_batch", self._timed):
            self.went = due.erase_due_reports(practice_id=practice_id)
        self.seconds = time.perf_counter() - began

    def _timed(self, *args: Any, **given: Any) -> Any:
        began = time.perf_counter()
        try:
            return self._request(*args, **given)
        finally:
            self.requesting += time.perf_counter() - began


def whole_way(practice_id: int, connection: Any, number: int, *, objects: int) -> Sweep:
    """Make so many due reports, have the sweep of them confirmed, and sweep."""
    from audit.chain import OPERATOR
    from dermalia.tenancy import practice_scope
    from retention.domain.due import erase_due_reports
    from retention.domain.guard import confirm_sweep, due_number
    from retention.models import Erasure

    with practice_scope(practice_id):
        scans = erasure_rows.due_reports(connection, number)
    if objects:
        erasure_rows.store_small(scans, objects)
    erase_due_reports(practice_id=practice_id)
    with practice_scope(practice_id):
        if not confirm_sweep(number=due_number(), who=OPERATOR):
            raise SystemExit("the sweep was not held, as so many at once must be")
    sweep = Sweep(practice_id)
    ids = {scan.pk for scan in scans}
    with practice_scope(practice_id):
        verified = set(
            Erasure.objects.filter(state=Erasure.State.VERIFIED).values_list("scan_id", flat=True)
        )
    if sweep.went != number or not ids <= verified:
        raise SystemExit(f"{sweep.went} of {number} went, {len(ids & verified)} verified")
    return sweep


def each(way: Callable[[Any], object], scans: list[Any]) -> float:
    """Seconds for one of them."""
    began = time.perf_counter()
    for scan in scans:
        way(scan)
    return (time.perf_counter() - began) / len(scans)


def not_due(scans: list[Any]) -> None:
    """Theirs is another day: whoever asks for them asks for each by itself."""
    from datetime import timedelta

    from django.utils import timezone

    from dermalia.tenancy import practice_scope
    from reports.models import Report

    with practice_scope(scans[0].practice_id):
        later = timezone.localdate() + timedelta(days=30)
        Report.objects.filter(scan_id__in=[scan.pk for scan in scans]).update(due_on=later)


class Beside(threading.Thread):
    """Does something again and again while something else goes on."""

    def __init__(self, every: float) -> None:
        super().__init__(daemon=True)
        self._every = every
        self._over = threading.Event()

    def run(self) -> None:
        from django.db import connections

        while not self._over.wait(self._every):
            self.turn()
        connections.close_all()

    def turn(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self._over.set()
        self.join()


class Watching(Beside):
    """Looks at the progress as a page would, once a second."""

    def __init__(self, practice_id: int) -> None:
        super().__init__(1)
        self.seen: list[int] = []
        self._practice_id = practice_id

    def turn(self) -> None:
        from dermalia.tenancy import practice_scope
        from retention.models import DueSweep

        with practice_scope(self._practice_id):
            row = DueSweep.objects.get()
        if row.done not in self.seen:
            print(f"{row.done:8} of {row.found}", flush=True)
        self.seen.append(row.done)


class Asking(Beside):
    """Has one report after the other erased, from the request to "verified"."""

    def __init__(self, scans: list[Any]) -> None:
        super().__init__(2)
        self.seconds: list[float] = []
        self._scans = scans

    def turn(self) -> None:
        if not self._scans:
            return
        began = time.perf_counter()
        bench_erasure.ours(self._scans.pop())
        self.seconds.append(time.perf_counter() - began)


if __name__ == "__main__":
    main()
