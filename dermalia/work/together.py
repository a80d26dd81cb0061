"""Holding many rows of one kind at once, for work that is cheaper together.

Each row keeps a lease of its own, as one that is worked off alone: whatever becomes of the others,
it is finished, put off or given back by itself.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Now

from dermalia.tenancy import practice_scope
from dermalia.work.lease import W, ending, new_holder, rows_of


@contextmanager
def lease_all(
    model: type[W], pks: Sequence[object], *, practice_id: int, state: str
) -> Iterator[list[W]]:
    """Hold those of the rows that are ours to take, in the order of their ids, for the block.

    Inside, ``still_held`` and ``lease.finish_all`` in one transaction end what was done, and
    ``lease.put_off`` what could not be. A block that is broken off leaves no row held.
    """
    rows = claim_all(model, pks, practice_id=practice_id, state=state)
    with ending(rows, practice_id):
        yield rows


def claim_all(model: type[W], pks: Sequence[object], *, practice_id: int, state: str) -> list[W]:
    """Take the rows that are due and that nobody has.

    A row over which a worker died is left out: it is tried alone, so that no other is blamed.
    """
    holder = new_holder()
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    with practice_scope(practice_id):
        rows = rows_of(model).filter(pk__in=pks)
        rows.filter(
            free,
            state=state,
            quarantined_at=None,
            next_attempt_at__lte=Now(),
            attempts=F("failures"),
        ).update(
            attempts=F("attempts") + 1,
            leased_until=Now() + timedelta(seconds=settings.WORK_LEASE_SECONDS),
            leased_by=holder,
        )
        return list(rows.filter(leased_by=holder).order_by("pk"))


def still_held(rows: Sequence[W]) -> list[W]:
    """Those of the rows, claimed together, that are ours for the rest of this transaction."""
    if not rows:
        return []
    ours = rows_of(type(rows[0])).select_for_update().filter(leased_by=rows[0].leased_by)
    held = set(ours.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    return [row for row in rows if row.pk in held]
