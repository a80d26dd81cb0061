"""The sweep tells workers of what is due, fairly, and of nothing else."""

import json
import threading
from base64 import b64decode
from datetime import timedelta

import pytest
import redis
from django.db import connection, connections, transaction
from django.utils import timezone

from dermalia.tenancy import practice_scope
from dermalia.work import broker
from dermalia.work.nudge import SWEEP_LOCK, Sweep, sweep
from dermalia.work.periodic import Timetable
from dermalia.work.sweeper import Sweeper
from practices.models import Practice
from scans.models import Scan
from tests.work.conftest import RedisAt
from tests.work.rows import change, erasure, fresh, scan_of, tenant

pytestmark = pytest.mark.usefixtures("committed", "store")


def told(store: redis.Redis, queue: str = "ingest") -> list[tuple[int, str]]:
    """(practice id, row id) of every message in the queue, oldest first."""
    messages = [json.loads(raw) for raw in reversed(store.lrange(queue, 0, -1))]
    return [tuple(json.loads(b64decode(message["body"]))[0]) for message in messages]


def many(practice: Practice, count: int) -> None:
    """Due scans that nobody was told of, made at once."""
    first = scan_of(practice, "S-0")
    made = {"id": "gen_random_uuid()", "key_id": "gen_random_uuid()", "prefix": "md5(n::text)"}
    made["scan_identifier"] = "'S-' || n"
    columns = [f'"{field.column}"' for field in Scan._meta.concrete_fields]
    values = [made.get(column.strip('"'), column) for column in columns]
    with practice_scope(practice.pk), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO scans_scan ({', '.join(columns)}) SELECT {', '.join(values)}"
            " FROM scans_scan, generate_series(1, %s) n WHERE scans_scan.id = %s",
            [count - 1, first.pk],
        )


def test_it_finds_due_rows_of_every_practice_and_nothing_else(store: redis.Redis) -> None:
    scans = []
    for number in range(3):
        practice = tenant(f"Practice {number}")
        scans += [scan_of(practice, f"S-{number}-{n}") for n in range(2)]
    change(scans[0], leased_until=timezone.now() + timedelta(minutes=1))
    change(scans[1], quarantined_at=timezone.now())
    change(scans[2], next_attempt_at=timezone.now() + timedelta(minutes=1))
    change(scans[3], state="ready")
    assert sweep() == Sweep(told=2, left=False)
    assert {row for _, row in told(store)} == {str(scans[4].pk), str(scans[5].pk)}
    assert fresh(scans[4]).nudged_at is not None


def test_a_row_that_was_just_told_of_is_not_told_again(store: redis.Redis) -> None:
    scan_of(tenant())
    assert sweep() == Sweep(told=1, left=False)
    assert sweep() == Sweep(told=0, left=False)


def test_an_emptied_redis_is_filled_again_at_once(store: redis.Redis) -> None:
    scan_of(tenant())
    sweep()
    store.flushall()
    assert sweep() == Sweep(told=1, left=False)
    assert len(told(store)) == 1


def test_with_redis_away_nothing_is_marked_as_told(redis_at: RedisAt, closed_port: str) -> None:
    scan = scan_of(tenant())
    redis_at(closed_port)
    with pytest.raises(broker.BrokerAway):
        sweep()
    assert fresh(scan).nudged_at is None


def test_five_hundred_rows_of_one_practice_do_not_hold_up_another(store: redis.Redis) -> None:
    crowd, single = tenant("Crowd"), tenant("Single")
    many(crowd, 500)
    last = scan_of(single)
    assert sweep() == Sweep(told=broker.QUEUE_ENOUGH, left=True)
    position = [row for _, row in told(store)].index(str(last.pk))
    assert position <= 1


def test_a_crowded_queue_takes_nothing_from_the_others(store: redis.Redis) -> None:
    practice = tenant()
    many(practice, 200)
    sweep()
    row = erasure(practice, "S-erased")
    store.delete("erase")
    sweep()
    assert told(store, "erase") == [(practice.pk, str(row))]


def test_only_one_of_several_workers_sweeps(store: redis.Redis) -> None:
    scan_of(tenant())
    with transaction.atomic(using="sweeper"), connections["sweeper"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SWEEP_LOCK])
        assert in_another_thread() is None
    assert in_another_thread() == Sweep(told=1, left=False)


def in_another_thread() -> Sweep | None:
    found: list[Sweep | None] = []

    def run() -> None:
        try:
            found.append(sweep())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


ERASE_BY_THE_CLOCK = {
    "backups.tasks.publish_ledger",
    "closing.tasks.end_contracts",
    "exports.tasks.end_expired",
    "practices.tasks.forget_expired",
    "retention.tasks.watch",
}


def test_what_the_clock_starts_is_due_at_once_and_then_not() -> None:
    timetable = Timetable(["erase"])
    assert set(timetable.due()) == ERASE_BY_THE_CLOCK
    timetable.done("retention.tasks.watch")
    assert set(timetable.due()) == ERASE_BY_THE_CLOCK - {"retention.tasks.watch"}
    assert Timetable(["ingest"]).due() == []


def test_the_sweeper_starts_what_is_due_by_the_clock_once(store: redis.Redis) -> None:
    sweeper = Sweeper(["erase"])
    for _ in range(3):
        sweeper._turn()
    tasks = [json.loads(raw)["headers"]["task"] for raw in store.lrange("erase", 0, -1)]
    assert sorted(tasks) == sorted(ERASE_BY_THE_CLOCK)
