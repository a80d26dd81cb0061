"""What a person asks of the practice about their data, and how the practice answers (R63).

The practice decides each case. Two requests hide the report until it has: an objection (R77) and
the wish to have a medical report deleted, which the law may ask the practice to keep.
"""

from dataclasses import dataclass
from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from audit.access import record_access
from audit.chain import Who, record
from audit.words import Action, Actor
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock
from practices.models import Purpose
from reports.domain.due import BERLIN
from reports.domain.restriction import restrict_report
from reports.models import Case, Report

MONTHS_TO_ANSWER = 1
MESSAGE_LENGTH = 500
SOON = 7  # days: from then on a deadline is spoken of


class AlreadyClosed(Exception):
    """The case was answered before."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day to answer by, and what is to be said about it; empty while there is time."""

    on: date
    words: str
    overdue: bool


def open_case(*, report: Report, kind: Case.Kind, who: Who, message: str = "") -> Case:
    """The open case of that kind: a new one, or the one there is already.

    Of two messages the first is kept: what comes twice is a form that was sent twice.

    Raises:
        ValueError: the message is longer than ``MESSAGE_LENGTH``.
    """
    if len(message) > MESSAGE_LENGTH:
        raise ValueError(f"a message of {len(message)} characters")
    report = Report.objects.select_for_update(of=("self",)).select_related("scan").get(pk=report.pk)
    case = Case.objects.filter(report=report, kind=kind, state=Case.State.OPEN).first()
    if case is not None and (case.message is not None or not message):
        return case
    if case is None:
        case = _new_case(report, kind, who)
    access = record_access(Action.CASE_OPENED, who=who, object_id=case.pk)
    if message:
        case.message = Sealing(unlock(report.scan.key_id, access=access), message)
    case.save()
    if (reason := hides_at_once(report, kind)) and report.restricted_at is None:
        restrict_report(report=report, reason=reason, who=who)
    return case


def close_case(*, case: Case, who: Who, reason: Case.Reason | None = None) -> None:
    """Answer it: as done, or as refused where there is a reason to.

    Raises:
        AlreadyClosed: somebody was quicker.
    """
    state = Case.State.REFUSED if reason else Case.State.DONE
    closed = Case.objects.filter(pk=case.pk, state=Case.State.OPEN).update(
        state=state, reason=reason or "", closed_at=Now()
    )
    if not closed:
        raise AlreadyClosed
    action = Action.CASE_REFUSED if reason else Action.CASE_DONE
    record(action, who=who, object_id=case.pk)


def settle_cases_of_erased(*, report: Report, who: Who) -> None:
    """Before a report's rows go: what was asked to be deleted is, and no message stays."""
    for case in Case.objects.filter(report=report, kind=Case.Kind.ERASURE, state=Case.State.OPEN):
        close_case(case=case, who=who)
    Case.objects.filter(report=report).update(message=None)


def hides_at_once(report: Report, kind: Case.Kind) -> Report.Restriction | None:
    """Why a request of this kind hides the report until the practice has decided, if it does."""
    if kind == Case.Kind.OBJECTION:
        return Report.Restriction.OBJECTION
    if kind == Case.Kind.ERASURE and report.purpose == Purpose.MEDICAL:
        return Report.Restriction.ERASURE
    return None


def answer_by(asked_at: datetime) -> date:
    """One month later in Berlin; its last day where that month has no such day (Art. 12(3))."""
    return asked_at.astimezone(BERLIN).date() + relativedelta(months=MONTHS_TO_ANSWER)


def deadline(case: Case, *, today: date | None = None) -> Deadline | None:
    """Until when an open case is to be answered; None for a closed one."""
    if case.state != Case.State.OPEN:
        return None
    days = (case.due_on - (today or timezone.now().astimezone(BERLIN).date())).days
    return Deadline(case.due_on, _words(days), overdue=days < 0)


def _words(days: int) -> str:
    if days < 0:
        text = ngettext("{days} day overdue", "{days} days overdue", -days)
        return text.format(days=-days)
    if days == 0:
        return gettext("due today")
    if days <= SOON:
        return ngettext("{days} day left", "{days} days left", days).format(days=days)
    return ""


def _new_case(report: Report, kind: Case.Kind, who: Who) -> Case:
    by_patient = who.role == Actor.PATIENT
    return Case(
        practice_id=report.practice_id,
        report=report,
        kind=kind,
        opened_by=Case.OpenedBy.PATIENT if by_patient else Case.OpenedBy.STAFF,
        due_on=answer_by(timezone.now()),
    )
