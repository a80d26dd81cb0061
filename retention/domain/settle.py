"""Keeping the stored days of erasure in step with what the practice has instructed.

What an instruction shortens is shortened by the next sweep. What it would lengthen stays as it is,
since the people concerned were told a day, unless the practice asks for it (``lengthen``).
"""

from dateutil.relativedelta import relativedelta
from django.db.models import Q, QuerySet

from audit.chain import SYSTEM, Who
from dermalia.tenancy import practice_scope
from practices.domain.standing import standing
from practices.models import Purpose
from reports.domain.due import BERLIN, record_move, set_due, usual_months
from reports.models import Report
from scans.models import Scan

BATCH = 200  # rows in one transaction, which keeps the practice's log to itself


def settle(*, practice_id: int) -> int:
    """Shorten what a newer instruction shortens, and give reasons to days that have none yet.

    Returns:
        How many reports were looked at anew.
    """
    with practice_scope(practice_id):
        _settle_unfinished()
        stale = Q(due_months=None)
        for purpose in Purpose:
            stale |= _of(purpose) & Q(due_months__gt=_months(purpose))
    return _renew(practice_id, stale, who=SYSTEM, later=False)


def lengthen(*, practice_id: int, purpose: Purpose, who: Who) -> int:
    """Give the reports there are the longer period that the practice has instructed since.

    Returns:
        How many; each is in the log with the number of days.
    """
    with practice_scope(practice_id):
        shorter = _of(purpose) & Q(due_months__lt=_months(purpose))
    return _renew(practice_id, shorter, who=who, later=True)


def _renew(practice_id: int, which: Q, *, who: Who, later: bool) -> int:
    number = 0
    while True:
        with practice_scope(practice_id):
            reports = list(_held(which)[:BATCH])
            for report in reports:
                _renew_one(report, who=who, later=later)
        number += len(reports)
        if len(reports) < BATCH:
            return number


def _held(which: Q) -> QuerySet[Report]:
    rows = Report.objects.select_for_update(of=("self",), skip_locked=True)
    return rows.select_related("scan").filter(which).order_by("pk")


def _renew_one(report: Report, *, who: Who, later: bool) -> None:
    before = report.due_on
    columns = set_due(report)
    if not later:
        report.due_on = min(before, report.due_on)
    report.save(update_fields=columns)
    record_move(report_id=report.pk, before=before, after=report.due_on, who=who)


def _settle_unfinished() -> None:
    """A scan that is no report yet, or never will be, is kept like one that nobody has a use for:
    for the shorter period, from its capture or, where that is not known, its discovery."""
    period = relativedelta(months=_months(Purpose.AESTHETIC))
    for scan in Scan.objects.exclude(state=Scan.State.READY).only("discovered_at", "captured_at"):
        began = min(filter(None, (scan.captured_at, scan.discovered_at)))
        due_on = began.astimezone(BERLIN).date() + period
        Scan.objects.filter(pk=scan.pk, due_on__gt=due_on).update(due_on=due_on)


def _of(purpose: Purpose) -> Q:
    unsaid = Q(due_rule=Report.DueRule.UNSAID) if purpose == Purpose.AESTHETIC else Q()
    return Q(due_rule=purpose) | unsaid


def _months(purpose: Purpose) -> int:
    instructed = standing().instructed(purpose)
    return instructed.months if instructed else usual_months(purpose)
