"""A hundred thousand reports due on one day: swept in batches, with progress to be read meanwhile.

``REPORTS`` may be set. Figures are of the requests, after which nothing of a report can be read;
the objects are deleted by the workers afterwards (see ``bench_erasure``). Bare are the same rows
deleted by plain SQL, one report a transaction, measured on a share of them.
"""

import os
import threading
import time
from typing import Any

from benchmarks import erasure_rows
from benchmarks.bench_erasure import BY_SCAN
from benchmarks.harness import report
from benchmarks.services import fresh_services

REPORTS = int(os.environ.get("REPORTS", "100000"))
BARE = max(REPORTS // 50, 200)


def main() -> None:
    with fresh_services():
        from dermalia.tenancy import practice_scope
        from retention.domain.due import erase_due_reports
        from retention.domain.guard import confirm_sweep, due_number
        from retention.models import Erasure

        practice_id = erasure_rows.a_practice().pk
        with practice_scope(practice_id):
            connection = erasure_rows.a_connection(practice_id)
            spare = erasure_rows.due_reports(connection, BARE)
        bare_each = bare(practice_id, spare) / BARE
        with practice_scope(practice_id):
            erasure_rows.due_reports(connection, REPORTS)
            erase_due_reports(practice_id=practice_id)
        with practice_scope(practice_id):
            from audit.chain import OPERATOR

            if not confirm_sweep(number=due_number(), who=OPERATOR):
                raise SystemExit("the sweep was not held, as so many at once must be")
        watching = Watching(practice_id)
        watching.start()
        began = time.perf_counter()
        went = erase_due_reports(practice_id=practice_id)
        seconds = time.perf_counter() - began
        watching.stop()
        with practice_scope(practice_id):
            if went != REPORTS or Erasure.objects.count() != REPORTS:
                raise SystemExit(f"{went} of {REPORTS} went")
    report(
        "sweep",
        figures={
            "reports": REPORTS,
            "seconds": seconds,
            "reports_per_s": REPORTS / seconds,
            "progress_seen": len(set(watching.seen)),
            "bare_ms_each": 1000 * bare_each,
        },
        ratios={"vs_bare": seconds / REPORTS / bare_each},
    )


class Watching(threading.Thread):
    """Looks at the progress as a page would, once a second."""

    def __init__(self, practice_id: int) -> None:
        super().__init__(daemon=True)
        self.seen: list[int] = []
        self._practice_id = practice_id
        self._over = threading.Event()

    def run(self) -> None:
        from django.db import connections

        from dermalia.tenancy import practice_scope
        from retention.models import DueSweep

        while not self._over.wait(1):
            with practice_scope(self._practice_id):
                row = DueSweep.objects.get()
            self.seen.append(row.done)
            print(f"{row.done:8} of {row.found}")
        connections.close_all()

    def stop(self) -> None:
        self._over.set()
        self.join()


def bare(practice_id: int, scans: list[Any]) -> float:
    from django.db import connection

    from dermalia.tenancy import practice_scope

    began = time.perf_counter()
    for scan in scans:
        with practice_scope(practice_id), connection.cursor() as cursor:
            cursor.execute("DELETE FROM keystore.report_key WHERE id = %s", [scan.key_id])
            cursor.execute(
                "INSERT INTO keystore.erasure_ledger (practice_id, key_id) VALUES (%s, %s)",
                [practice_id, scan.key_id],
            )
            for statement in BY_SCAN:
                cursor.execute(statement, [scan.pk])
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
