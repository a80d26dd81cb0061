"""Works rows off without Redis; a worker whose broker is away runs it by ``manage.py work_off``.

One row after the other, through the same tasks as ever: claimed under a lease, so that a worker
that gets a message for the same row meanwhile leaves it alone. A process of its own, because
Celery's pool takes work from the broker's event loop only, and because a thread could not be
ended at the hard time limit. It ends when it reads a line, with the row it has begun finished,
and, when its parent is gone or SIGTERM comes, with that row given back.
"""

import itertools
import logging
import os
import signal
import sys
import threading
from collections.abc import Collection, Iterator

from celery import Celery
from django.db import connections

from dermalia.work.due import due_rows
from dermalia.work.limits import time_limits
from dermalia.work.periodic import Timetable
from dermalia.work.steps import Step, all_steps

logger = logging.getLogger(__name__)

# Rows of each step looked up at once; short, so that what comes due meanwhile is not left behind.
BATCH = 10
PAUSE_SECONDS = 0.5

Job = tuple[str, tuple[object, ...]]


class Fallback:
    """The program: rounds over due rows until ``enough`` is set."""

    def __init__(self, app: Celery, queues: Collection[str], enough: threading.Event) -> None:
        self._app = app
        self._steps = [step for step in all_steps() if step.queue in queues]
        self._timetable = Timetable(queues)
        self._enough = enough

    def run(self) -> None:
        while not self._enough.is_set():
            for task, arguments in self._jobs():
                if self._enough.is_set():
                    return
                self._do(task, arguments)
            self._enough.wait(PAUSE_SECONDS)

    def _jobs(self) -> Iterator[Job]:
        for task in self._timetable.due():
            self._timetable.done(task)
            yield task, ()
        # Steps in turn, as practices are within a step.
        for jobs in itertools.zip_longest(*(_jobs_of(step) for step in self._steps)):
            yield from (job for job in jobs if job is not None)

    def _do(self, task: str, arguments: tuple[object, ...]) -> None:
        conf = self._app.conf
        try:
            with time_limits(soft=conf.task_soft_time_limit, hard=conf.task_time_limit):
                self._app.tasks[task](*arguments)
        except Exception:
            # Written to the row by whoever held it; the next row must not suffer.
            logger.exception("%s failed", task)
        finally:
            connections.close_all()


def _jobs_of(step: Step) -> list[Job]:
    rows = due_rows(step, limit=BATCH, again=True)
    return [(step.task, (practice_id, str(pk))) for practice_id, pk in rows]


def work_off(app: Celery, queues: Collection[str]) -> None:
    """Work until a line comes on standard input, or its end, or SIGTERM."""
    app.autodiscover_tasks(force=True)
    enough = threading.Event()
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's, meant for the parent
    threading.Thread(target=_listen, args=(enough,), daemon=True).start()
    Fallback(app, queues, enough).run()


def _listen(enough: threading.Event) -> None:
    line = sys.stdin.readline()
    enough.set()
    if not line:
        os.kill(os.getpid(), signal.SIGTERM)


def _end(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(0)
