"""Claiming a row, finishing it, failing it: each one conditional UPDATE."""

import logging
import os
import secrets
from collections.abc import Iterator
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
    try:
        with acting_for(practice_id):
            yield row
    except WorkFailed as failure:
        _fail(row, practice_id, str(failure), retry=failure.retry, after=failure.after)
    except LeaseLost:
        logger.warning("%s %s was taken over by another worker", model.__name__, pk)
    except SoftTimeLimitExceeded:
        _fail(row, practice_id, "Took longer than it may; trying again.", retry=True)
        raise
    except Exception:
        # Unlike a kill, which leaves the lease to run out and counts as a crash.
        _fail(row, practice_id, "An unexpected error; the log has its details.", retry=True)
        raise
    except BaseException:
        _give_back(row, practice_id)
        raise


def claim(model: type[W], pk: object, *, practice_id: int, state: str) -> W | None:
    """Take the row under a lease of its own, or None if it is not due or somebody has it.

    ``lease`` is how work is done; a claim that nobody ends is what a kill leaves behind.
    """
    holder = f"{os.environ.get('DERMALIA_WORKER', 'worker')}:{secrets.token_hex(8)}"
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    with practice_scope(practice_id):
        due = _rows(model).filter(
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
        row = _rows(model).get(pk=pk)
    if row.attempts > row.failures + 1:
        counters.RECOVERIES.labels(kind=model.__name__.lower()).inc()
    return row


def finish(row: Work, *, state: str) -> None:
    """Move the held row on; call it inside the transaction that writes the work's result.

    Raises:
        LeaseLost: if the lease ran out and another worker took the row. The caller's
            transaction must then roll back, which raising does.
    """
    moved = (
        _rows(type(row))
        .filter(pk=row.pk, leased_by=row.leased_by)
        .update(
            state=state,
            attempts=0,
            failures=0,
            next_attempt_at=Now(),
            leased_until=None,
            leased_by="",
            nudged_at=None,
            last_error="",
        )
    )
    if not moved:
        raise LeaseLost
    nudge(type(row), row.pk, state=state)


def hold(row: Work) -> None:
    """Make sure, for the rest of this transaction, that the row is still ours.

    Raises:
        LeaseLost: it was taken over, or erased.
    """
    held = _rows(type(row)).select_for_update().filter(pk=row.pk, leased_by=row.leased_by)
    if not held.exists():
        raise LeaseLost


def release(*, worker: str, model: type[Work]) -> int:
    """Give back, in the practice in scope, what a worker known to be dead still holds."""
    held = _rows(model).filter(leased_by__startswith=f"{worker}:")
    return held.update(leased_until=None, leased_by="", nudged_at=None)


def retry_now(row: Work) -> None:
    """Somebody acted: take the row out of quarantine and try again at once."""
    _rows(type(row)).filter(pk=row.pk).update(
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
        _rows(type(row)).filter(pk=row.pk, leased_by=row.leased_by).update(
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
        _rows(type(row)).filter(pk=row.pk, leased_by=row.leased_by).update(
            attempts=F("attempts") - 1, leased_until=None, leased_by="", nudged_at=None
        )
        nudge(type(row), row.pk, state=row.state)


def _rows(model: type[W]) -> models.QuerySet[W]:
    manager: models.Manager[W] = model.objects
    return manager.all()
