"""A thread in each worker that keeps rows going, whether or not Redis and beat live.

It belongs to the worker's main process, not to its pool. While Redis answers it only nudges;
while Redis is away it has a process of its own work the rows of this worker's queues.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from pathlib import Path

from celery import bootsteps
from celery.worker import WorkController
from django.conf import settings
from django.db import DatabaseError, connections

from dermalia.work import broker
from dermalia.work.nudge import Sweep, sweep
from dermalia.work.periodic import Timetable

logger = logging.getLogger(__name__)

# With more due rows than a queue should hold, the next sweep does not wait its usual time.
HURRY_SECONDS = 0.5


class SweeperStep(bootsteps.StartStopStep):
    """Starts the sweeper with the worker and stops it first when the worker shuts down.

    Before the consumer: that one waits for Redis, and the sweeper must not.
    """

    requires = ("celery.worker.components:Pool",)

    def create(self, worker: WorkController) -> "Sweeper":  # type: ignore[override]
        return Sweeper(worker.app.amqp.queues.consume_from)


class Sweeper:
    """Sweeps every ``WORK_SWEEP_SECONDS`` until stopped."""

    def __init__(self, queues: Collection[str]) -> None:
        self._timetable = Timetable(queues)
        self._fallback = FallbackProcess(queues)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        # A pool process forked in the middle of a sweep would inherit locks held by this
        # thread, which it does not have, and connections. So nothing forks meanwhile.
        self._still = threading.Lock()

    def start(self) -> None:
        os.register_at_fork(
            before=self._still.acquire,
            after_in_parent=self._still.release,
            after_in_child=self._still.release,
        )
        self._thread.start()

    def stop(self) -> None:
        """Also ends the fallback process, which gives its row back after the grace."""
        self._stop.set()
        self._thread.join(settings.WORK_GRACE_SECONDS)
        self._fallback.end(grace=settings.WORK_GRACE_SECONDS)

    def _run(self) -> None:
        wait = 0.0
        while not self._stop.wait(wait):
            with self._still:
                wait = self._turn()
            self._fallback.tend()
            if settings.WORK_SIGN_OF_LIFE:
                Path(settings.WORK_SIGN_OF_LIFE).touch()

    def _turn(self) -> float:
        """One sweep; returns the seconds until the next."""
        try:
            swept = sweep()
            self._start_periodic()
        except broker.BrokerAway:
            self._fallback.wanted = True
            return settings.WORK_SWEEP_SECONDS
        except DatabaseError as error:
            logger.warning("The sweep did not reach the database (%s).", type(error).__name__)
            return settings.WORK_SWEEP_SECONDS
        finally:
            # Kept open it could be broken by the next time, and it is cheap to make.
            connections.close_all()
        self._fallback.wanted = False
        return _pause(swept)

    def _start_periodic(self) -> None:
        for task in self._timetable.due():
            broker.start(task)
            self._timetable.done(task)


class FallbackProcess:
    """``dermalia.work.fallback`` for some queues, in a process that runs while it is wanted."""

    def __init__(self, queues: Collection[str]) -> None:
        self.wanted = False
        self._queues = sorted(queues)
        self._process: subprocess.Popen[bytes] | None = None

    def tend(self) -> None:
        """Bring what runs in line with what is wanted."""
        if self._process is not None and self._process.poll() is not None:
            self._close()
        if self.wanted and self._process is None:
            logger.warning("Redis is away: working %s without it.", ", ".join(self._queues))
            self._process = subprocess.Popen(
                [sys.executable, "-m", "django", "work_off", *self._queues],
                cwd=settings.BASE_DIR,
                stdin=subprocess.PIPE,
            )
        if not self.wanted:
            self._say_enough()

    def end(self, *, grace: float) -> None:
        """Let it finish its row for ``grace`` seconds, then have it give the row back."""
        if self._process is None:
            return
        self._say_enough()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait()
        self._close()

    def _say_enough(self) -> None:
        if self._process is None or self._process.stdin is None or self._process.stdin.closed:
            return
        try:
            self._process.stdin.write(b"enough\n")
            self._process.stdin.close()
        except BrokenPipeError:
            logger.debug("the fallback process has ended already")

    def _close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._say_enough()
        self._process = None


def _pause(swept: Sweep | None) -> float:
    if swept is not None and swept.left and swept.told:
        return HURRY_SECONDS
    # Workers that were started together need not always meet at the lock.
    return settings.WORK_SWEEP_SECONDS * (0.9 + 0.2 * (time.monotonic() % 1))
