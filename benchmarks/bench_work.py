"""What a row of work costs beside plain UPDATEs, a nudge with and without Redis, a long sweep."""

import logging
import multiprocessing
import socket
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.harness import report
from benchmarks.services import fresh_services

WORKERS = 8
ROWS = 2_000
SWEPT = 10_000
ROUNDS = 3

Rows = Sequence[tuple[int, Any]]


def main() -> None:
    with fresh_services():
        from practices.domain.tenants import create_practice

        ids = [create_practice(name="Benchmark", email="b@example.org").pk for _ in range(WORKERS)]
        ways = {"update": update, "two_updates": two_updates, "claim_finish": claim_finish}
        rows = due_rows(ids, SWEPT // WORKERS)
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                make_due(ids)
                seconds[name].append(by_workers(way, rows[:: SWEPT // ROWS]))
        make_due(ids)
        per_s = {name: ROWS / statistics.median(values) for name, values in seconds.items()}
        figures = {f"{name}_rows_per_s": value for name, value in per_s.items()}
        figures |= nudges()
        figures |= sweeps()
    report(
        "work",
        figures=figures,
        ratios={
            "claim_finish_vs_update": per_s["claim_finish"] / per_s["update"],
            "claim_finish_vs_two_updates": per_s["claim_finish"] / per_s["two_updates"],
            "nudge_after_loss_vs_there": figures["nudge_resting_ms"] / figures["nudge_ms"],
        },
    )


def due_rows(practice_ids: Sequence[int], each: int) -> list[tuple[int, Any]]:
    """So many due scans of every practice: (practice id, row id), practices in turn."""
    from dermalia.sealing.fields import Sealing
    from dermalia.sealing.keys import unlock_secrets
    from dermalia.tenancy import practice_scope
    from scans.models import Connection, Scan

    rows = []
    for practice_id in practice_ids:
        with practice_scope(practice_id):
            account = Connection.objects.create(
                practice_id=practice_id,
                base_url="https://example.org",
                client_id="x",
                client_secret=Sealing(unlock_secrets(), "x"),
            )
            made = [Scan(practice_id=practice_id, connection=account) for _ in range(each)]
            for scan in made:
                scan.scan_identifier = scan.prefix = scan.pk.hex
                scan.key_id = scan.pk
            Scan.objects.bulk_create(made, batch_size=1000)
        rows.append([(practice_id, scan.pk) for scan in made])
    return [row for turn in zip(*rows, strict=True) for row in turn]


def make_due(practice_ids: Sequence[int]) -> None:
    """All rows as they were at first."""
    from dermalia.tenancy import practice_scope
    from scans.models import Scan

    for practice_id in practice_ids:
        with practice_scope(practice_id):
            Scan.objects.update(state="discovered", leased_until=None, nudged_at=None)


def by_workers(way: Callable[[int, Any], None], rows: Rows) -> float:
    """Seconds until all rows are through, shared out among processes with connections."""
    from django.db import connections

    connections.close_all()
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(WORKERS + 1)

    def run(mine: Rows) -> None:
        connections["default"].ensure_connection()
        ready.wait()
        for practice_id, pk in mine:
            way(practice_id, pk)

    processes = [context.Process(target=run, args=(rows[n::WORKERS],)) for n in range(WORKERS)]
    for process in processes:
        process.start()
    ready.wait()
    began = time.perf_counter()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise SystemExit("A worker failed.")
    return time.perf_counter() - began


def update(practice_id: int, pk: Any) -> None:
    """The least that can move a row on: one UPDATE in the practice's scope."""
    from dermalia.tenancy import practice_scope
    from scans.models import Scan

    with practice_scope(practice_id):
        Scan.objects.filter(pk=pk).update(state="ready")


def two_updates(practice_id: int, pk: Any) -> None:
    """Begun and done, without a guard: what any queue in a database writes."""
    update(practice_id, pk)
    update(practice_id, pk)


def claim_finish(practice_id: int, pk: Any) -> None:
    """The real thing: a lease, and its end in a transaction of its own."""
    from dermalia.tenancy import practice_scope
    from dermalia.work.lease import finish, lease
    from scans.models import Scan

    with lease(Scan, pk, practice_id=practice_id, state="discovered") as row:
        if row is None:
            raise RuntimeError("the row was not due")
        with practice_scope(practice_id):
            finish(row, state="ready")


def nudges() -> dict[str, float]:
    """Milliseconds of one nudge: Redis there, just lost in two ways, and while it is let rest."""
    from celery import current_app

    from dermalia.work import broker
    from dermalia.work.steps import all_steps

    step = all_steps()[0]
    conf: Any = current_app.conf
    logging.getLogger("dermalia.work").setLevel(logging.ERROR)

    def tell() -> float:
        began = time.perf_counter()
        broker.tell(step, 1, "benchmark")
        return (time.perf_counter() - began) * 1000

    def first_after_loss(url: str) -> float:
        conf.changes["broker_url"] = url
        broker._rest.until = 0.0  # noqa: SLF001 - as in a process that has not noticed yet
        return tell()

    here = conf.broker_url
    tell()
    there = statistics.median(tell() for _ in range(broker.QUEUE_ENOUGH - 1))
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        silent = statistics.median(
            first_after_loss(f"redis://127.0.0.1:{port}/0") for _ in range(5)
        )
    refused = statistics.median(first_after_loss(f"redis://127.0.0.1:{port}/0") for _ in range(5))
    resting = statistics.median(tell() for _ in range(1000))
    conf.changes["broker_url"] = here
    return {
        "nudge_ms": there,
        "nudge_refused_ms": refused,
        "nudge_silent_ms": silent,
        "nudge_resting_ms": resting,
    }


def sweeps() -> dict[str, float]:
    """Milliseconds of one sweep over many due rows, and of one that finds its queue full."""
    from dermalia.work.broker import QUEUE_ENOUGH
    from dermalia.work.nudge import sweep

    empty_queues()
    began = time.perf_counter()
    first = sweep()
    told = time.perf_counter() - began
    if first is None or first.told != QUEUE_ENOUGH // 2 or not first.left:
        raise SystemExit(f"The sweep of {SWEPT} rows did something else: {first}")
    began = time.perf_counter()
    for _ in range(5):
        sweep()
    return {
        "sweep_10000_ms": told * 1000,
        "sweep_again_ms": (time.perf_counter() - began) / 5 * 1000,
    }


def empty_queues() -> None:
    from celery import current_app

    with current_app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        channel.client.flushdb()


if __name__ == "__main__":
    main()
