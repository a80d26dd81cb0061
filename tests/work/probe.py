"""A task body that stops, dies or goes on where a test says so; put in the place of the pull.

A folder is the line between test and task: the task leaves a file ``reached-<point>``, waits
while there is one named ``hold-<point>``, and kills itself at ``kill-<point>`` (once).
"""

import os
import signal
import time
from pathlib import Path
from uuid import UUID

from django.db import transaction

import scans.tasks
from audit.chain import SYSTEM, record
from audit.words import Action
from dermalia.tenancy import practice_scope
from dermalia.work.lease import finish, hold, lease
from scans.models import Scan

POINTS = ("claimed", "effect", "finished", "committed", "told", "left")


class Folder:
    """The test's side and the task's."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def times(self, point: str) -> int:
        """How often the point was reached, in all processes."""
        return len(list(self._path.glob(f"reached-{point}-*")))

    def hold(self, point: str) -> None:
        (self._path / f"hold-{point}").touch()

    def kill(self, point: str) -> None:
        (self._path / f"kill-{point}").touch()

    def release(self, point: str) -> None:
        (self._path / f"hold-{point}").unlink()

    def reach(self, point: str) -> None:
        """Called by the task."""
        (self._path / f"reached-{point}-{os.getpid()}-{time.monotonic_ns()}").touch()
        try:
            (self._path / f"kill-{point}").unlink()
        except FileNotFoundError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
        while (self._path / f"hold-{point}").exists():
            time.sleep(0.01)


def work(*, practice_id: int, scan_id: UUID, folder: Folder) -> None:
    """One entry in the log is the effect that must happen exactly once."""
    with lease(Scan, scan_id, practice_id=practice_id, state="discovered") as scan:
        if scan is None:
            return
        folder.reach("claimed")
        with practice_scope(practice_id):
            hold(scan)
            record(Action.SCAN_PULLED, who=SYSTEM, object_id=scan.pk)
            folder.reach("effect")
            # The first thing after the commit; the nudge comes second.
            transaction.on_commit(lambda: folder.reach("committed"))
            finish(scan, state=Scan.State.STORED)
            transaction.on_commit(lambda: folder.reach("told"))
            folder.reach("finished")
    folder.reach("left")


def _pull(*, practice_id: int, scan_id: UUID) -> None:
    path = Path(os.environ["DERMALIA_TEST_PROBE"])
    work(practice_id=practice_id, scan_id=scan_id, folder=Folder(path))


def _leave_alone(*, practice_id: int, scan_id: UUID) -> None:
    """What follows the pull is not looked at."""


if "DERMALIA_TEST_PROBE" in os.environ:
    vars(scans.tasks).update(pull_scan=_pull, convert_scan=_leave_alone)
