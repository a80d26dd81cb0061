"""Requests about one's data: a month to answer, one of a kind, answered by the practice alone."""

import threading
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone, translation

from audit.access import record_access
from audit.chain import PATIENT, SYSTEM, Who
from audit.models import Entry
from audit.words import Action, Actor
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sealing.fields import Sealed
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Purpose
from reports.domain.cases import (
    MESSAGE_LENGTH,
    AlreadyClosed,
    answer_by,
    close_case,
    deadline,
    hides_at_once,
    open_case,
)
from reports.models import Case, Report
from tests.conftest import connect_to, discover, release_at_once, report_of

BERLIN = ZoneInfo("Europe/Berlin")
MESSAGE = "Bitte <b>löschen</b>\nDanke"


def ask(report: Report, kind: Case.Kind = Case.Kind.ACCESS, message: str = "") -> Case:
    with practice_scope(report.practice_id):
        return open_case(report=report, kind=kind, who=PATIENT, message=message)


def actions(case: Case) -> list[str]:
    with practice_scope(case.practice_id):
        entries = Entry.objects.filter(object_id=case.pk).order_by("sequence")
        return list(entries.values_list("action", flat=True))


def again(case: Case) -> Case:
    with practice_scope(case.practice_id):
        return Case.objects.get(pk=case.pk)


def read(case: Case, report: Report) -> str:
    with practice_scope(report.practice_id):
        key = unlock(report.scan.key_id, access=record_access(Action.CASE_VIEWED, who=SYSTEM))
        case.refresh_from_db()
        assert case.message is not None
        message: str = case.message.open(key)
    return message


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (datetime(2026, 1, 15, 12, tzinfo=BERLIN), date(2026, 2, 15)),
        (datetime(2026, 1, 31, 12, tzinfo=BERLIN), date(2026, 2, 28)),
        (datetime(2028, 1, 30, 12, tzinfo=BERLIN), date(2028, 2, 29)),
        (datetime(2026, 12, 31, 12, tzinfo=BERLIN), date(2027, 1, 31)),
        # Half past midnight in Berlin is still the day before in UTC.
        (datetime(2026, 7, 1, 0, 30, tzinfo=BERLIN), date(2026, 8, 1)),
        (datetime(2026, 3, 31, 23, 59, tzinfo=BERLIN), date(2026, 4, 30)),
    ],
)
def test_a_request_is_to_be_answered_within_a_month(asked: datetime, answer: date) -> None:
    assert answer_by(asked.astimezone(ZoneInfo("UTC"))) == answer


@pytest.mark.parametrize(
    ("days", "english", "german"),
    [
        (30, "", ""),
        (8, "", ""),
        (7, "7 days left", "noch 7 Tage"),
        (1, "1 day left", "noch 1 Tag"),
        (0, "due today", "heute fällig"),
        (-1, "1 day overdue", "1 Tag überfällig"),
        (-40, "40 days overdue", "40 Tage überfällig"),
    ],
)
def test_a_deadline_is_spoken_of_when_it_is_near(days: int, english: str, german: str) -> None:
    today = date(2026, 5, 1)
    case = Case(state=Case.State.OPEN, due_on=today + timedelta(days=days))
    for language, words in (("en", english), ("de", german)):
        with translation.override(language):
            found = deadline(case, today=today)
            assert found is not None
            assert (found.words, found.overdue) == (words, days < 0)
    assert deadline(Case(state=Case.State.DONE, due_on=today)) is None


def test_a_request_is_a_case_with_a_deadline_and_an_entry(report: Report) -> None:
    for kind in Case.Kind:
        case = again(ask(report, kind))
        assert (case.state, case.opened_by) == (Case.State.OPEN, Case.OpenedBy.PATIENT)
        assert case.due_on == answer_by(case.opened_at)
        assert actions(case) == [Action.CASE_OPENED]


def test_asking_twice_is_one_case(report: Report) -> None:
    first = ask(report, message="Erste Nachricht")
    assert ask(report, message="Zweite Nachricht") == first
    assert ask(report, Case.Kind.PORTABILITY) != first
    assert actions(first) == [Action.CASE_OPENED]
    assert read(first, report) == "Erste Nachricht"


def test_a_message_that_comes_later_is_not_lost(report: Report) -> None:
    first = ask(report)
    assert ask(report, message=MESSAGE) == first
    assert read(first, report) == MESSAGE


def test_what_was_answered_may_be_asked_again(report: Report) -> None:
    first = ask(report)
    with practice_scope(report.practice_id):
        close_case(case=first, who=SYSTEM)
    assert ask(report) != first


def test_a_message_is_sealed_and_bound_to_its_column(report: Report) -> None:
    case = again(ask(report, message=MESSAGE))
    assert isinstance(case.message, Sealed)
    assert b"Bitte" not in case.message.data
    assert read(case, report) == MESSAGE


def test_too_long_a_message_is_refused(report: Report) -> None:
    with pytest.raises(ValueError, match="501 characters"):
        ask(report, message="x" * (MESSAGE_LENGTH + 1))


def test_only_an_objection_and_a_medical_erasure_hide_the_report_at_once(report: Report) -> None:
    hiding = set()
    for purpose in Purpose:
        for kind in Case.Kind:
            with practice_scope(report.practice_id):
                Case.objects.all().delete()
                Report.objects.update(purpose=purpose, restricted_at=None, restriction="")
            ask(report, kind)
            with practice_scope(report.practice_id):
                report.refresh_from_db()
            assert (report.restricted_at is None) == (report.restriction == "")
            assert (hides_at_once(report, kind) or "") == report.restriction
            if report.restricted_at:
                hiding.add((purpose, kind))
    assert hiding == {
        (Purpose.MEDICAL, Case.Kind.ERASURE),
        (Purpose.MEDICAL, Case.Kind.OBJECTION),
        (Purpose.AESTHETIC, Case.Kind.OBJECTION),
    }


def test_a_case_is_answered_once(report: Report) -> None:
    case = ask(report)
    with practice_scope(report.practice_id):
        close_case(case=case, who=SYSTEM, reason=Case.Reason.IDENTITY)
        with pytest.raises(AlreadyClosed):
            close_case(case=case, who=SYSTEM)
    closed = again(case)
    assert (closed.state, closed.reason) == (Case.State.REFUSED, Case.Reason.IDENTITY)
    assert closed.closed_at is not None
    assert actions(case) == [Action.CASE_OPENED, Action.CASE_REFUSED]


@pytest.mark.parametrize(("state", "reason"), [("refused", ""), ("done", "identity")])
def test_the_database_wants_a_reason_for_a_refusal_and_for_nothing_else(
    report: Report, state: str, reason: str
) -> None:
    case = ask(report)
    with practice_scope(report.practice_id), pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state=state, reason=reason, closed_at=timezone.now())


def test_a_form_sent_many_times_at_once_is_one_case(
    committed: None, cluster: IsemecoStandIn, small_capture: Capture
) -> None:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(practice)
    cluster.add_scan(small_capture)
    report = report_of(discover(connect_to(cluster, practice))[0])
    barrier = threading.Barrier(6)

    def one() -> None:
        try:
            barrier.wait()
            with practice_scope(practice.pk):
                open_case(report=report, kind=Case.Kind.ACCESS, who=Who(Actor.PATIENT), message="x")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with practice_scope(practice.pk):
        case = Case.objects.get()
        assert Entry.objects.filter(object_id=case.pk).count() == 1
