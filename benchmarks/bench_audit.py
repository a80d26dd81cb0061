"""What the chain costs beside plain inserts with eight writers, and how fast a log is checked."""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg

from benchmarks.harness import medians, report
from dermalia.embedded import Services, database_url, prepare

WRITERS = 8
PRACTICES_EACH = 25
SECONDS = 3.0
ROUNDS = 5
LONG_LOG = 200_000
LONG_PRACTICE = 1_000_000

_PLAIN = """
    INSERT INTO audit_entry
        (practice_id, sequence, at, actor, actor_id, action, object_id, counts, hash)
    VALUES (%s, %s, clock_timestamp(), %s, %s, %s, %s, %s::jsonb, %s)
    RETURNING id
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="dermalia-bench-") as folder, running(Path(folder)):
        rates = measure_inserts()
        fill_long_log(Path(folder))
        verify_rate = measure_verification()
    report(
        "audit",
        figures={
            "insert_per_s": statistics.median(rates["chained"]),
            "plain_per_s": statistics.median(rates["plain"]),
            "verify_per_s": verify_rate,
        },
        ratios={
            "insert": statistics.median(
                chained / plain
                for chained, plain in zip(rates["chained"], rates["plain"], strict=True)
            )
        },
    )


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """Services that sync to disk, with Django and a migrated database on them."""
    for name in [name for name in os.environ if name.startswith("DERMALIA_")]:
        del os.environ[name]
    os.environ |= {
        "DERMALIA_MODE": "embedded",
        "DERMALIA_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "dermalia.settings",
    }
    prepare(folder)
    with Services(folder):
        set_up_django()
        from django.core.management import call_command

        call_command("setup_database", verbosity=0)
        close_connections()
        yield
        close_connections()


def measure_inserts() -> dict[str, list[float]]:
    """Rows per second of all writers together: chained and plain by turns, one entry per commit."""
    context = get_context("spawn")
    pairs = [context.Pipe() for _ in range(WRITERS)]
    writers = [
        context.Process(target=write, args=(theirs, number), daemon=True)
        for number, (_, theirs) in enumerate(pairs)
    ]
    for writer in writers:
        writer.start()
    ours = [mine for mine, _ in pairs]
    rates: dict[str, list[float]] = {"plain": [], "chained": []}
    for turn in range(ROUNDS + 1):
        for way, values in rates.items():
            rate = one_turn(ours, way)
            if turn > 0:  # the first one warms up
                values.append(rate)
    for mine, writer in zip(ours, writers, strict=True):
        mine.send(None)
        writer.join()
    return rates


def one_turn(writers: list[Connection], way: str) -> float:
    for writer in writers:
        writer.send(way)
    inserted: list[int] = [writer.recv() for writer in writers]
    return sum(inserted) / SECONDS


def write(orders: Connection, number: int) -> None:
    """One writer: for each way it is told, insert for a while and answer how often."""
    set_up_django()
    from audit.chain import SYSTEM, record
    from audit.words import Action, Count
    from dermalia.tenancy import practice_scope

    first = 1 + number * PRACTICES_EACH
    inserted = 0

    def chained(practice_id: int) -> None:
        with practice_scope(practice_id):
            record(Action.FILE_VIEWED, who=SYSTEM, object_id=uuid4(), counts={Count.OBJECTS: 1})

    def plain(practice_id: int) -> None:
        # In the same table, far from every chain's numbers.
        with practice_scope(practice_id):
            insert_plain(10**9 + inserted, practice_id)

    ways = {"plain": plain, "chained": chained}
    while way := orders.recv():
        ends, count = time.perf_counter() + SECONDS, 0
        while time.perf_counter() < ends:
            ways[way](first + inserted % PRACTICES_EACH)
            inserted += 1
            count += 1
        orders.send(count)
    close_connections()


def insert_plain(sequence: int, practice_id: int) -> None:
    from django.db import connection

    row: list[Any] = [
        practice_id,
        sequence,
        "system",
        None,
        "file.viewed",
        uuid4(),
        '{"objects":1}',
        bytes(32),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_PLAIN, row)
        cursor.fetchone()


def fill_long_log(folder: Path) -> None:
    """Write a long chain with real hashes straight into the table."""
    from audit.canonical import GENESIS

    columns = "practice_id, sequence, at, actor, actor_id, action, object_id, counts, hash"
    last = GENESIS
    with psycopg.connect(database_url(folder, "postgres")) as server:
        with server.cursor().copy(f"COPY audit_entry ({columns}) FROM STDIN") as copy:
            for row in long_log():
                copy.write_row(row)
                last = row[-1]
        head = "INSERT INTO audit_head (practice_id, sequence, hash) VALUES (%s, %s, %s)"
        server.execute(head, [LONG_PRACTICE, LONG_LOG, last])
        server.commit()
        server.autocommit = True
        server.execute("VACUUM ANALYZE audit_entry")


def long_log() -> Iterator[tuple[Any, ...]]:
    """Rows as a busy practice's log holds them: half of them count something."""
    from audit.canonical import GENESIS, digest
    from audit.models import Entry

    began, previous = datetime(2026, 1, 1, tzinfo=UTC), GENESIS
    counts: list[dict[str, int]] = [{}, {"bytes": 120_000}, {}, {"objects": 12}]
    for sequence in range(1, LONG_LOG + 1):
        entry = Entry(
            practice_id=LONG_PRACTICE,
            sequence=sequence,
            at=began + timedelta(microseconds=sequence * 1_234_567),
            actor="staff",
            actor_id=7,
            action="file.viewed",
            object_id=UUID(int=sequence % 1000 + 1),
            counts=counts[sequence % len(counts)],
        )
        previous = digest(previous, entry)
        yield (
            entry.practice_id,
            entry.sequence,
            entry.at,
            entry.actor,
            entry.actor_id,
            entry.action,
            entry.object_id,
            json.dumps(entry.counts),
            previous,
        )


def measure_verification() -> float:
    """Entries per second of one process, the median of a few walks along the long log."""
    from audit.walk import walk
    from dermalia.tenancy import practice_scope

    def check() -> None:
        with practice_scope(LONG_PRACTICE):
            found = walk()
        if found.broken_at is not None or found.length != LONG_LOG:
            raise RuntimeError(f"the log that was written does not verify: {found}")

    rate = LONG_LOG / medians({"verify": check}, rounds=5)["verify"]
    close_connections()
    return rate


def set_up_django() -> None:
    import django

    django.setup()


def close_connections() -> None:
    from django.db import connections

    connections.close_all()


if __name__ == "__main__":
    main()
