"""Claiming a row, finishing it, failing it: each one conditional UPDATE."""

import logging
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import Now

from dermalia.operations.metrics import counters
from dermalia.tenancy import practice_scope
from dermalia.tenancy.acting import acting_for
from dermalia.work.models import Work
from dermalia.work.nudge import nudge

logger = logging.getLogger(__name__)
W = TypeVar("W", bound=Work)

CRASHES_ALLOWED = 3
BACKOFF_SECONDS = (2, 10, 60, 300, 1800)


class WorkFailed(Exception):
    """The work could not be done now; ``str()`` tells staff why, without personal data.

    Args:
        message: a sentence a person can act on.
        retry: False when trying again cannot help until somebody acts.
        after: seconds to wait, where the other side named a time.
    """

    def __init__(self, message: str, *, retry: bool = True, after: float | None = None) -> None:
        super().__init__(message)
        self.retry = retry
        self.after = after


class LeaseLost(RuntimeError):
    """Somebody else holds the row now; whatever this worker did must not count."""


@contextmanager
def lease(model: type[W], pk: object, *, practice_id: int, state: str) -> Iterator[W | None]:
    """Hold the row while the block runs; yields None if it is not ours to take.

    The block ends by ``finish(row, state=...)`` inside its own transaction. ``WorkFailed``
    is written to the row and swallowed: it is an outcome. Any other exception is written as
    a failure and raised, so that it is seen. A process that is told to end gives the row
    back as if it had never taken it.
    """
    row = claim(model, pk, practice_id=practice_id, state=state)
    if row is None:
        yield None
        return
    with ending([row], practice_id), acting_for(practice_id):
        yield row


@contextmanager
def ending(rows: Sequence[Work], practice_id: int) -> Iterator[None]:
    """See to it that no row stays held when the block, which is to finish them, is broken off."""
    try:
        yield
    except WorkFailed as failure:
        put_off(rows, practice_id, failure)
    except LeaseLost:
        for row in rows:
            logger.warning("%s %s was taken over by another worker", type(row).__name__, row.pk)
    except SoftTimeLimitExceeded:
        put_off(rows, practice_id, WorkFailed("Took longer than it may; trying again."))
        raise
    except Exception:
        # Unlike a kill, which leaves the lease to run out and counts as a crash.
        told = WorkFailed("An unexpected error; the log has its details.")
        put_off(rows, practice_id, told)
        raise
    except BaseException:
        for row in rows:
            _give_back(row, practice_id)
        raise


def put_off(rows: Iterable[Work], practice_id: int, failure: WorkFailed) -> None:
    """Write down of held rows that, and why, it could not be done; others are left as they are."""
    for row in rows:
        _fail(row, practice_id, str(failure), retry=failure.retry, after=failure.after)


def claim(model: type[W], pk: object, *, practice_id: int, state: str) -> W | None:
    """Take the row under a lease of its own, or None if it is not due or somebody has it.

    ``lease`` is how work is done; a claim that nobody ends is what a kill leaves behind.
    """
    holder = new_holder()
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    with practice_scope(practice_id):
        due = rows_of(model).filter(
            free, pk=pk, state=state, quarantined_at=None, next_attempt_at__lte=Now()
        )
        taken = due.filter(attempts__lt=F("failures") + CRASHES_ALLOWED).update(
            attempts=F("attempts") + 1,
            leased_until=Now() + timedelta(seconds=settings.WORK_LEASE_SECONDS),
            leased_by=holder,
        )
        if not taken:
            _quarantine(due.filter(attempts__gte=F("failures") + CRASHES_ALLOWED))
            return None
        row = rows_of(model).get(pk=pk)
    if row.attempts > row.failures + 1:
        counters.RECOVERIES.labels(kind=model.__name__.lower()).inc()
    return row


def new_holder() -> str:
    """Who holds a row: this worker, at this one time."""
    return f"{os.environ.get('DERMALIA_WORKER', 'worker')}:{secrets.token_hex(8)}"


def finish(row: Work, *, state: str) -> None:
    """Move the held row on; call it inside the transaction that writes the work's result.

    Raises:
        LeaseLost: if the lease ran out and another worker took the row. The caller's
            transaction must then roll back, which raising does.
    """
    finish_all([row], state=state)


def finish_all(rows: Sequence[W], *, state: str) -> None:
    """The same of rows of one kind that were claimed together.

    Raises:
        LeaseLost: see ``finish``; one of them is enough.
    """
    if not rows:
        return
    model, holders = type(rows[0]), {row.leased_by for row in rows}
    ours = rows_of(model).filter(pk__in=[row.pk for row in rows], leased_by__in=holders)
    moved = ours.update(
        state=state,
        attempts=0,
        failures=0,
        next_attempt_at=Now(),
        leased_until=None,
        leased_by="",
        nudged_at=None,
        last_error="",
    )
    if moved != len(rows):
        raise LeaseLost
    for row in rows:
        nudge(model, row.pk, state=state)


def hold(row: Work) -> None:
    """Make sure, for the rest of this transaction, that the row is still ours.

    Raises:
        LeaseLost: it was taken over, or erased.
    """
    held = rows_of(type(row)).select_for_update().filter(pk=row.pk, leased_by=row.leased_by)
    if not held.exists():
        raise LeaseLost


def release(*, worker: str, model: type[Work]) -> int:
    """Give back, in the practice in scope, what a worker known to be dead still holds."""
    held = rows_of(model).filter(leased_by__startswith=f"{worker}:")
    return held.update(leased_until=None, leased_by="", nudged_at=None)


def retry_now(row: Work) -> None:
    """Somebody acted: take the row out of quarantine and try again at once."""
    rows_of(type(row)).filter(pk=row.pk).update(
        attempts=0, failures=0, quarantined_at=None, next_attempt_at=Now(), nudged_at=None
    )
    row.refresh_from_db()
    nudge(type(row), row.pk, state=row.state)


def _quarantine(crashed: models.QuerySet[W]) -> None:
    crashed.update(
        quarantined_at=Now(),
        leased_until=None,
        leased_by="",
        last_error="Stopped three times without a result. Please contact support.",
    )


def _fail(
    row: Work, practice_id: int, message: str, *, retry: bool, after: float | None = None
) -> None:
    given_up = not retry or (row.gives_up and row.failures >= len(BACKOFF_SECONDS))
    wait = after if after is not None else BACKOFF_SECONDS[min(row.failures, 4)]
    with practice_scope(practice_id):
        rows_of(type(row)).filter(pk=row.pk, leased_by=row.leased_by).update(
            failures=F("failures") + 1,
            last_error=message[:300],
            leased_until=None,
            leased_by="",
            nudged_at=None,
            next_attempt_at=Now() + timedelta(seconds=wait),
            quarantined_at=Now() if given_up else None,
        )


def _give_back(row: Work, practice_id: int) -> None:
    """Nobody is to blame: the start does not count, and the next worker may have it at once."""
    if not connection.in_atomic_block:
        # Interrupted in the middle of a query it could not be used any more.
        connection.close()
    with practice_scope(practice_id):
        rows_of(type(row)).filter(pk=row.pk, leased_by=row.leased_by).update(
            attempts=F("attempts") - 1, leased_until=None, leased_by="", nudged_at=None
        )
        nudge(type(row), row.pk, state=row.state)


def rows_of(model: type[W]) -> models.QuerySet[W]:
    """The rows of the practice in scope."""
    manager: models.Manager[W] = model.objects
    return manager.all()
