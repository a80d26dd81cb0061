"""Which scans the list shows: filters, search, and pages that begin where the last one ended."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from practices.models import Purpose
from reports.domain.due import BERLIN
from reports.domain.needs import Need, any_need, waiting
from reports.models import Delivery, Report
from scans.models import Scan
from scans.queries import scans_of

PAGE = 30
ANY_NEED = "any"
SEEN_AT = Coalesce("captured_at", "discovered_at")
GERMAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})?$")
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}$")

# What a stage of a report means for the list, as it is called in the address.
STAGES: dict[str, Q] = {
    "running": ~Q(state=Scan.State.READY),
    "draft": Q(report__state=Report.State.DRAFT),
    "released": Q(report__state=Report.State.RELEASED),
    "restricted": Q(report__restricted_at__isnull=False),
}
OPENED: dict[str, Q] = {
    "yes": Q(report__opened_at__isnull=False),
    "no": Q(report__state=Report.State.RELEASED, report__opened_at=None),
}
PURPOSES: dict[str, Q] = {
    Purpose.MEDICAL: Q(report__purpose=Purpose.MEDICAL),
    Purpose.AESTHETIC: Q(report__purpose=Purpose.AESTHETIC),
    "none": Q(report__purpose=""),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty texts narrow nothing.

    Attributes:
        search: the beginning of a scan identifier, a whole first name, a whole e-mail address,
            or a day.
    """

    search: str = ""
    stage: str = ""
    opened: str = ""
    purpose: str = ""
    need: str = ""

    @property
    def narrows(self) -> bool:
        return any((self.search, self.stage, self.opened, self.purpose, self.need))

    def apply(self, scans: QuerySet[Scan]) -> QuerySet[Scan]:
        condition = (
            STAGES.get(self.stage, Q())
            & OPENED.get(self.opened, Q())
            & PURPOSES.get(self.purpose, Q())
        )
        if self.need:
            condition &= any_need() if self.need == ANY_NEED else waiting(Need(self.need))
        if self.search:
            condition &= _found(self.search)
        return scans.filter(condition)


@dataclass(frozen=True, slots=True)
class Mark:
    """The row a page ended with: the next one begins below it."""

    at: datetime
    scan_id: UUID

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.scan_id}"

    @classmethod
    def parse(cls, text: str) -> "Mark | None":
        """What ``str`` gave, or None for anything else."""
        at, _, scan_id = text.partition("~")
        try:
            mark = cls(datetime.fromisoformat(at), UUID(scan_id))
        except ValueError:
            return None
        return mark if timezone.is_aware(mark.at) else None


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the list, newest first.

    Attributes:
        deliveries: the mails of each report that has any, by its id.
    """

    scans: Sequence[Scan]
    deliveries: Mapping[UUID, list[Delivery]]
    next: Mark | None


def list_scans(filters: Filters, *, after: Mark | None = None, size: int = PAGE) -> Listed:
    """A page of the practice's scans, each with identity and report, and their mails.

    By keyset: the millionth row costs what the first does, and a scan that arrives meanwhile
    moves nothing to another page.
    """
    found = list(_page(_narrowed(filters, after), size + 1))
    shown = found[:size]
    more = len(found) > size
    return Listed(
        shown, _deliveries(shown), Mark(seen_at(shown[-1]), shown[-1].pk) if more else None
    )


def _narrowed(filters: Filters, after: Mark | None) -> QuerySet[Scan]:
    rows = filters.apply(Scan.objects.all()).annotate(seen_at=SEEN_AT)
    if after is None:
        return rows
    # The first half alone is what an index can walk to; the second sorts out equal times.
    rows = rows.filter(seen_at__lte=after.at)
    return rows.filter(Q(seen_at__lt=after.at) | Q(id__lt=after.scan_id))


def _page(rows: QuerySet[Scan], size: int) -> QuerySet[Scan]:
    """The newest of them. Which those are is asked of bare ids: a filter that many scans pass
    sorts thousands, and neither what is sealed in them nor whom they show need come along."""
    newest = rows.order_by(SEEN_AT.desc(), "-id").values("id")[:size]
    return (
        Scan.objects.filter(pk__in=newest)
        .select_related("report", "identity")
        .defer("measurements", "report__link", "report__code", "identity__email")
        .order_by(SEEN_AT.desc(), "-id")
    )


def _deliveries(scans: Sequence[Scan]) -> dict[UUID, list[Delivery]]:
    reports = [scan.report.pk for scan in scans if hasattr(scan, "report")]
    mails = Delivery.objects.filter(report__in=reports).defer("message").order_by("created_at")
    grouped: defaultdict[UUID, list[Delivery]] = defaultdict(list)
    for mail in mails:
        grouped[mail.report_id].append(mail)
    return grouped


def seen_at(scan: Scan) -> datetime:
    """When a scan took place, or when it was found as long as that is not known."""
    return scan.captured_at or scan.discovered_at


def day_of(at: datetime) -> date:
    """The day in Berlin."""
    return at.astimezone(BERLIN).date()


def as_day(text: str, *, today: date) -> date | None:
    """A day as somebody types it: 3.7.2026, 3.7.26, 3.7. (of the past year) or 2026-07-03."""
    try:
        if ISO_DAY.match(text):
            return date.fromisoformat(text)
        if found := GERMAN_DAY.match(text):
            day, month, year = int(found[1]), int(found[2]), found[3]
            if year:
                return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
            guess = date(today.year, month, day)
            return guess if guess <= today else date(today.year - 1, month, day)
    except ValueError:
        return None
    return None


def _found(text: str) -> Q:
    day = as_day(text, today=day_of(timezone.now()))
    if day is not None:
        return _on(day)
    if "@" in text:
        return _among(scans_of(email=text))
    return Q(scan_identifier__istartswith=text) | _among(scans_of(first_name=text))


def _among(scans: QuerySet[Scan]) -> Q:
    return Q(Exists(scans.filter(pk=OuterRef("pk"))))


def _on(day: date) -> Q:
    """Both ends said in the columns themselves, so that each is found by its index."""
    begins = datetime.combine(day, time.min, tzinfo=BERLIN)
    ends = datetime.combine(day + timedelta(days=1), time.min, tzinfo=BERLIN)
    captured = Q(captured_at__gte=begins, captured_at__lt=ends)
    found = Q(captured_at=None, discovered_at__gte=begins, discovered_at__lt=ends)
    return captured | found
