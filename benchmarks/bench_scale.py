"""Where it ends first: what the whole life of a report costs workers, database and web server.

One process does by turns what workers and web server do, for ``SMALL`` reports of a small
synthetic face and ``FULL`` of one in the size of a scanner's: discover, pull, convert, mail; its
link opened, the page and every picture on it looked at once; erased to "verified". Processor time
is counted of that process with its children, of Postgres and of storage; statements, rows and WAL
of the database; bytes in storage.

A core has 86,400 s a day. Reports a day for each core of X are those divided by X's CPU seconds a
report: what one core could do if it did nothing else, and never waited. Which of the two ends
first, with as many cores for the one as for the other, is the ratio ``workers_vs_database``: above
1, the workers do.
"""

import multiprocessing
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks import load_rows
from benchmarks.harness import report
from benchmarks.meters import Meters, stored_bytes
from benchmarks.services import fresh_services

SMALL = int(os.environ.get("SMALL", "12"))
FULL = int(os.environ.get("FULL", "4"))
WARM_UP = 2
DAY = 86_400.0
API_KEY = "re_for_this_benchmark"
OF_WORKERS = ("discover", "pull", "convert", "mail", "erase")
OF_WEB = ("look",)
_FILE = re.compile(r'src="(/[^"]+/files/[0-9a-f-]{36})"')

Costs = dict[str, dict[str, float]]  # of each phase: what was counted, a report


@dataclass
class Lives:
    """The reports of one practice, as far as they have come."""

    practice_id: int
    connection_id: int
    scans: list[UUID] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def main() -> None:
    with fresh_services() as folder:
        from dermalia.sandbox.resend import ResendStandIn

        with ResendStandIn(api_key=API_KEY) as service:
            small = measured(folder, service, SMALL, load_rows.SMALL)
            full = measured(folder, service, FULL, load_rows.FULL)
    report(
        "scale",
        figures={"reports_small": SMALL, "reports_full": FULL}
        | {"machine_load": os.getloadavg()[0]}
        | {f"small_{name}": value for name, value in figures(small).items()}
        | {f"full_{name}": value for name, value in figures(full).items()},
        ratios={
            "small_workers_vs_database": workers_vs_database(small),
            "full_workers_vs_database": workers_vs_database(full),
        },
    )


def figures(costs: Costs) -> dict[str, float]:
    workers, web = cpu(costs, OF_WORKERS), cpu(costs, OF_WEB)
    database, storage = whole(costs, "cpu_database"), whole(costs, "cpu_storage")
    return {
        **{f"{phase}_cpu_s": cost["cpu_own"] for phase, cost in costs.items()},
        **{f"{phase}_database_cpu_s": cost["cpu_database"] for phase, cost in costs.items()},
        "workers_cpu_s": workers,
        "web_cpu_s": web,
        "database_cpu_s": database,
        "storage_cpu_s": storage,
        "statements": whole(costs, "statements"),
        "transactions": whole(costs, "transactions"),
        "rows_written": whole(costs, "rows_written"),
        "wal_bytes": whole(costs, "wal_bytes"),
        "stored_bytes": sum(max(cost["stored_bytes"], 0) for cost in costs.values()),
        "reports_a_day_worker_core": DAY / workers,
        "reports_a_day_web_core": DAY / web,
        "reports_a_day_database_core": DAY / database,
    }


def workers_vs_database(costs: Costs) -> float:
    return cpu(costs, OF_WORKERS) / whole(costs, "cpu_database")


def cpu(costs: Costs, phases: Sequence[str]) -> float:
    return sum(costs[phase]["cpu_own"] for phase in phases)


def whole(costs: Costs, counted: str) -> float:
    return sum(cost[counted] for cost in costs.values())


def measured(folder: Path, service: Any, number: int, size: dict[str, int]) -> Costs:
    """Lead so many reports through their lives in a process of its own, after a few others.

    The stand-ins run in this process, so that what they cost is not counted.
    """
    from dermalia.sandbox.face import make_capture

    capture = make_capture(seed=1, **size)
    with (
        load_rows.cluster_of(capture, scans=WARM_UP) as few,
        load_rows.cluster_of(capture, scans=number) as many,
    ):
        lives = []
        for cluster in (few, many):
            practice_id = load_rows.live_practice()
            lives.append(Lives(practice_id, load_rows.connected(practice_id, cluster)))
        _close_connections()
        os.environ |= {
            "DERMALIA_SANDBOX_ORIGINS": ",".join((few.url, many.url, service.url)),
            "DERMALIA_RESEND_URL": service.url,
            "DERMALIA_RESEND_API_KEY": API_KEY,
            "DERMALIA_RESEND_PER_SECOND": "1000",
        }
        sent = len(service.mails)
        costs = _in_a_process(folder, lives, (WARM_UP, number))
        if len(service.mails) - sent != WARM_UP + number:
            raise SystemExit(
                f"{len(service.mails) - sent} mails came of {WARM_UP + number} reports."
            )
    return costs


def _in_a_process(folder: Path, lives: Sequence[Lives], numbers: Sequence[int]) -> Costs:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(there, folder, os.getpid(), lives, numbers))
    process.start()
    there.close()
    try:
        costs: Costs = here.recv()
    except EOFError:
        raise SystemExit("The process that was to be measured failed.") from None
    finally:
        process.join()
    return costs


def work(
    pipe: Any, folder: Path, parent: int, lives: Sequence[Lives], numbers: Sequence[int]
) -> None:
    """Send back what each phase costs a report of the last of ``lives``; those before warm up."""
    import django

    django.setup()
    from dermalia.boot import settle
    from dermalia.embedded import database_url
    from scans import conversion

    conversion.prepare()
    conversion.keep_spare()  # as in a worker
    settle()
    storage = folder / "s3"
    meters = Meters(database_url(folder, "postgres"), parent=parent, storage=storage)
    costs: Costs = {}
    for life, number in zip(lives, numbers, strict=True):
        before = stored_bytes(storage)
        costs = {name: {} for name in PHASES}
        for name, phase in PHASES.items():
            if name in OF_WEB:
                life.links = load_rows.links_of(life.practice_id)  # as the mails say them
            with meters.measured(costs[name]):
                phase(life)
        if len(life.links) != number or stored_bytes(storage) != before:
            raise SystemExit(f"{len(life.links)} of {number} reports went through their lives.")
    pipe.send(
        {
            phase: {name: value / numbers[-1] for name, value in cost.items()}
            for phase, cost in costs.items()
        }
    )
    pipe.close()


def discover(life: Lives) -> None:
    from dermalia.tenancy import practice_scope
    from scans.domain.discover import discover_scans
    from scans.models import Scan

    discover_scans(practice_id=life.practice_id, connection_id=life.connection_id)
    with practice_scope(life.practice_id):
        life.scans = list(Scan.objects.values_list("pk", flat=True))


def pull(life: Lives) -> None:
    from scans.domain.pull import pull_scan

    for scan_id in life.scans:
        pull_scan(practice_id=life.practice_id, scan_id=scan_id)


def convert(life: Lives) -> None:
    from scans.domain.convert import convert_scan

    for scan_id in life.scans:
        convert_scan(practice_id=life.practice_id, scan_id=scan_id)


def mail(life: Lives) -> None:
    from dermalia.tenancy import practice_scope
    from reports.domain.delivery import send_delivery
    from reports.models import Delivery

    with practice_scope(life.practice_id):
        ids = list(Delivery.objects.values_list("pk", flat=True))
    for delivery_id in ids:
        send_delivery(practice_id=life.practice_id, delivery_id=delivery_id)


def look(life: Lives) -> None:
    """Gate, button, page, and every picture that the page shows."""
    from django.test import Client
    from django.urls import reverse

    for link in life.links:
        path, patient = reverse("reports:patient", args=[link]), Client(SERVER_NAME="localhost")
        gate, pressed, page = patient.get(path), patient.post(path), patient.get(path)
        wanted = set(_FILE.findall(page.content.decode()))
        pictures = [patient.get(file) for file in sorted(wanted)]
        statuses = [answer.status_code for answer in (gate, pressed, page, *pictures)]
        if not pictures or statuses != [200, 303, 200] + [200] * len(pictures):
            raise SystemExit(f"A report did not open: {statuses}")
        for picture in pictures:
            picture.getvalue()


def erase(life: Lives) -> None:
    from audit.chain import OPERATOR
    from dermalia.tenancy import practice_scope
    from retention.domain.erase import complete_erasure, request_erasure
    from retention.models import Erasure
    from scans.models import Scan

    for scan_id in life.scans:
        with practice_scope(life.practice_id):
            scan = Scan.objects.get(pk=scan_id)
            erasure = request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
        complete_erasure(practice_id=life.practice_id, erasure_id=erasure.pk)
    with practice_scope(life.practice_id):
        if Erasure.objects.exclude(state=Erasure.State.VERIFIED).exists():
            raise SystemExit("An erasure is not verified.")


PHASES: dict[str, Callable[[Lives], None]] = {
    "discover": discover,
    "pull": pull,
    "convert": convert,
    "mail": mail,
    "look": look,
    "erase": erase,
}


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


if __name__ == "__main__":
    main()
