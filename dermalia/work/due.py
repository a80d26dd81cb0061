"""Which rows are due, in an order that is fair to every practice."""

from datetime import timedelta

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import Now, RowNumber

from dermalia.work.models import Work
from dermalia.work.steps import Step

NUDGE_AGAIN_SECONDS = 60


def due_rows(step: Step, *, limit: int, again: bool) -> list[tuple[int, object]]:
    """(practice id, row id) of due rows nobody holds, one practice after the other.

    The first due row of every practice comes before the second of any. Read as a database
    role that sees nothing but ids, states and times.

    Args:
        again: take in rows that a worker was told of less than a minute ago.
    """
    turn = Window(RowNumber(), partition_by=F("practice_id"), order_by="next_attempt_at")
    rows = due(step) if again else due(step).filter(_untold())
    fair = rows.annotate(turn=turn).order_by("turn", "next_attempt_at")
    return list(fair.values_list("practice_id", "pk")[:limit])


def mark_told(step: Step, rows: list[tuple[int, object]]) -> None:
    """Remember that a worker was told of these rows just now."""
    _all(step).filter(pk__in=[pk for _, pk in rows]).update(nudged_at=Now())


def due(step: Step) -> QuerySet[Work]:
    """Every due row that nobody holds, of all practices; by the role that sees no more of them."""
    return _all(step).filter(
        Q(leased_until=None) | Q(leased_until__lt=Now()),
        state=step.state,
        quarantined_at=None,
        next_attempt_at__lte=Now(),
    )


def _untold() -> Q:
    return Q(nudged_at=None) | Q(nudged_at__lt=Now() - timedelta(seconds=NUDGE_AGAIN_SECONDS))


def _all(step: Step) -> QuerySet[Work]:
    return step.model.across_practices.using("sweeper").all()
