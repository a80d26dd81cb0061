"""What goes when, and why: nothing is changed by asking, and nobody is named."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now, TruncDate

from dermalia.tenancy import practice_scope
from reports.domain.due import BERLIN, due_why, explained
from reports.models import Report
from retention.domain.due_rows import NOT_WANTED
from scans.models import Scan

PAGE = 500


@dataclass(frozen=True, slots=True)
class Planned:
    """A scan that goes, by its reference (a random id).

    Attributes:
        waits: it is restricted: it goes when that is lifted.
    """

    on: date
    scan_id: UUID
    why: str
    waits: bool

    @property
    def reference(self) -> str:
        """The beginning of the id, enough for people."""
        return str(self.scan_id)[:8]


def plan(*, practice_id: int, days: int) -> Iterator[Planned]:
    """What the practice's sweeps erase until ``days`` from today, the soonest first.

    What is due already comes first, with its day in the past.
    """
    after: tuple[date, UUID] | None = None
    while True:
        with practice_scope(practice_id):
            page = _page(_reports(days), after)
        yield from page
        if len(page) < PAGE:
            break
        after = page[-1].on, page[-1].scan_id
    with practice_scope(practice_id):
        unfinished = list(_unfinished(days))
    yield from unfinished


def _page(rows: QuerySet[Report], after: tuple[date, UUID] | None) -> list[Planned]:
    if after is not None:
        on, scan_id = after
        rows = rows.filter(due_on__gte=on).exclude(due_on=on, scan_id__lte=scan_id)
    return [
        Planned(
            on=report.due_on,
            scan_id=report.scan_id,
            why=explained(report),
            waits=report.restricted_at is not None and report.restriction not in NOT_WANTED,
        )
        for report in rows.order_by("due_on", "scan_id")[:PAGE]
    ]


def _reports(days: int) -> QuerySet[Report]:
    return Report.objects.filter(due_on__lte=_until(days)).defer("link", "code")


def _unfinished(days: int) -> Iterator[Planned]:
    reported = Exists(Report.objects.filter(scan=OuterRef("pk")))
    rows = Scan.objects.filter(~reported, due_on__lte=_until(days)).order_by("due_on", "pk")
    why = due_why(None)
    for scan_id, due_on in rows.values_list("pk", "due_on"):
        yield Planned(due_on, scan_id, why, waits=False)


def _until(days: int) -> TruncDate:
    return TruncDate(Now() + timedelta(days=days), tzinfo=BERLIN)
