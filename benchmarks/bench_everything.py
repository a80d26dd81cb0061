"""Everything of a practice, and rows that a backup brought back: in batches beside one by one.

``REPORTS`` may be set: so many of each, with ``OBJECTS`` files. "One by one" is the same way from
the request to "verified" for ``ALONE`` reports like them, each in transactions and requests of its
own; they go by turns, some before and some after, as a machine's pace changes within a run.
"""

import os
import time
from collections.abc import Callable
from typing import Any

from benchmarks import bench_erasure, erasure_rows
from benchmarks.harness import report
from benchmarks.services import fresh_services

REPORTS = int(os.environ.get("REPORTS", "1000"))
ALONE = 60  # at each of three turns
OBJECTS = 4


def main() -> None:
    with fresh_services():
        from dermalia.tenancy import practice_scope

        practice_id = erasure_rows.a_practice().pk
        with practice_scope(practice_id):
            connection = erasure_rows.a_connection(practice_id)
        alone = [one_by_one(connection)]
        came_back = seconds(lambda scans: replayed(practice_id, scans), connection)
        alone.append(one_by_one(connection))
        everything = seconds(lambda scans: ordered(practice_id, scans), connection)
        alone.append(one_by_one(connection))
    each = sorted(alone)[1]
    report(
        "everything",
        figures={
            "reports": REPORTS,
            "one_by_one_per_s": 1 / each,
            "everything_per_s": REPORTS / everything,
            "erased_again_per_s": REPORTS / came_back,
        },
        ratios={
            "everything_vs_one_by_one": everything / REPORTS / each,
            "erased_again_vs_one_by_one": came_back / REPORTS / each,
        },
    )


def seconds(work: Callable[[list[Any]], None], connection: Any) -> float:
    scans = stored(connection, REPORTS)
    began = time.perf_counter()
    work(scans)
    took = time.perf_counter() - began
    require_verified(scans)
    return took


def ordered(practice_id: int, _: list[Any]) -> None:
    """An order for everything, worked off slice by slice."""
    from audit.chain import OPERATOR
    from closing.domain.everything import go_on, order_everything
    from closing.models import Everything
    from dermalia.tenancy import practice_scope

    with practice_scope(practice_id):
        kind = Everything.Kind.DATASET
        order = order_everything(practice_id=practice_id, kind=kind, who=OPERATOR)
    while order.state != Everything.State.VERIFIED:
        go_on(practice_id=practice_id, order_id=order.pk)
        with practice_scope(practice_id):
            order.refresh_from_db()


def replayed(practice_id: int, scans: list[Any]) -> None:
    """The ledger has all of them."""
    from backups.domain.replay import complete, replay
    from backups.ledger import Fact

    ledger = [
        Fact(practice_id, scan.key_id, 1_790_000_000, scan.key_id.bytes * 2) for scan in scans
    ]
    if complete(replay(ledger).erasures):
        raise SystemExit("not all of them were verified")


def one_by_one(connection: Any) -> float:
    """Seconds for one of them."""
    scans = stored(connection, ALONE)
    began = time.perf_counter()
    for scan in scans:
        bench_erasure.ours(scan)
    return (time.perf_counter() - began) / ALONE


def stored(connection: Any, number: int) -> list[Any]:
    from dermalia.tenancy import practice_scope

    with practice_scope(connection.practice_id):
        scans = erasure_rows.due_reports(connection, number)
    erasure_rows.store_small(scans, OBJECTS)
    return scans


def require_verified(scans: list[Any]) -> None:
    from dermalia.tenancy import practice_scope
    from retention.models import Erasure

    with practice_scope(scans[0].practice_id):
        rows = Erasure.objects.filter(state=Erasure.State.VERIFIED)
        verified = set(rows.values_list("scan_id", flat=True))
    missing = {scan.pk for scan in scans} - verified
    if missing:
        raise SystemExit(f"{len(missing)} erasures were not verified")


if __name__ == "__main__":
    main()
