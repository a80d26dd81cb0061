"""A cluster with the migrated database, made once for one state of the code and then copied.

Migrating takes some seconds; each process of a run needs a server of its own, and most runs come
after one in which the code was the same. What is kept is the folder of a stopped server, under a
digest of every line of the application and every pinned package: whatever could make another
database of it makes it anew, the real way.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dermalia.embedded import Services
from dermalia.embedded.layout import Layout
from tests.environment import CODE, PROJECT, code

KEPT = PROJECT / "build" / "databases"
# One changes something, and changes it back.
SO_MANY, SO_LONG = 4, 600.0
# On a machine with much else to do a migration takes minutes, and four at once take longer.
PATIENCE_SECONDS = 300.0


def lay_out(data: Path, migrate: Callable[[], None]) -> None:
    """Give the prepared data folder ``data``, which has no cluster yet, a migrated one.

    Args:
        migrate: does it, in ``data``, while its services run.
    """
    goal, cluster = KEPT / CODE, Layout.of(data).postgres / "cluster"
    KEPT.mkdir(parents=True, exist_ok=True)
    # A run's other processes wait here for the first one.
    with _turn(goal.with_suffix(".lock")):
        if goal.exists() and code() == CODE:
            os.utime(goal)
            shutil.copytree(goal, cluster)
            return
        with Services(data, durable=False):
            migrate()
        if code() == CODE:  # nobody wrote to it meanwhile
            _keep(cluster, goal)


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """One at a time, but nobody waits for ever: a migration that hangs is its own run's trouble."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with path.open("w") as lock:
        while time.monotonic() < deadline:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.05)
            else:
                break
        yield


def _keep(cluster: Path, goal: Path) -> None:
    draft = goal.with_suffix(f".{os.getpid()}")
    shutil.copytree(cluster, draft)
    try:
        draft.rename(goal)
    except OSError:  # somebody who lost patience as we did was quicker
        shutil.rmtree(draft)
        return
    os.utime(goal)
    _forget_old()


def _forget_old() -> None:
    by_use = sorted(
        (folder for folder in KEPT.iterdir() if folder.is_dir()),
        key=lambda folder: folder.stat().st_mtime,
        reverse=True,
    )
    for folder in by_use[SO_MANY:]:
        # Another run may be copying what it has just marked as used.
        if folder.stat().st_mtime < time.time() - SO_LONG:
            shutil.rmtree(folder)
            folder.with_suffix(".lock").unlink(missing_ok=True)
