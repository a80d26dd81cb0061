"""Queues, leases, rows set aside, and whether workers are there."""

from collections.abc import Iterator

from celery import current_app
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Now

from dermalia.operations.doctor import Trouble, check
from dermalia.operations.metrics import Figure, collector
from dermalia.work import broker
from dermalia.work.due import due
from dermalia.work.steps import all_steps, queues

ANSWER_SECONDS = 2.0
# Two pulls that take their whole time, one behind the other.
OLDEST_SECONDS = 300.0


@collector
def jobs() -> Iterator[Figure]:
    """One query per state and kind, by the role that sees ids, states and times only."""
    for queue, (number, oldest) in waiting().items():
        labels = {"queue": queue}
        yield Figure("queue_due", "Rows that are due and held by nobody.", number, labels)
        yield Figure("queue_age_seconds", "How long the oldest of them is due.", oldest, labels)
    for model in dict.fromkeys(step.model for step in all_steps()):
        found = model.across_practices.using("sweeper").aggregate(
            held=Count("pk", filter=Q(leased_until__gte=Now())),
            dead=Count("pk", filter=Q(leased_until__lt=Now())),
            aside=Count("pk", filter=Q(quarantined_at__isnull=False)),
        )
        labels = {"kind": model.__name__.lower()}
        yield Figure("leases", "Rows that a worker holds.", found["held"], labels)
        yield Figure("leases_expired", "Rows whose worker died over them.", found["dead"], labels)
        yield Figure("quarantined", "Rows that wait for a person.", found["aside"], labels)


@collector
def messages() -> Iterator[Figure]:
    """What waits in Redis; apart from the rows, which are known without it."""
    for queue in queues():
        number = broker.waiting(queue)
        yield Figure("queue_messages", "Messages in Redis.", number, {"queue": queue})


def waiting() -> dict[str, tuple[int, float]]:
    """By queue: how many rows are due, and for how many seconds the oldest."""
    found: dict[str, tuple[int, float]] = dict.fromkeys(queues(), (0, 0.0))
    for step in all_steps():
        rows = due(step).aggregate(number=Count("pk"), oldest=Max(Now() - F("next_attempt_at")))
        age = rows["oldest"].total_seconds() if rows["oldest"] else 0.0
        number, oldest = found[step.queue]
        found[step.queue] = (number + rows["number"], max(oldest, age))
    return found


@check(
    "queues", do="See whether that queue's worker runs and what it logs; add workers if it does."
)
def queues_move() -> str:
    found = waiting()
    late = [
        f"{queue} {oldest / 60:.0f} min"
        for queue, (_, oldest) in found.items()
        if oldest > OLDEST_SECONDS
    ]
    if late:
        raise Trouble(f"rows are due and nobody takes them: {', '.join(late)}")
    return f"{sum(number for number, _ in found.values())} rows due, none for long"


@check("rows set aside", do="Open the admin's page of jobs: each says why; try again once mended.")
def nothing_is_set_aside() -> str:
    aside = {
        model.__name__.lower(): model.across_practices.using("sweeper")
        .filter(quarantined_at__isnull=False)
        .count()
        for model in dict.fromkeys(step.model for step in all_steps())
    }
    if any(aside.values()):
        told = ", ".join(f"{number} {kind}" for kind, number in aside.items() if number)
        raise Trouble(f"no worker touches these any more: {told}")
    return "none"


@check("workers", do="Start the worker of that queue (deploy/entrypoint worker QUEUE).")
def workers_answer() -> str:
    """Asked through Redis, so that one on another host counts as well."""
    answers = current_app.control.inspect(timeout=ANSWER_SECONDS).active_queues() or {}
    consumed = {queue["name"] for of_one in answers.values() for queue in of_one}
    missing = [queue for queue in queues() if queue not in consumed]
    if missing:
        raise Trouble(f"nobody answers for {', '.join(missing)}")
    return f"{len(answers)} answer, for {', '.join(sorted(consumed))}"
