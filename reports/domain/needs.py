"""What waits for somebody at the practice: counted above the list, and a filter of it.

Each condition stands here once, for the count and for the rows it leads to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from practices.models import Practice, Purpose
from reports.domain.due import BERLIN
from reports.domain.fates import not_arrived
from reports.models import Case, Delivery, Report
from scans.models import Scan

SOON = timedelta(days=30)
CASE_SOON = timedelta(days=7)


class Need(StrEnum):
    """Why a scan needs attention; the value stands in the list's address."""

    FAILED = "failed"
    MAIL = "mail"
    FLAG = "flag"
    CONSENT = "consent"
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True)
class Needs:
    """How many scans need what, and how many requests must be answered within a week."""

    scans: dict[Need, int]
    cases: int


def today() -> date:
    """The day in Berlin, where due dates are."""
    return timezone.now().astimezone(BERLIN).date()


def waiting(need: Need) -> Q:
    """The condition on a ``Scan`` that needs this."""
    return _CONDITIONS[need](today())


def any_need() -> Q:
    """The condition on a ``Scan`` that needs anything at all."""
    found = Q()
    for need in Need:
        found |= waiting(need)
    return found


def count_needs(practice_id: int) -> Needs:
    """All numbers by one statement (in the practice's scope)."""
    statement, values = _statement(practice_id, today())
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    assert row is not None  # a practice's own row is always there
    *scans, cases = row
    return Needs(dict(zip(Need, scans, strict=True)), cases)


@lru_cache(maxsize=1000)
def _statement(practice_id: int, day: date) -> tuple[str, tuple[Any, ...]]:
    """The statement and its values, which hold for a day of a practice.

    To put it together takes several times as long as to answer it, and every look at the list,
    every few seconds at each desk, asks it.
    """
    cases = Case.objects.filter(state=Case.State.OPEN, due_on__lte=day + CASE_SOON)
    numbers = {need.value: _number(_rows(need, day)) for need in Need} | {"cases": _number(cases)}
    rows = Practice.objects.filter(pk=practice_id).order_by().values(**numbers)
    return rows.query.sql_with_params()


def _failed(_day: date) -> Q:
    return ~Q(last_error="")


def _mail(_day: date) -> Q:
    return Q(Exists(_lost().filter(report__scan=OuterRef("pk"))))


def _flag(_day: date) -> Q:
    return Q(report__state=Report.State.DRAFT, report__purpose="")


def _consent(_day: date) -> Q:
    return Q(report__purpose=Purpose.AESTHETIC, report__basis="")


def _erasure(day: date) -> Q:
    return Q(report__due_on__lte=day + SOON)


_CONDITIONS: dict[Need, Callable[[date], Q]] = {
    Need.FAILED: _failed,
    Need.MAIL: _mail,
    Need.FLAG: _flag,
    Need.CONSENT: _consent,
    Need.ERASURE: _erasure,
}


def _rows(need: Need, day: date) -> QuerySet[Any]:
    """The rows to count: where the mails lead, since few of a practice's scans have one lost."""
    if need == Need.MAIL:
        return Scan.objects.filter(pk__in=_lost().values("report__scan"))
    return Scan.objects.filter(_CONDITIONS[need](day))


def _lost() -> QuerySet[Delivery]:
    """Mails that did not arrive, by the database's clock: the condition outlives this moment."""
    return Delivery.objects.filter(not_arrived(Now()))


def _number(rows: QuerySet[Any]) -> Any:
    counted = rows.order_by().values(one=Value(1)).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
