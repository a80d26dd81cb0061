"""The rows of the scan list, each as the HTML that its page puts in place.

A page of thirty is asked for again every few seconds. What rows have in common, the template that
all are made by and the pieces of it that depend on a language alone, is rendered once a process.
"""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import groupby
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from dermalia.sealing.keys import UnlockedKey
from reports.domain.initials import initial
from reports.domain.listing import Listed, day_of, seen_at
from reports.domain.status import passed, status_of, steps_taken
from reports.mail.models import Fate
from reports.models import Delivery, Report
from reports.views.moments import Clock, Moment, day
from scans.domain.progress import Shown
from scans.models import Scan
from scans.queries import first_name

NOBODY = str(UUID(int=0))  # stands in an address for each row's own
NOTHING = SafeString("")
LAST = '<time class="soft" datetime="{iso}">{words}</time>'
DUE = '<time datetime="{iso}">{words}</time>'
SOFT = '<span class="soft">{words}</span>'
PROBLEM = '<span class="problem">{words}</span>'
# What differs from row to row.
PLACES = (
    *("id", "identifier", "url", "seen_iso", "hour", "choose", "name"),
    *("chip", "last", "course", "progress", "problem", "due"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One scan of the list.

    Attributes:
        seen_at: in Berlin.
        running: whether something of it changes by itself soon.
    """

    seen_at: datetime
    running: bool
    html: SafeString


Day = tuple[date, str, list[Row]]


class RowMaker:
    """Makes the rows of one page in the language of its request.

    Args:
        progress: of the scans that somebody works on.
        initials: whether names are shortened.
        may_write: whether rows can be chosen, for an act on several.
    """

    def __init__(
        self,
        keys: Mapping[UUID, UnlockedKey],
        progress: Mapping[UUID, Shown],
        *,
        initials: bool,
        may_write: bool,
    ) -> None:
        self._keys, self._progress, self._initials = keys, progress, initials
        self._language = str(get_language())
        self._form = _form(self._language, may_write)
        self._clock, self._due = Clock(), cache(_due)
        self._address = reverse("reports:scan_detail", args=[NOBODY])
        self._choose = gettext("Choose %(at)s, %(name)s")
        self._nameless = _filled(SOFT, words=gettext("without name"))

    def rows(self, listed: Listed) -> list[Row]:
        """A row for each scan of the page, in its order."""
        return [self._row(scan, *_of(scan, listed)) for scan in listed.scans]

    def _row(self, scan: Scan, report: Report | None, deliveries: list[Delivery]) -> Row:
        status, progress = status_of(scan, report, deliveries), self._progress.get(scan.pk)
        times, at = passed(scan, report, deliveries), self._clock.here(seen_at(scan))
        name, hour = self._name(scan, report), self._clock.shown(at, "TIME_FORMAT")
        last = next(filter(None, reversed(times)), None)
        pk = str(scan.pk)
        row = _filled(
            self._form,
            id=pk,
            identifier=scan.scan_identifier,
            url=self._address.replace(NOBODY, pk),
            seen_iso=at.isoformat(),
            hour=hour,
            choose=self._choose % {"at": hour, "name": name or scan.scan_identifier},
            name=name or self._nameless,
            chip=_chip(
                self._language,
                progress.label if progress else status.label,
                status.slug,
                bool(status.problem),
            ),
            last=_at(LAST, self._clock.moment(last)) if last and not progress else NOTHING,
            course=_course(self._language, tuple(taken is not None for taken in times)),
            progress=_progress(progress) if progress else NOTHING,
            problem=_filled(PROBLEM, words=status.problem) if status.problem else NOTHING,
            due=self._due(report.due_on if report else None),
        )
        return Row(at, _runs(scan, deliveries), row)

    def _name(self, scan: Scan, report: Report | None) -> str:
        key = self._keys.get(scan.key_id)
        if key is None or (report is not None and report.restricted_at is not None):
            return ""
        name = first_name(scan=scan, key=key)
        return initial(name) if self._initials else name


def by_day(rows: Iterable[Row]) -> list[Day]:
    """Day, what it is called today, and its rows."""
    today = day_of(timezone.now())
    names = {0: gettext("Today"), 1: gettext("Yesterday")}
    return [
        (on, names.get((today - on).days, ""), list(of_day))
        for on, of_day in groupby(rows, key=lambda row: day_of(row.seen_at))
    ]


def _of(scan: Scan, listed: Listed) -> tuple[Report | None, list[Delivery]]:
    report: Report | None = getattr(scan, "report", None)
    return report, listed.deliveries.get(report.pk, []) if report else []


@cache
def _form(_language: str, may_write: bool) -> str:
    """The template of a row in the language that is active, for ``_filled``."""
    places = {name: SafeString(f"{{{name}}}") for name in PLACES}
    return render_to_string("reports/_scan_row.html", places | {"may_write": may_write})


@lru_cache(maxsize=256)
def _chip(_language: str, label: str, slug: str, problem: bool) -> SafeString:
    told = {"label": label, "slug": slug, "problem": problem}
    return render_to_string("parts/chip.html", told)


@lru_cache(maxsize=256)
def _course(_language: str, taken: tuple[bool, ...]) -> SafeString:
    return render_to_string("reports/_steps.html", {"steps": steps_taken(taken)})


def _progress(progress: Shown) -> SafeString:
    return render_to_string("parts/progress.html", {"progress": progress})


def _due(on: date | None) -> SafeString:
    return _filled(SOFT, words="–") if on is None else _at(DUE, day(on))


def _at(form: str, moment: Moment) -> SafeString:
    return _filled(form, iso=moment.iso, words=moment.words)


def _filled(form: str, **pieces: str) -> SafeString:
    """As ``format_html``, which asks of each piece whether it is a lazy text: twice the time."""
    escaped = {
        name: piece if isinstance(piece, SafeString) else html.escape(piece)
        for name, piece in pieces.items()
    }
    return SafeString(form.format_map(escaped))


def _runs(scan: Scan, deliveries: list[Delivery]) -> bool:
    """Whether something of the scan will change by itself in a moment."""
    converting = scan.state != Scan.State.READY and scan.quarantined_at is None
    mailing = any(
        mail.state in (Fate.QUEUED, Fate.SENDING) and mail.quarantined_at is None
        for mail in deliveries
    )
    return converting or mailing
