"""Killed at any step of its way, a row is worked off in the end, and its effect comes once."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import redis
from django.db import connections
from django.utils import timezone

from audit.words import Action
from dermalia.work.due import due_rows
from dermalia.work.nudge import sweep
from dermalia.work.steps import step_for
from scans.models import Scan
from tests.conftest import superuser_connection
from tests.waiting import until
from tests.work.probe import POINTS, Folder, work
from tests.work.rows import change, expire, fresh, recorded, scan_of, tenant

pytestmark = pytest.mark.usefixtures("committed", "store")


@pytest.fixture
def scan(committed: None) -> Scan:
    return scan_of(tenant())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def forked(do: Callable[[], None]) -> int:
    """A process that does it on connections of its own; its id."""
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    try:
        do()
        connections.close_all()
    finally:
        sys.stdout.flush()
        os._exit(0)


def killed(pid: int) -> bool:
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def work_on(scan: Scan, folder: Folder) -> Callable[[], None]:
    return lambda: work(practice_id=scan.practice_id, scan_id=scan.pk, folder=folder)


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_at_any_point_the_next_worker_ends_it_once(
    point: str, scan: Scan, folder: Folder
) -> None:
    folder.kill(point)
    assert killed(forked(work_on(scan, folder)))
    expire(scan)
    work_on(scan, folder)()
    done = fresh(scan)
    assert (done.state, done.attempts, done.leased_until) == ("stored", 0, None)
    assert recorded(scan, Action.SCAN_PULLED) == 1


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_at_any_point_the_sweep_finds_what_is_left_to_do(
    point: str, scan: Scan, folder: Folder, store: redis.Redis
) -> None:
    folder.kill(point)
    assert killed(forked(work_on(scan, folder)))
    expire(scan)
    store.flushall()
    state = fresh(scan).state
    assert state == ("discovered" if point in {"claimed", "effect", "finished"} else "stored")
    step = step_for(Scan, state)
    assert step is not None
    assert due_rows(step, limit=5, again=False) == [(scan.practice_id, scan.pk)]
    swept = sweep()
    assert swept is not None
    assert swept.told == 1


def test_killed_while_postgres_commits_the_row_is_done_once(
    renewed: None, scan: Scan, folder: Folder
) -> None:
    with superuser_connection() as behind:
        slow_commits(behind)
        pid = forked(work_on(scan, folder))
        until(lambda: committing(behind), "nobody committed")
        os.kill(pid, signal.SIGKILL)
        assert killed(pid)
        behind.execute("SELECT pg_advisory_unlock(1)")
        until(lambda: not committing(behind), "the commit did not end")
    expire(scan)
    work_on(scan, folder)()
    assert fresh(scan).state == "stored"
    assert recorded(scan, Action.SCAN_PULLED) == 1


def slow_commits(behind: psycopg.Connection[tuple[object, ...]]) -> None:
    """Entries of the log are committed only once the lock held here is let go."""
    behind.execute("SELECT pg_advisory_lock(1)")
    behind.execute(
        """
        CREATE FUNCTION wait_for_it() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END$$;
        CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON audit_entry
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN (NEW.action = 'scan.pulled') EXECUTE FUNCTION wait_for_it();
        """
    )


def committing(behind: psycopg.Connection[tuple[object, ...]]) -> bool:
    found = behind.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'"
    ).fetchone()
    return found is not None and found[0] == 1


def test_three_kills_set_the_row_aside_and_the_fourth_worker_leaves_it(
    scan: Scan, folder: Folder
) -> None:
    for _ in range(3):
        folder.kill("effect")
        assert killed(forked(work_on(scan, folder)))
        expire(scan)
    work_on(scan, folder)()
    aside = fresh(scan)
    assert aside.quarantined_at is not None
    assert aside.last_error.startswith("Stopped three times without a result.")
    assert recorded(scan, Action.SCAN_PULLED) == 0
    assert folder.times("claimed") == 3


def in_threads(*tasks: Callable[[], None]) -> None:
    threads = [threading.Thread(target=_run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _run(task: Callable[[], None]) -> None:
    try:
        task()
    finally:
        connections.close_all()


def test_without_the_guard_two_workers_do_one_row_twice(
    scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race that the lease is for: read that the row is free, then take it."""
    both_have_read = threading.Barrier(2, timeout=10)
    taken: list[str] = []

    def unguarded() -> None:
        if fresh(scan).leased_until is None:
            both_have_read.wait()
            change(scan, leased_until=timezone.now() + timedelta(minutes=1))
            taken.append("taken")

    in_threads(unguarded, unguarded)
    assert taken == ["taken", "taken"]


def test_with_the_guard_one_of_eight_workers_does_it(scan: Scan, folder: Folder) -> None:
    in_threads(*[work_on(scan, folder)] * 8)
    assert folder.times("claimed") == 1
    assert recorded(scan, Action.SCAN_PULLED) == 1


def test_a_task_that_outlives_its_lease_has_no_effect_beside_its_successor(
    scan: Scan, folder: Folder
) -> None:
    folder.hold("claimed")
    slow = threading.Thread(target=_run, args=(work_on(scan, folder),))
    slow.start()
    until(lambda: folder.times("claimed") == 1, "the slow one did not begin")
    expire(scan)
    successor = threading.Thread(target=_run, args=(work_on(scan, folder),))
    successor.start()
    until(lambda: folder.times("claimed") == 2, "the successor did not begin")
    folder.release("claimed")
    for thread in (slow, successor):
        thread.join()
    assert fresh(scan).state == "stored"
    assert recorded(scan, Action.SCAN_PULLED) == 1
