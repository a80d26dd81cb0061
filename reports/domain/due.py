"""The day on which a report is erased, and what it follows from.

Nothing here lengthens a period by itself. A day moves when staff say what a report is for, note or
take back the end of a treatment, or when the practice instructs a shorter period; a longer one
holds for new reports, and for older ones only where somebody says so (``follow_instruction``).
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from audit.chain import Who, record
from audit.words import Action, Count
from practices.domain.standing import Instructed, standing
from practices.models import Purpose
from reports.models import Report

BERLIN = ZoneInfo("Europe/Berlin")
COLUMNS = (
    "due_on",
    "due_rule",
    "due_from",
    "due_from_on",
    "due_months",
    "due_instruction",
    "due_instructed_on",
)
_SHORTER = Purpose.AESTHETIC


@dataclass(frozen=True, slots=True)
class Due:
    """A day of erasure with its reasons.

    Attributes:
        on: the first day on which the report is no longer kept.
        start: what the period is counted from, ``start_on`` its day in Berlin.
        months: calendar months.
        instructed: the practice's instruction that the months are from; None for the usual ones.
    """

    on: date
    rule: Report.DueRule
    start: Report.DueFrom
    start_on: date
    months: int
    instructed: Instructed | None


def due_date(
    *,
    purpose: str,
    captured_at: datetime,
    created_at: datetime,
    treatment_ended_on: date | None = None,
    months: int | None = None,
) -> date:
    """The first day on which the report is no longer kept.

    Aesthetic: 24 calendar months from the earlier of capture and creation (R42). Medical: ten
    years from the end of treatment, else from capture (§ 630f (3) BGB, R43). Days are those of
    Berlin; where the month has no such day, the period ends on its last (§ 188 (3) BGB).

    Args:
        months: the practice's own instruction, from the same day on (R44).

    Raises:
        ValueError: if the purpose is not set.
    """
    if not purpose:
        raise ValueError("a report without a purpose has no due date of its own")
    _, start = _start(purpose, captured_at, created_at, treatment_ended_on)
    return start + relativedelta(months=months or usual_months(purpose))


def usual_months(purpose: str) -> int:
    """Calendar months that reports are kept where nobody has instructed anything."""
    if purpose == Purpose.MEDICAL:
        return 12 * settings.RETENTION_MEDICAL_YEARS
    return int(settings.RETENTION_AESTHETIC_MONTHS)


def due_of(report: Report) -> Due:
    """What holds for a report now, in the practice's scope.

    While nobody has said what it is for, the period of aesthetic reports, which is the shorter one.
    A report whose capture time is not known counts from its making.

    Args:
        report: with its scan.
    """
    purpose = report.purpose or _SHORTER
    instructed = standing().instructed(purpose)
    months = instructed.months if instructed else usual_months(purpose)
    captured_at = report.scan.captured_at or report.created_at
    start, day = _start(purpose, captured_at, report.created_at, report.treatment_ended_on)
    return Due(
        on=day + relativedelta(months=months),
        rule=Report.DueRule(report.purpose) if report.purpose else Report.DueRule.UNSAID,
        start=start,
        start_on=day,
        months=months,
        instructed=instructed,
    )


def set_due(report: Report) -> list[str]:
    """Write into the row (which is not saved) what holds for it now.

    Returns:
        The names of the columns to save.
    """
    due = due_of(report)
    report.due_on, report.due_rule = due.on, due.rule
    report.due_from, report.due_from_on = due.start, due.start_on
    report.due_months = due.months
    report.due_instruction = due.instructed.id if due.instructed else None
    report.due_instructed_on = due.instructed.on if due.instructed else None
    return list(COLUMNS)


def record_move(*, report_id: UUID, before: date, after: date, who: Who) -> None:
    """Enter into the log that a day of erasure moved, which way, and by how many days."""
    if after == before:
        return
    action = Action.DUE_LATER if after > before else Action.DUE_SOONER
    record(action, who=who, object_id=report_id, counts={Count.DAYS: abs((after - before).days)})


def explained(report: Report) -> str:
    """Why the report is erased on its day, in a sentence or two that anybody may read."""
    if report.due_months is None or report.due_from_on is None:
        return gettext("It is kept for 24 months from its making at the longest.")
    text = _RULES[Report.DueRule(report.due_rule)]() % {
        "period": _period(report.due_months),
        "start": _beginning(Report.DueFrom(report.due_from), report.due_from_on),
    }
    if report.due_instructed_on is None:
        return text
    told = gettext("The practice has given this period itself, on %(day)s.")
    return f"{text} {told % {'day': date_format(report.due_instructed_on)}}"


def due_why(report: Report | None) -> str:
    """The same for staff, who see scans too that are no report."""
    if report is not None:
        return explained(report)
    return gettext("It is no report yet: it is kept for the shorter period from its capture.")


def _start(
    purpose: str, captured_at: datetime, created_at: datetime, treatment_ended_on: date | None
) -> tuple[Report.DueFrom, date]:
    captured_on = captured_at.astimezone(BERLIN).date()
    if purpose == Purpose.MEDICAL:
        if treatment_ended_on:
            return Report.DueFrom.TREATMENT, treatment_ended_on
        return Report.DueFrom.CAPTURE, captured_on
    created_on = created_at.astimezone(BERLIN).date()
    if created_on < captured_on:
        return Report.DueFrom.CREATION, created_on
    return Report.DueFrom.CAPTURE, captured_on


def _period(months: int) -> str:
    if months % 12 == 0 and months > 24:
        years = months // 12
        return ngettext("%(n)s year", "%(n)s years", years) % {"n": years}
    return ngettext("%(n)s month", "%(n)s months", months) % {"n": months}


def _beginning(start: Report.DueFrom, day: date) -> str:
    words = {
        Report.DueFrom.CAPTURE: gettext("the capture on %(day)s"),
        Report.DueFrom.CREATION: gettext("the making of the report on %(day)s"),
        Report.DueFrom.TREATMENT: gettext("the end of the treatment on %(day)s"),
    }
    return words[start] % {"day": date_format(day)}


_RULES = {
    Report.DueRule.AESTHETIC: lambda: gettext("It is kept for %(period)s from %(start)s."),
    Report.DueRule.MEDICAL: lambda: gettext(
        "As a part of the patient record it is kept for %(period)s from %(start)s (§ 630f BGB)."
    ),
    Report.DueRule.UNSAID: lambda: gettext(
        "Nobody has said yet whether it is medical or aesthetic: it is kept for %(period)s from"
        " %(start)s, the shorter period."
    ),
}
