"""Which scans the list shows: filters, search, and pages that begin where the last one ended."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from django.db.models import (
    BinaryField,
    CharField,
    DateTimeField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from dermalia.tenancy.statements import Among, Given, Statement
from practices.models import Purpose
from reports.domain.due import BERLIN
from reports.domain.needs import Need, any_need, horizons, waiting
from reports.models import Delivery, Report
from scans.models import Identity, Scan
from scans.queries import email_index, first_name_index

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
# All that a row shows of a scan, its report and its person.
OF_A_SCAN = (
    *("scan_identifier", "key_id", "state", "last_error", "quarantined_at", "leased_until"),
    *("captured_at", "discovered_at", "stored_at", "ready_at"),
    *("stage", "stage_since", "stage_done", "stage_total"),
    *("report__state", "report__released_at", "report__opened_at", "report__due_on"),
    *("report__restricted_at", "identity__first_name"),
)


class Search(StrEnum):
    """What somebody may look for."""

    DAY = "day"
    EMAIL = "email"
    WORDS = "words"


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
    search, given = _looked_for(filters.search)
    if after is not None:
        given |= {"mark_at": after.at, "mark_id": after.scan_id}
    statement = _page(replace(filters, search=search), after is not None, size + 1)
    found = statement.rows(**given, **horizons())
    shown = found[:size]
    more = len(found) > size
    return Listed(
        shown, _deliveries(shown), Mark(seen_at(shown[-1]), shown[-1].pk) if more else None
    )


@lru_cache(maxsize=256)
def _page(filters: Filters, continued: bool, size: int) -> Statement[Scan]:
    """The statement for every page that is narrowed in this way; its ``search`` is a ``Search``."""
    return Statement(lambda: _newest(_narrowed(filters, continued), size))


def _narrowed(filters: Filters, continued: bool) -> QuerySet[Scan]:
    condition = (
        STAGES.get(filters.stage, Q())
        & OPENED.get(filters.opened, Q())
        & PURPOSES.get(filters.purpose, Q())
    )
    if filters.need:
        condition &= any_need() if filters.need == ANY_NEED else waiting(Need(filters.need))
    if filters.search:
        condition &= _found(Search(filters.search))
    rows = Scan.objects.filter(condition).annotate(seen_at=SEEN_AT)
    if not continued:
        return rows
    at, scan_id = Given("mark_at", DateTimeField()), Given("mark_id", UUIDField())
    # The first half alone is what an index can walk to; the second sorts out equal times.
    return rows.filter(seen_at__lte=at).filter(Q(seen_at__lt=at) | Q(id__lt=scan_id))


def _newest(rows: QuerySet[Scan], size: int) -> QuerySet[Scan]:
    """The newest of them. Which those are is asked of bare ids: a filter that many scans pass
    sorts thousands, and neither what is sealed in them nor whom they show need come along."""
    newest = rows.order_by(SEEN_AT.desc(), "-id").values("id")[:size]
    return (
        Scan.objects.filter(pk__in=newest)
        .select_related("report", "identity")
        .only(*OF_A_SCAN)
        .order_by(SEEN_AT.desc(), "-id")
    )


def _deliveries(scans: Sequence[Scan]) -> dict[UUID, list[Delivery]]:
    reports = [scan.report.pk for scan in scans if hasattr(scan, "report")]
    grouped: defaultdict[UUID, list[Delivery]] = defaultdict(list)
    for mail in _MAILS.rows(reports=reports):
        grouped[mail.report_id].append(mail)
    return grouped


_MAILS = Statement(
    lambda: (
        Delivery.objects.filter(Among("report_id", "reports", UUIDField()))
        .only("report", "state", "sent_at", "last_error", "quarantined_at")
        .order_by("created_at")
    )
)


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


def _looked_for(text: str) -> tuple[str, dict[str, object]]:
    """What kind of thing is looked for, and the values that its condition is given."""
    if not text:
        return "", {}
    day = as_day(text, today=day_of(timezone.now()))
    if day is not None:
        begins = datetime.combine(day, time.min, tzinfo=BERLIN)
        ends = datetime.combine(day + timedelta(days=1), time.min, tzinfo=BERLIN)
        return Search.DAY, {"begins": begins, "ends": ends}
    if "@" in text:
        return Search.EMAIL, {"index": email_index(text)}
    return Search.WORDS, {"words": text, "index": first_name_index(text)}


def _within(column: str) -> Q:
    begins, ends = Given("begins", DateTimeField()), Given("ends", DateTimeField())
    return Q((f"{column}__gte", begins), (f"{column}__lt", ends))


def _among_people(column: str) -> Q:
    index = Given("index", BinaryField())
    return Q(Exists(Identity.objects.filter((column, index), scan=OuterRef("pk"))))


def _found(search: Search) -> Q:
    """The condition on a ``Scan`` that is looked for, given what ``_looked_for`` says."""
    match search:
        case Search.DAY:
            # Both ends said in the columns themselves, so that each is found by its index.
            return _within("captured_at") | Q(captured_at=None) & _within("discovered_at")
        case Search.EMAIL:
            return _among_people("email_index")
        case Search.WORDS:
            begins = Q(scan_identifier__istartswith=Given("words", CharField()))
            return begins | _among_people("first_name_index")
