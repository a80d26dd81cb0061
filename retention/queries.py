"""Reads over erasures: for the practice's pages, in its scope, and for whoever watches over all."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Max, Q, QuerySet
from django.db.models.functions import Now, TruncDate

from dermalia.tenancy import practice_scope
from dermalia.tenancy.statements import Statement
from practices.models import Practice
from reports.domain.due import BERLIN
from retention.domain.due_rows import due_reports, due_scans
from retention.models import DueSweep, Erasure, Reconciliation

PAGE = 50


@dataclass(frozen=True, slots=True)
class Overdue:
    """What was promised and is not done yet, over all practices.

    Attributes:
        unverified: erasures requested longer ago than promised (R47), and not verified.
        quarantined: erasures that no worker tries again by itself.
        oldest_seconds: how long the oldest unverified erasure has been waiting; 0 without one.
        late: scans that were due yesterday, that nobody holds back, and no sweep has taken.
        held: practices whose sweep waits for a person.
        missing: files that rows tell of and storage does not have, in the last full comparison.
    """

    unverified: int
    quarantined: int
    oldest_seconds: float
    late: int
    held: int
    missing: int

    @property
    def anything(self) -> bool:
        return any((self.unverified, self.quarantined, self.late, self.held, self.missing))


@dataclass(frozen=True, slots=True)
class Batch:
    """How far erasures that were asked for together are."""

    id: UUID
    erasures: list[Erasure]

    @property
    def verified(self) -> int:
        return sum(erasure.verified_at is not None for erasure in self.erasures)

    @property
    def done(self) -> bool:
        return self.verified == len(self.erasures)


def overdue() -> Overdue:
    """The counts, for an alarm and for metrics; one short transaction a practice."""
    unverified = quarantined = late = held = 0
    oldest = 0.0
    for practice_id in Practice.objects.order_by("pk").values_list("pk", flat=True):
        with practice_scope(practice_id):
            waiting = _waiting()
            unverified += waiting["late"]
            quarantined += waiting["quarantined"]
            oldest = max(oldest, _seconds(waiting["oldest"]))
            if held_sweep() is not None:
                held += 1
            else:
                late += _late()
    last = Reconciliation.objects.filter(ended_at__isnull=False).order_by("-ended_at").first()
    return Overdue(
        unverified=unverified,
        quarantined=quarantined,
        oldest_seconds=oldest,
        late=late,
        held=held,
        missing=last.missing if last else 0,
    )


def held_sweep() -> DueSweep | None:
    """The practice's sweep if it waits for somebody's word."""
    return _HELD.first()


_HELD = Statement(lambda: DueSweep.objects.exclude(hold="").order_by("pk")[:1])


def sweep_is_under_way() -> bool:
    """Whether the practice's sweep was broken off with something left, and is not held."""
    return held_sweep() is None and (due_reports().exists() or due_scans().exists())


def erasures(*, after: Erasure | None = None) -> QuerySet[Erasure]:
    """The practice's erasures, newest first; with ``after``, those below it."""
    rows = Erasure.objects.order_by("-requested_at", "-id")
    if after is None:
        return rows
    older = Q(requested_at__lt=after.requested_at)
    return rows.filter(older | Q(requested_at=after.requested_at, id__lt=after.pk))


def batch(batch_id: UUID) -> Batch:
    """Erasures that were asked for together; without any where there is no such batch."""
    return Batch(batch_id, list(Erasure.objects.filter(batch=batch_id).order_by("pk")))


def _waiting() -> dict[str, Any]:
    promised = timedelta(seconds=settings.ERASURE_LIMIT_SECONDS)
    late = Q(requested_at__lt=Now() - promised)
    rows = Erasure.objects.filter(state=Erasure.State.REQUESTED)
    found: dict[str, Any] = rows.aggregate(
        late=Count("pk", filter=late),
        quarantined=Count("pk", filter=Q(quarantined_at__isnull=False)),
        oldest=Max(Now() - F("requested_at"), filter=late),
    )
    return found


def _late() -> int:
    """A day's grace: sweeps are made every hour, and a long one is under way for a while."""
    yesterday = TruncDate(Now() - timedelta(days=1), tzinfo=BERLIN)
    return sum(rows.filter(due_on__lte=yesterday).count() for rows in (due_reports(), due_scans()))


def _seconds(age: timedelta | None) -> float:
    return age.total_seconds() if age else 0.0
