"""What a person asks of the practice about their data, and how the practice answers (R63).

The practice decides each case. Two requests hide the report until it has: an objection (R77) and
the wish to have a medical report deleted, which the law may ask the practice to keep.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from audit.access import record_access
from audit.chain import Note, Who, record, record_all
from audit.words import Action, Actor
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock
from practices.models import Purpose
from reports.domain.due import BERLIN
from reports.domain.restriction import restrict_report
from reports.models import Case, Report

MONTHS_MORE = 2
MESSAGE_LENGTH = 500
SOON, URGENT = 7, 2  # days: from then on a deadline is spoken of, and stands out (R78)


class AlreadyClosed(Exception):
    """The case was answered before."""


class NotExtendable(Exception):
    """The month is over, or was extended before: nothing more can be had."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day to answer by, and what is to be said about it; empty while there is time."""

    on: date
    words: str
    overdue: bool
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a case was answered, in words that name nobody; empty where it was not noted."""

    identified: str = ""
    channel: str = ""


NOT_NOTED = Evidence()


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


def close_case(
    *,
    case: Case,
    who: Who,
    reason: Case.Reason | None = None,
    evidence: Evidence = NOT_NOTED,
) -> None:
    """Answer it: as done, or as refused where there is a reason to.

    Raises:
        AlreadyClosed: somebody was quicker.
    """
    state = Case.State.REFUSED if reason else Case.State.DONE
    closed = Case.objects.filter(pk=case.pk, state=Case.State.OPEN).update(
        state=state,
        reason=reason or "",
        identified=evidence.identified,
        channel=evidence.channel,
        closed_at=Now(),
    )
    if not closed:
        raise AlreadyClosed
    action = Action.CASE_REFUSED if reason else Action.CASE_DONE
    record(action, who=who, object_id=case.pk)


def extend_case(*, case: Case, reason: Case.Extension, who: Who) -> None:
    """Take two months more, once and within the first month; the person is to be told why by then.

    Raises:
        NotExtendable: it was answered or extended before, or its month is over.
    """
    extended = Case.objects.filter(
        pk=case.pk, state=Case.State.OPEN, extension="", due_on__gte=_today()
    ).update(
        extension=reason,
        extended_at=Now(),
        due_on=answer_by(case.opened_at, months=settings.RIGHTS_MONTHS + MONTHS_MORE),
    )
    if not extended:
        raise NotExtendable
    record(Action.CASE_EXTENDED, who=who, object_id=case.pk)


def may_extend(case: Case) -> bool:
    """Whether ``extend_case`` would be allowed today."""
    return case.state == Case.State.OPEN and not case.extension and case.due_on >= _today()


def settle_cases_of_erased(*, report: Report, who: Who) -> None:
    """Before a report's rows go: what was asked to be deleted is, and no message stays."""
    record_all(settle_cases_of_all_erased(report_ids=[report.pk]), who=who)


def settle_cases_of_all_erased(*, report_ids: Collection[UUID]) -> list[Note]:
    """The same of many reports.

    Returns:
        What the log is to be told: the caller does so last, as from then on nobody else can write
        to the practice's log.
    """
    cases = Case.objects.filter(report_id__in=report_ids)
    asked = cases.filter(kind=Case.Kind.ERASURE, state=Case.State.OPEN)
    answered = list(asked.select_for_update().order_by("pk").values_list("pk", flat=True))
    Case.objects.filter(pk__in=answered).update(
        state=Case.State.DONE, reason="", identified="", channel="", closed_at=Now()
    )
    cases.update(message=None)
    return [Note(Action.CASE_DONE, case_id) for case_id in answered]


def hides_at_once(report: Report, kind: Case.Kind) -> Report.Restriction | None:
    """Why a request of this kind hides the report until the practice has decided, if it does."""
    if kind == Case.Kind.OBJECTION:
        return Report.Restriction.OBJECTION
    if kind == Case.Kind.ERASURE and report.purpose == Purpose.MEDICAL:
        return Report.Restriction.ERASURE
    return None


def answer_by(asked_at: datetime, *, months: int | None = None) -> date:
    """One month later in Berlin; its last day where that month has no such day (Art. 12(3))."""
    later = relativedelta(months=settings.RIGHTS_MONTHS if months is None else months)
    return asked_at.astimezone(BERLIN).date() + later


def deadline(case: Case, *, today: date | None = None) -> Deadline | None:
    """Until when an open case is to be answered; None for a closed one."""
    if case.state != Case.State.OPEN:
        return None
    days = (case.due_on - (today or _today())).days
    return Deadline(case.due_on, _words(days), overdue=days < 0, urgent=days <= URGENT)


def _today() -> date:
    return timezone.now().astimezone(BERLIN).date()


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
