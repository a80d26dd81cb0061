"""What row-level security costs: the dashboard's queries at a million scans, with and without."""

import json
import re
from collections.abc import Callable
from typing import Any

from benchmarks import tenancy_rows
from benchmarks.harness import medians, report
from benchmarks.services import fresh_services
from dermalia.embedded import database_url

REPEAT, ROUNDS = 15, 15
PRACTICE = 77
SCAN_NUMBER = tenancy_rows.SCANS // 2 + PRACTICE  # a scan from the middle of that practice's life

# A model's rows of the practice: by its scope, or by a filter.
Rows = Callable[[Any], Any]
Query = Callable[[Rows], None]


def main() -> None:
    with fresh_services(durable=False) as folder:
        tenancy_rows.fill(database_url(folder, "postgres"))
        add_unguarded_alias()
        queries: dict[str, Query] = {"list": scan_list, "detail": scan_detail, "count": scan_count}
        seconds: dict[str, float] = {}
        for name, query in queries.items():
            # One query at a time, or the first to ask would pay for what the others evicted.
            ways = {name: repeated(guarded(query)), f"{name}_plain": repeated(unguarded(query))}
            seconds |= medians(ways, rounds=ROUNDS)
        print_plans(queries)
    report(
        "tenancy",
        figures={f"{name}_ms": value / REPEAT * 1000 for name, value in seconds.items()},
        ratios={name: seconds[name] / seconds[f"{name}_plain"] - 1 for name in queries},
    )


def scan_list(rows: Rows) -> None:
    """What ``reports.views.dashboard.scan_list`` reads, but for keys and sign-in."""
    from django.db.models import Prefetch

    from reports.models import Delivery
    from scans.models import Scan

    found = (
        rows(Scan)
        .select_related("report", "identity")
        .prefetch_related(Prefetch("report__deliveries", rows(Delivery)))
        .order_by("-discovered_at")[:100]
    )
    assert len(found) == 100


def scan_detail(rows: Rows) -> None:
    """What ``reports.views.dashboard.scan_detail`` reads, but for keys and sign-in."""
    from audit.models import Entry
    from reports.models import Delivery, Report
    from scans.models import Asset, Scan

    scan = rows(Scan).select_related("practice").get(pk=tenancy_rows.scan_id(SCAN_NUMBER))
    shown = rows(Report).filter(scan=scan).first()
    deliveries = list(rows(Delivery).filter(report=shown))
    files = list(rows(Asset).filter(scan=scan, stored_at__isnull=False).order_by("origin", "name"))
    told = rows(Entry).filter(object_id__in=[scan.pk, shown.pk]).order_by("-sequence")[:50]
    assert (len(deliveries), len(files), len(told)) == (1, tenancy_rows.ASSETS, 1)


def scan_count(rows: Rows) -> None:
    from scans.models import Scan

    assert rows(Scan).filter(state="ready").count() == tenancy_rows.SCANS // tenancy_rows.PRACTICES


def guarded(query: Query) -> Callable[[], None]:
    """As the application asks: by its role, in the practice's scope."""
    from dermalia.tenancy import practice_scope

    def run() -> None:
        with practice_scope(PRACTICE):
            query(lambda model: model.objects.all())

    return run


def unguarded(query: Query) -> Callable[[], None]:
    """As a role that no policy holds, with the practice named in each query."""
    from django.db import transaction

    def run() -> None:
        with transaction.atomic(using="unguarded"):
            query(
                lambda model: model.across_practices.using("unguarded").filter(practice_id=PRACTICE)
            )

    return run


def repeated(way: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        for _ in range(REPEAT):
            way()

    return run


def add_unguarded_alias() -> None:
    from django.db import connections

    connections.settings["unguarded"] = connections.settings["default"] | {"USER": "postgres"}


def print_plans(queries: dict[str, Query]) -> None:
    """Which indexes each query walks in the scope, so that a missing one is seen."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for name, query in queries.items():
        with CaptureQueriesContext(connection) as captured:
            guarded(query)()
        for asked in captured.captured_queries:
            if asked["sql"].startswith("SELECT") and "set_config" not in asked["sql"]:
                print(f"plan     {name:8} {', '.join(steps_of(asked['sql']))}")


def steps_of(sql: str) -> list[str]:
    """The indexes of a plan, and the tables it reads from end to end."""
    from django.db import connection

    from dermalia.tenancy import practice_scope

    with practice_scope(PRACTICE), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        text = json.dumps(cursor.fetchone()[0])
    used = re.findall(r'"Index Name": "([^"]+)"', text)
    whole = re.findall(r'"Node Type": "Seq Scan".*?"Relation Name": "([^"]+)"', text)
    return used + [f"ALL OF {table}" for table in whole]


if __name__ == "__main__":
    main()
