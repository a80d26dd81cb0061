"""What is due by the clock rather than by a row."""

import time
from collections.abc import Collection

from celery import current_app
from django.conf import settings

from dermalia.work.steps import queue_of


class Timetable:
    """The periodic tasks of some queues; each is due at once and then every so often.

    Every process keeps its own: such a task is idempotent and looks in the database for what
    is due, so that running it twice as often does nothing twice.
    """

    def __init__(self, queues: Collection[str]) -> None:
        self._next = {
            task: 0.0 for task in settings.WORK_PERIODIC if queue_of(current_app, task) in queues
        }

    def due(self) -> list[str]:
        """Names of the tasks to start now."""
        now = time.monotonic()
        return [task for task, at in self._next.items() if at <= now]

    def done(self, task: str) -> None:
        """The task has been started; not again before its time."""
        self._next[task] = time.monotonic() + settings.WORK_PERIODIC[task]
