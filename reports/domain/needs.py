"""What waits for somebody at the practice: counted above the list, and a filter of it.

Each condition stands here once, for the count and for the rows it leads to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
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
    return _CONDITIONS[need]()


def any_need() -> Q:
    """The condition on a ``Scan`` that needs anything at all."""
    found = Q()
    for need in Need:
        found |= waiting(need)
    return found


def count_needs(practice_id: int) -> Needs:
    """All numbers by one statement (in the practice's scope)."""
    cases = Case.objects.filter(state=Case.State.OPEN, due_on__lte=today() + CASE_SOON)
    numbers = {need.value: _number(_rows(need)) for need in Need} | {"cases": _number(cases)}
    row: Any = Practice.objects.filter(pk=practice_id).order_by().values(**numbers).get()
    return Needs({need: row[need.value] for need in Need}, row["cases"])


def _failed() -> Q:
    return ~Q(state=Scan.State.READY) & ~Q(last_error="")


def _mail() -> Q:
    lost = Delivery.objects.filter(not_arrived(timezone.now()), report__scan=OuterRef("pk"))
    return Q(Exists(lost))


def _flag() -> Q:
    return Q(report__state=Report.State.DRAFT, report__purpose="")


def _consent() -> Q:
    return Q(report__purpose=Purpose.AESTHETIC, report__basis="")


def _erasure() -> Q:
    return Q(report__state=Report.State.RELEASED, report__due_on__lte=today() + SOON)


_CONDITIONS: dict[Need, Callable[[], Q]] = {
    Need.FAILED: _failed,
    Need.MAIL: _mail,
    Need.FLAG: _flag,
    Need.CONSENT: _consent,
    Need.ERASURE: _erasure,
}


def _rows(need: Need) -> QuerySet[Any]:
    """The rows to count: where the mails lead, since few of a practice's scans have one lost."""
    if need == Need.MAIL:
        lost = Delivery.objects.filter(not_arrived(timezone.now()))
        return Scan.objects.filter(pk__in=lost.values("report__scan"))
    return Scan.objects.filter(waiting(need))


def _number(rows: QuerySet[Any]) -> Any:
    counted = rows.order_by().values(one=Value(1)).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
