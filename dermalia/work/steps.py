"""Which state of which model is worked off by which task, on which queue."""

from dataclasses import dataclass

from celery import Celery

from dermalia.work.models import Work


@dataclass(frozen=True, slots=True)
class Step:
    """Rows of ``model`` in ``state`` are due for ``task(practice_id, row id)``."""

    model: type[Work]
    state: str
    task: str
    queue: str


_steps: list[Step] = []


def register(step: Step) -> None:
    """Called by each app when it is ready."""
    if step not in _steps:
        _steps.append(step)


def all_steps() -> tuple[Step, ...]:
    return tuple(_steps)


def queues() -> tuple[str, ...]:
    """Every queue that some step is worked off on."""
    return tuple(dict.fromkeys(step.queue for step in _steps))


def queue_of(app: Celery, task: str) -> str:
    """The queue that a task is routed to by ``CELERY_TASK_ROUTES``."""
    return str(app.amqp.router.route({}, task)["queue"].name)


def step_for(model: type[Work], state: str) -> Step | None:
    """The step that works off ``model`` in ``state``, or None where nothing is left to do."""
    return next((s for s in _steps if s.model is model and s.state == state), None)
