"""What waits for somebody at the practice: counted above the list, and a filter of it.

Each condition stands here once, for the count and for the rows it leads to.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import (
    Count,
    DateField,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from dermalia.tenancy.statements import Figures, Given
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
    """The condition on a ``Scan`` that needs this, for a statement that is given ``horizons``."""
    if need == Need.FAILED:
        return ~Q(last_error="")
    if need == Need.MAIL:
        return Q(Exists(_lost().filter(report__scan=OuterRef("pk"))))
    return _of_a_report(need, "report__")


def any_need() -> Q:
    """The condition on a ``Scan`` that needs anything at all; as ``waiting``.

    Each need by the index it is counted by: conditions on several tables, joined by OR, would be
    tried on every scan of the practice.
    """
    first, *others = (_scans(need) for need in Need)
    return Q(pk__in=first.union(*others, all=True))


def count_needs(practice_id: int) -> Needs:
    """All numbers by one statement (in the practice's scope)."""
    ((*scans, cases),) = _NUMBERS.rows(practice_id=practice_id, **horizons())
    return Needs(dict(zip(Need, scans, strict=True)), cases)


def horizons() -> dict[str, date]:
    """How far ahead each of them looks, from today on."""
    day = today()
    return {"erased_by": day + SOON, "answered_by": day + CASE_SOON}


def _numbers() -> QuerySet[Any, Any]:
    answered_by = Given("answered_by", DateField())
    cases = Case.objects.filter(state=Case.State.OPEN, due_on__lte=answered_by)
    numbers = {need.value: _number(_rows(need)) for need in Need} | {"cases": _number(cases)}
    practice = Practice.objects.filter(pk=Given("practice_id", IntegerField()))
    return practice.order_by().values(**numbers)


# Every look at the list, every few seconds at each desk, asks it.
_NUMBERS = Figures(_numbers)


def _rows(need: Need) -> QuerySet[Any, Any]:
    """The rows to count, one for each scan: its report or its mails, where these say it all.

    They lead to few of a practice's scans, and no plan has to be made for getting at those.
    """
    if need == Need.FAILED:
        return Scan.objects.filter(waiting(need))
    if need == Need.MAIL:
        return Report.objects.filter(pk__in=_lost().values("report"))
    return Report.objects.filter(_of_a_report(need))


def _scans(need: Need) -> QuerySet[Any, Any]:
    """The ids of the scans that ``_rows`` lead to."""
    return _rows(need).order_by().values("pk" if need == Need.FAILED else "scan")


def _of_a_report(need: Need, prefix: str = "") -> Q:
    """The condition on a ``Report``, or on what has it under the prefix."""
    conditions: dict[Need, dict[str, Any]] = {
        Need.FLAG: {"state": Report.State.DRAFT, "purpose": ""},
        Need.CONSENT: {"purpose": Purpose.AESTHETIC, "basis": ""},
        Need.ERASURE: {"due_on__lte": Given("erased_by", DateField())},
    }
    return Q(**{f"{prefix}{name}": value for name, value in conditions[need].items()})


def _lost() -> QuerySet[Delivery]:
    """Mails that did not arrive, by the database's clock: the condition outlives this moment."""
    return Delivery.objects.filter(not_arrived(Now()))


def _number(rows: QuerySet[Any]) -> Any:
    counted = rows.order_by().values(one=Value(1)).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
