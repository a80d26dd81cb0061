"""Erasing reports of 200 MB, from the request to "verified", beside the bare cost of the same.

Bare are the same requests to storage (list, delete, look) and the same rows deleted by plain SQL in
one transaction, without log, receipt, tombstone and lease. ``ERASURES`` and ``MEGABYTES`` may be
set.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks import erasure_rows
from benchmarks.harness import report
from benchmarks.services import fresh_services

ERASURES = int(os.environ.get("ERASURES", "20"))
MEGABYTES = int(os.environ.get("MEGABYTES", "200"))

BY_SCAN = (
    "DELETE FROM reports_delivery USING reports_report r WHERE report_id = r.id AND r.scan_id = %s",
    "DELETE FROM reports_visit USING reports_report r WHERE report_id = r.id AND r.scan_id = %s",
    "DELETE FROM reports_report WHERE scan_id = %s",
    "DELETE FROM scans_identity WHERE scan_id = %s",
    "DELETE FROM scans_asset WHERE scan_id = %s",
    "DELETE FROM scans_scan WHERE id = %s",
)


def main() -> None:
    with fresh_services():
        from dermalia.tenancy import practice_scope

        practice_id = erasure_rows.a_practice().pk
        with practice_scope(practice_id):
            connection = erasure_rows.a_connection(practice_id)
            scans = erasure_rows.due_reports(connection, 2 * ERASURES + 2)
        ways: dict[str, Callable[[Any], object]] = {"ours": ours, "bare": bare}
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        unreadable: list[float] = []
        for number in range(ERASURES + 1):
            for name, way in ways.items():
                scan = scans.pop()
                erasure_rows.store(scan, MEGABYTES * erasure_rows.MEGABYTE)
                began = time.perf_counter()
                at = way(scan)
                took = time.perf_counter() - began
                if number == 0:
                    continue  # opens connections
                seconds[name].append(took)
                if isinstance(at, float):
                    unreadable.append(at - began)
    p50 = {name: statistics.median(values) for name, values in seconds.items()}
    report(
        "erasure",
        figures={
            "p50_s": p50["ours"],
            "p99_s": _p99(seconds["ours"]),
            "unreadable_p50_s": statistics.median(unreadable),
            "unreadable_p99_s": _p99(unreadable),
            "bare_p50_s": p50["bare"],
            "erasures_per_s": 1 / p50["ours"],
        },
        ratios={"vs_bare": p50["ours"] / p50["bare"]},
    )


def ours(scan: Any) -> float:
    """Returns the moment from which nothing could be read."""
    from audit.chain import SYSTEM
    from dermalia.tenancy import practice_scope
    from retention.domain.erase import complete_erasure, request_erasure
    from retention.models import Erasure

    with practice_scope(scan.practice_id):
        erasure = request_erasure(scan=scan, reason=Erasure.Reason.DUE, who=SYSTEM)
    at = time.perf_counter()
    complete_erasure(practice_id=scan.practice_id, erasure_id=erasure.pk)
    with practice_scope(scan.practice_id):
        if Erasure.objects.get(pk=erasure.pk).state != Erasure.State.VERIFIED:
            raise SystemExit("an erasure was not verified")
    return at


def bare(scan: Any) -> None:
    bare_rows(scan)
    storage = erasure_rows.the_storage()
    found = storage.bucket.objects.filter(Prefix=f"{scan.prefix}/")
    names = [{"Key": entry.key} for entry in found]
    storage.connection.meta.client.delete_objects(
        Bucket=storage.bucket_name, Delete={"Objects": names, "Quiet": True}
    )
    if list(storage.bucket.objects.filter(Prefix=f"{scan.prefix}/")):
        raise SystemExit("something was left")


def bare_rows(scan: Any) -> None:
    from django.db import connection

    from dermalia.tenancy import practice_scope

    with practice_scope(scan.practice_id), connection.cursor() as cursor:
        cursor.execute("DELETE FROM keystore.report_key WHERE id = %s", [scan.key_id])
        cursor.execute(
            "INSERT INTO keystore.erasure_ledger (practice_id, key_id) VALUES (%s, %s)",
            [scan.practice_id, scan.key_id],
        )
        for statement in BY_SCAN:
            cursor.execute(statement, [scan.pk])


def _p99(values: list[float]) -> float:
    """The largest, where there are fewer than a hundred."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


if __name__ == "__main__":
    main()
