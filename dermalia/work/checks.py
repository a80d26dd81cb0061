"""System checks that make measured traps of Celery and Redis impossible (``docs/jobs.md``)."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from celery import Celery, Task, current_app
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from dermalia.embedded.application import WORKERS
from dermalia.work.steps import all_steps, queue_of

# A publish may cost this much of a request, not more.
PUBLISH_SECONDS = 1.0
SOCKET_SECONDS = 10.0


def check_jobs(*_: object, **__: object) -> Sequence[CheckMessage]:
    """Everything that is wrong with the jobs' settings and registrations."""
    return list(faults(current_app))


def require_sound_settings(app: Celery) -> None:
    """Raises ``ImproperlyConfigured`` with every fault's sentence and hint."""
    found = list(faults(app))
    if found:
        raise ImproperlyConfigured(" ".join(f"{fault.msg} {fault.hint}" for fault in found))


def faults(app: Celery) -> Iterator[Error]:
    # Not by the loader's own import, which makes Celery run all system checks: this one too.
    app.autodiscover_tasks(force=True)
    yield from _delivery(app.conf)
    yield from _times(app)
    yield from _visibility(app.conf)
    yield from _redis_away(app.conf)
    yield from _registrations(app)
    yield from _schedule(app)


def our_tasks(app: Celery) -> list[Task[Any, Any]]:
    return [task for name, task in sorted(app.tasks.items()) if not name.startswith("celery.")]


def _delivery(conf: Any) -> Iterator[Error]:
    if not conf.task_acks_late:
        yield _error(
            1,
            "Messages are acknowledged before their task has run.",
            "Set CELERY_TASK_ACKS_LATE = True: else a deploy drops what a worker had reserved.",
        )
    if conf.task_reject_on_worker_lost:
        yield _error(
            2,
            "A task whose process was killed is put back by Celery, without end.",
            "Set CELERY_TASK_REJECT_ON_WORKER_LOST = False: the row's lease brings it back,"
            " and counts.",
        )
    if conf.worker_prefetch_multiplier != 1:
        yield _error(
            3,
            "Workers reserve more messages than they work on.",
            "Set CELERY_WORKER_PREFETCH_MULTIPLIER = 1: else short tasks wait behind long ones.",
        )
    if not conf.task_ignore_result:
        yield _error(
            4,
            "Tasks keep results, which makes sending them wait for Redis.",
            "Set CELERY_TASK_IGNORE_RESULT = True: the row is the result.",
        )


def _times(app: Celery) -> Iterator[Error]:
    of_all = (app.conf.task_soft_time_limit, app.conf.task_time_limit)
    yield from _ladder("The settings", *of_all, app.conf)
    for task in our_tasks(app):
        if not task.acks_late or task.reject_on_worker_lost:
            yield _error(
                5,
                f"{task.name} has its own idea of when its message is acknowledged.",
                "Leave acks_late and reject_on_worker_lost to the settings.",
            )
        own = (task.soft_time_limit, task.time_limit)
        if own != of_all:
            yield from _ladder(f"The task {task.name}", *own, app.conf)


def _ladder(whose: str, soft: float | None, hard: float | None, conf: Any) -> Iterator[Error]:
    rungs = [
        ("the soft time limit", soft),
        ("the hard time limit", hard),
        ("the lease (WORK_LEASE_SECONDS)", settings.WORK_LEASE_SECONDS),
        ("the visibility timeout", _visibility_timeouts(conf)["broker_transport_options"]),
    ]
    for (shorter, low), (longer, high) in pairwise(rungs):
        if low is None or high is None or not low < high:
            yield _error(
                6,
                f"{whose}: {shorter} is {low} s, {longer} is {high} s.",
                "It must be soft limit < hard limit < lease < visibility timeout: else two"
                " workers do the same at the same time.",
            )


def _visibility_timeouts(conf: Any) -> dict[str, float | None]:
    return {
        "broker_transport_options": conf.broker_transport_options.get("visibility_timeout"),
        "result_backend_transport_options": (
            conf.result_backend_transport_options.get("visibility_timeout")
        ),
        "visibility_timeout": conf.get("visibility_timeout"),
    }


def _visibility(conf: Any) -> Iterator[Error]:
    timeouts = _visibility_timeouts(conf)
    if len(set(timeouts.values())) > 1:
        yield _error(
            7,
            "The visibility timeout differs: "
            + ", ".join(f"{name} says {value}" for name, value in timeouts.items())
            + ".",
            "Set all three alike: on a shared Redis the shortest wins.",
        )


def _redis_away(conf: Any) -> Iterator[Error]:
    options = conf.broker_transport_options
    if conf.task_publish_retry and _publish_wait(conf.task_publish_retry_policy) > PUBLISH_SECONDS:
        yield _error(
            8,
            "Sending a message is tried again for longer than a request may wait.",
            "Set CELERY_TASK_PUBLISH_RETRY = False: the sweep makes up for it.",
        )
    if options.get("max_retries") is None:
        yield _error(
            9,
            "Connecting to Redis in order to send is tried again without a limit.",
            'Set "max_retries" in CELERY_BROKER_TRANSPORT_OPTIONS.',
        )
    for name in ("socket_connect_timeout", "socket_timeout"):
        if not 0 < (options.get(name) or 0) <= SOCKET_SECONDS:
            yield _error(
                10,
                f"Redis may keep a process waiting: {name} is {options.get(name)}.",
                f'Set "{name}" in CELERY_BROKER_TRANSPORT_OPTIONS, in seconds up to'
                f" {SOCKET_SECONDS:g}.",
            )
    if not 0 < settings.WORK_NUDGE_TIMEOUT_SECONDS <= PUBLISH_SECONDS:
        yield _error(
            11,
            f"A nudge may wait {settings.WORK_NUDGE_TIMEOUT_SECONDS} s for Redis.",
            f"Set WORK_NUDGE_TIMEOUT_SECONDS above 0 and up to {PUBLISH_SECONDS:g}.",
        )
    forever = conf.broker_connection_retry_on_startup and conf.broker_connection_max_retries is None
    if not (forever and conf.broker_connection_retry):
        yield _error(
            12,
            "A worker gives up when Redis stays away, and with it the sweep.",
            "Set CELERY_BROKER_CONNECTION_RETRY and _RETRY_ON_STARTUP to True and"
            " CELERY_BROKER_CONNECTION_MAX_RETRIES to None.",
        )


def _publish_wait(policy: dict[str, float | None]) -> float:
    retries = policy.get("max_retries")
    return float("inf") if retries is None else retries * (policy.get("interval_max") or 0)


def _registrations(app: Celery) -> Iterator[Error]:
    consumed = {queue for queues, _ in WORKERS.values() for queue in queues.split(",")}
    for step in all_steps():
        if step.task not in app.tasks:
            yield _error(
                13,
                f"{step.model.__name__} rows in state {step.state} wait for {step.task},"
                " which is no task.",
                "Name a task that a tasks.py of an installed app registers.",
            )
        elif queue_of(app, step.task) != step.queue:
            yield _error(
                14,
                f"{step.task} is nudged on the queue {step.queue} and routed to"
                f" {queue_of(app, step.task)}.",
                "Make the step and CELERY_TASK_ROUTES agree.",
            )
    for task in our_tasks(app):
        if (queue := queue_of(app, task.name)) not in consumed:
            yield _error(
                18,
                f"{task.name} is routed to the queue {queue}, which nobody consumes.",
                f"Route it to one of {', '.join(sorted(consumed))}, or have a worker in"
                " dermalia/embedded/application.py consume it.",
            )


def _schedule(app: Celery) -> Iterator[Error]:
    beat = {name: entry["task"] for name, entry in app.conf.beat_schedule.items()}
    for name, task in (beat | {task: task for task in settings.WORK_PERIODIC}).items():
        if task not in app.tasks:
            yield _error(
                15,
                f"{name!r} is to start {task}, which is no task.",
                "Correct CELERY_BEAT_SCHEDULE or WORK_PERIODIC.",
            )
    longest = _visibility_timeouts(app.conf)["broker_transport_options"]
    for name, entry in app.conf.beat_schedule.items():
        countdown = (entry.get("options") or {}).get("countdown", 0)
        if countdown and (longest is None or countdown >= longest):
            yield _error(
                16,
                f"{name!r} is sent with a countdown of at least the visibility timeout.",
                "Redis would give it out again and again: leave the countdown away.",
            )
    if not 0 < settings.WORK_SWEEP_SECONDS <= settings.ERASURE_LIMIT_SECONDS / 4:
        yield _error(
            17,
            f"Due rows are looked for every {settings.WORK_SWEEP_SECONDS} s only.",
            "Set WORK_SWEEP_SECONDS to at most a quarter of ERASURE_LIMIT_SECONDS: a lost nudge"
            " must not cost the promise.",
        )


def _error(number: int, sentence: str, hint: str) -> Error:
    return Error(sentence, hint=hint, id=f"jobs.E{number:03}")
