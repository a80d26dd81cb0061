"""The rows of the scan list, with every text in them: its template only puts these in place.

A page of thirty is asked for again every few seconds. What rows have in common is made once.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from dermalia.sealing.keys import UnlockedKey
from reports.domain.initials import initial
from reports.domain.listing import Listed, day_of, seen_at
from reports.domain.status import passed, status_of, steps_taken
from reports.mail.models import Fate
from reports.models import Delivery, Report
from reports.views.moments import day, moment, shown
from scans.domain.progress import Shown
from scans.models import Scan
from scans.queries import first_name

NOBODY = str(UUID(int=0))  # stands in an address for each row's own
Row = dict[str, Any]
Day = tuple[date, str, list[Row]]


class RowMaker:
    """Makes the rows of one page in the language of its request.

    Args:
        progress: of the scans that somebody works on.
        initials: whether names are shortened.
    """

    def __init__(
        self,
        keys: Mapping[UUID, UnlockedKey],
        progress: Mapping[UUID, Shown],
        *,
        initials: bool,
    ) -> None:
        self._keys, self._progress, self._initials = keys, progress, initials
        self._chip, self._course, self._day = cache(_chip), cache(_course), cache(day)
        self._address = reverse("reports:scan_detail", args=[NOBODY])
        self._choose = gettext("Choose %(at)s, %(name)s")

    def rows(self, listed: Listed) -> list[Row]:
        """A row for each scan of the page, in its order."""
        return [self._row(scan, *_of(scan, listed)) for scan in listed.scans]

    def _row(self, scan: Scan, report: Report | None, deliveries: list[Delivery]) -> Row:
        """What the template shows of a scan; ``running`` is whether it changes by itself soon."""
        status, progress = status_of(scan, report, deliveries), self._progress.get(scan.pk)
        times, at = passed(scan, report, deliveries), timezone.localtime(seen_at(scan))
        name, hour = self._name(scan, report), shown(at, "TIME_FORMAT")
        last = next(filter(None, reversed(times)), None)
        return {
            "id": (pk := str(scan.pk)),
            "identifier": scan.scan_identifier,
            "url": self._address.replace(NOBODY, pk),
            "seen_at": at,
            "seen_iso": at.isoformat(),
            "hour": hour,
            "choose": self._choose % {"at": hour, "name": name or scan.scan_identifier},
            "name": name,
            "chip": self._chip(
                progress.label if progress else status.label, status.slug, bool(status.problem)
            ),
            "problem": status.problem,
            "progress": progress,
            "last": moment(last) if last and not progress else None,
            "course": self._course(tuple(taken is not None for taken in times)),
            "due": self._day(report.due_on) if report and report.due_on else None,
            "running": _runs(scan, deliveries),
        }

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
        for on, of_day in groupby(rows, key=lambda row: day_of(row["seen_at"]))
    ]


def _of(scan: Scan, listed: Listed) -> tuple[Report | None, list[Delivery]]:
    report: Report | None = getattr(scan, "report", None)
    return report, listed.deliveries.get(report.pk, []) if report else []


def _chip(label: str, slug: str, problem: bool) -> SafeString:
    told = {"label": label, "slug": slug, "problem": problem}
    return render_to_string("parts/chip.html", told)


def _course(taken: tuple[bool, ...]) -> SafeString:
    return render_to_string("reports/_steps.html", {"steps": steps_taken(taken)})


def _runs(scan: Scan, deliveries: list[Delivery]) -> bool:
    """Whether something of the scan will change by itself in a moment."""
    converting = scan.state != Scan.State.READY and scan.quarantined_at is None
    mailing = any(
        mail.state in (Fate.QUEUED, Fate.SENDING) and mail.quarantined_at is None
        for mail in deliveries
    )
    return converting or mailing
