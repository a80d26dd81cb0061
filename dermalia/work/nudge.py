"""Telling a worker that a row is due. A lost nudge costs a few seconds, never a row."""

import logging
from datetime import timedelta

from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from dermalia.tenancy import current_practice
from dermalia.work.models import Work
from dermalia.work.steps import Step, all_steps, step_for

logger = logging.getLogger(__name__)

SWEEP_BATCH = 500
NUDGE_AGAIN_SECONDS = 60


def nudge(model: type[Work], pk: object, *, state: str) -> None:
    """After this transaction commits, tell a worker of the row (in the practice in scope)."""
    step = step_for(model, state)
    if step is None:
        return
    practice_id = current_practice()
    transaction.on_commit(lambda: _send(step, practice_id, pk), robust=True)


def sweep() -> int:
    """Nudge every due row of every practice that nobody was told of lately.

    Runs as a database role that reads nothing but ids, states and times.

    Returns:
        How many rows were nudged.
    """
    return sum(_sweep_step(step) for step in all_steps())


def _sweep_step(step: Step) -> int:
    due = (
        step.model.across_practices.using("sweeper")
        .filter(Q(leased_until=None) | Q(leased_until__lt=Now()))
        .filter(Q(nudged_at=None) | Q(nudged_at__lt=Now() - timedelta(seconds=NUDGE_AGAIN_SECONDS)))
        .filter(state=step.state, quarantined_at=None, next_attempt_at__lte=Now())
        .order_by("next_attempt_at")
    )
    sent = [
        pk
        for practice_id, pk in due.values_list("practice_id", "pk")[:SWEEP_BATCH]
        if _send(step, practice_id, pk)
    ]
    if sent:
        step.model.across_practices.using("sweeper").filter(pk__in=sent).update(nudged_at=Now())
    return len(sent)


def _send(step: Step, practice_id: int, pk: object) -> bool:
    try:
        current_app.send_task(step.task, args=[practice_id, str(pk)], queue=step.queue)
    except (OperationalError, OSError) as error:
        logger.warning("Redis did not take a nudge (%s); the sweep will.", type(error).__name__)
        return False
    return True
