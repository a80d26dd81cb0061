"""Real workers: killed, told to end, robbed of Redis. The work gets done, once."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
import redis
from celery import current_app

from audit.words import Action
from dermalia.embedded.binaries import Binaries
from dermalia.tenancy import practice_scope
from dermalia.work.nudge import sweep
from practices.models import Practice
from retention.models import Erasure
from scans.models import Scan
from tests.waiting import free_port, until
from tests.work.probe import Folder
from tests.work.rows import erasure, expire, fresh, recorded, scan_of, tenant
from tests.work.workers import Worker, running

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("committed", "store")]


@pytest.fixture
def scan(committed: None) -> Scan:
    return scan_of(tenant())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def reached(folder: Folder, point: str, times: int = 1) -> Callable[[], bool]:
    return lambda: folder.times(point) >= times


def verified(practice: Practice, row: UUID) -> Callable[[], bool]:
    def look() -> bool:
        with practice_scope(practice.pk):
            return Erasure.objects.get(pk=row).state == Erasure.State.VERIFIED

    return look


def expiring(scan: Scan, look: Callable[[], object]) -> Callable[[], object]:
    """``look``, with the lease of whoever died over the row run out."""

    def looking() -> object:
        expire(scan)
        return look()

    return looking


def done_once(scan: Scan) -> bool:
    return fresh(scan).state == "stored" and recorded(scan, Action.SCAN_PULLED) == 1


def test_a_pool_process_killed_three_times_sets_the_row_aside(
    scan: Scan, folder: Folder, tmp_path: Path
) -> None:
    """As the kernel kills what takes too much memory."""
    with running(Worker(probe=tmp_path)):
        for times in (1, 2, 3):
            folder.kill("claimed")
            until(
                expiring(scan, reached(folder, "claimed", times)), f"it was not tried {times} times"
            )
        until(expiring(scan, lambda: fresh(scan).quarantined_at), "the row was not set aside")
    assert folder.times("claimed") == 3
    assert fresh(scan).failures == 0


def test_told_to_end_a_worker_gives_its_row_back_and_another_takes_it_at_once(
    scan: Scan, folder: Folder, tmp_path: Path
) -> None:
    folder.hold("claimed")
    first, second = Worker(probe=tmp_path), Worker(probe=tmp_path)
    with running(first):
        until(reached(folder, "claimed"), "the first worker did not begin")
        first.terminate()
    back = fresh(scan)
    assert (back.attempts, back.failures, back.leased_by, back.last_error) == (0, 0, "", "")
    folder.release("claimed")
    with running(second):
        until(lambda: done_once(scan), "the second worker did not end it")


def test_told_to_end_a_worker_first_finishes_what_takes_less_than_its_grace(
    scan: Scan, folder: Folder, tmp_path: Path
) -> None:
    folder.hold("effect")
    with running(Worker(probe=tmp_path, DERMALIA_WORK_GRACE_SECONDS="30")) as worker:
        until(reached(folder, "effect"), "the worker did not begin")
        os.kill(worker.pid, signal.SIGTERM)
        folder.release("effect")
        worker.terminate()
    assert done_once(scan)


def test_a_message_that_comes_five_times_does_its_work_once(
    scan: Scan, folder: Folder, store: redis.Redis, tmp_path: Path
) -> None:
    """As it does when the visibility timeout is shorter than the task."""
    folder.hold("claimed")
    for _ in range(5):
        current_app.send_task("scans.tasks.pull", [scan.practice_id, str(scan.pk)], queue="ingest")
    with running(Worker(processes=3, probe=tmp_path)):
        until(reached(folder, "claimed"), "nobody began")
        until(lambda: pulls_left(store) == 1, "the other messages were not taken")
        folder.release("claimed")
        until(lambda: done_once(scan), "it was not done")
    assert folder.times("claimed") == 1


def pulls_left(store: redis.Redis) -> int:
    """Messages that wait, and those that somebody works on and has not acknowledged."""
    waiting = [json.loads(message) for message in store.lrange("ingest", 0, -1)]
    taken = [json.loads(each)[0] for each in store.hvals("unacked")]
    return sum(each["headers"]["task"] == "scans.tasks.pull" for each in (*waiting, *taken))


def test_redis_emptied_with_work_waiting_loses_nothing(store: redis.Redis) -> None:
    practice = tenant()
    rows = [erasure(practice, f"S-{number}") for number in range(5)]
    sweep()
    assert store.llen("erase") > 0
    store.flushall()
    with running(Worker()):
        for row in rows:
            until(verified(practice, row), "an erasure was lost with Redis")


@pytest.mark.parametrize("away", ["closed_port", "mute_port"])
def test_a_worker_that_never_saw_redis_still_erases(
    away: str, request: pytest.FixtureRequest
) -> None:
    practice = tenant()
    row = erasure(practice)
    with running(Worker(DERMALIA_REDIS_URL=request.getfixturevalue(away))) as worker:
        until(verified(practice, row), "nothing was erased without Redis")
        worker.terminate()


def test_redis_may_come_go_and_come_back(tmp_path: Path) -> None:
    practice, port = tenant(), free_port()
    with running(Worker(DERMALIA_REDIS_URL=f"redis://127.0.0.1:{port}/0")) as worker:
        for name, there in (("never there", False), ("come", True), ("gone", False)):
            with redis_server(port, tmp_path) if there else nothing():
                until(verified(practice, erasure(practice, name)), f"nothing erased: {name}")
        with redis_server(port, tmp_path):
            until(verified(practice, erasure(practice, "back")), "nothing erased: back")
            # The pool's process alone is left: nobody works without Redis beside it.
            until(lambda: len(worker.children()) == 1, "the fallback goes on beside Redis")


@contextmanager
def redis_server(port: int, folder: Path) -> Iterator[None]:
    options = ["--port", str(port), "--save", "", "--bind", "127.0.0.1", "--dir", str(folder)]
    server = subprocess.Popen([Binaries.installed().redis, *options], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        server.kill()
        server.wait()


@contextmanager
def nothing() -> Iterator[None]:
    yield
