"""How long tasks take, by Celery's own signals."""

import time

from celery.signals import task_postrun, task_prerun, worker_process_init
from django.conf import settings

from dermalia.operations.metrics import counters
from dermalia.operations.metrics.ended import put_together

# A process of the pool runs one task at a time; the process that works without Redis does too.
_began: dict[str, float] = {}


def connect() -> None:
    task_prerun.connect(_begins, dispatch_uid="dermalia.metrics")
    task_postrun.connect(_ends, dispatch_uid="dermalia.metrics")
    worker_process_init.connect(_takes_a_place, dispatch_uid="dermalia.metrics")


def _takes_a_place(**_: object) -> None:
    """A process of the pool begins where another one ended."""
    put_together(settings.METRICS_DIR)


def _begins(task_id: str = "", **_: object) -> None:
    _began[task_id] = time.perf_counter()


def _ends(task_id: str = "", task: object = None, state: str | None = None, **_: object) -> None:
    began = _began.pop(task_id, None)
    if began is not None:
        name = getattr(task, "name", "unnamed")
        seconds = time.perf_counter() - began
        counters.TASKS.labels(task=name, state=(state or "unknown").lower()).observe(seconds)
