"""Which practices an incident touches: found in the log, however many practices there are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Max, Min, Q, QuerySet

from audit.models import Entry
from audit.words import Action, Actor
from operators.domain.log import NO_PRACTICE
from reports.models import Link, Report
from retention.models import Erasure


@dataclass(frozen=True, slots=True)
class Trail:
    """What to look for in the log. What is empty narrows nothing down.

    Attributes:
        actor_id: the number of the member of staff or operator, with ``actor``.
    """

    since: datetime
    until: datetime
    actions: tuple[Action, ...] = ()
    objects: tuple[UUID, ...] = ()
    actor: Actor | None = None
    actor_id: int | None = None
    practices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Affected:
    """One practice that the trail leads to; ``touched`` are objects of its log."""

    practice_id: int
    entries: int
    first_at: datetime
    last_at: datetime
    touched: frozenset[UUID]


def follow(trail: Trail) -> list[Affected]:
    """The practices in whose log the trail is, by rising id. Reads as the admin's role.

    Raises:
        ValueError: the trail ends before it begins.
    """
    if trail.until <= trail.since:
        raise ValueError("the trail ends before it begins")
    rows: Any = (
        _entries(trail)
        .values("practice_id")
        .annotate(
            entries=Count("id"),
            first_at=Min("at"),
            last_at=Max("at"),
            touched=ArrayAgg(
                "object_id", filter=Q(object_id__isnull=False), distinct=True, default=[]
            ),
        )
        .order_by("practice_id")
    )
    return [Affected(**{**row, "touched": frozenset(row["touched"])}) for row in rows]


def count_reports(objects: Collection[UUID]) -> tuple[int, int]:
    """How many reports of the practice in scope these objects of the log belong to.

    Returns:
        Reports that are here, and at most how many that were erased since.
    """
    here = Report.objects.filter(
        Q(pk__in=objects) | Q(scan_id__in=objects) | Q(scan__assets__in=objects)
    )
    gone = Erasure.objects.filter(scan_id__in=objects).count()
    gone += Link.objects.filter(report_id__in=objects, gone_at__isnull=False).count()
    return here.distinct().count(), gone


def _entries(trail: Trail) -> QuerySet[Entry]:
    found = Entry.across_practices.using("admin").filter(at__gte=trail.since, at__lt=trail.until)
    found = found.exclude(practice_id=NO_PRACTICE)
    if trail.actions:
        found = found.filter(action__in=trail.actions)
    if trail.objects:
        found = found.filter(object_id__in=trail.objects)
    if trail.actor is not None:
        found = found.filter(actor=trail.actor)
    if trail.actor_id is not None:
        found = found.filter(actor_id=trail.actor_id)
    if trail.practices:
        found = found.filter(practice_id__in=trail.practices)
    return found
