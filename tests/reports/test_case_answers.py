"""How a request is answered: more time where there is reason, evidence, and a letter to print."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.chain import PATIENT, SYSTEM
from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.models import User
from reports.domain.cases import (
    Evidence,
    NotExtendable,
    answer_by,
    close_case,
    deadline,
    extend_case,
    may_extend,
    open_case,
)
from reports.domain.restriction import restrict_report
from reports.models import Case, Report

COMPLEX = Case.Extension.COMPLEX


@pytest.fixture
def staff(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


@pytest.fixture
def case(report: Report) -> Case:
    return ask(report)


def ask(report: Report, kind: Case.Kind = Case.Kind.ACCESS) -> Case:
    with practice_scope(report.practice_id):
        return open_case(report=report, kind=kind, who=PATIENT, message="Bitte")


def again(case: Case) -> Case:
    with practice_scope(case.practice_id):
        return Case.objects.get(pk=case.pk)


def letter(staff: Client, case: Case) -> str:
    answer = staff.get(reverse("reports:case_letter", args=[case.pk]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_time_to_answer_is_extended_once_to_three_months(case: Case) -> None:
    with practice_scope(case.practice_id):
        extend_case(case=case, reason=COMPLEX, who=SYSTEM)
        with pytest.raises(NotExtendable):
            extend_case(case=case, reason=COMPLEX, who=SYSTEM)
    extended = again(case)
    assert extended.due_on == answer_by(case.opened_at, months=3)
    assert (extended.extension, extended.extended_at is not None) == ("complex", True)
    with practice_scope(case.practice_id):
        assert Entry.objects.filter(action=Action.CASE_EXTENDED, object_id=case.pk).count() == 1


def test_after_its_month_nothing_is_extended(case: Case) -> None:
    with practice_scope(case.practice_id):
        Case.objects.update(due_on=timezone.localdate() - timedelta(days=1))
        assert not may_extend(again(case))
        with pytest.raises(NotExtendable):
            extend_case(case=case, reason=COMPLEX, who=SYSTEM)


def test_what_is_answered_is_not_extended(case: Case) -> None:
    with practice_scope(case.practice_id):
        close_case(case=case, who=SYSTEM)
        with pytest.raises(NotExtendable):
            extend_case(case=case, reason=COMPLEX, who=SYSTEM)


def test_the_database_wants_a_reason_for_an_extension(case: Case) -> None:
    with practice_scope(case.practice_id), pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.update(extended_at=timezone.now())


@pytest.mark.parametrize(("days", "urgent"), [(7, False), (3, False), (2, True), (-1, True)])
def test_two_days_before_the_end_it_stands_out(days: int, urgent: bool) -> None:
    today = date(2026, 5, 1)
    found = deadline(Case(state=Case.State.OPEN, due_on=today + timedelta(days=days)), today=today)
    assert found is not None
    assert found.urgent is urgent


def test_staff_extend_on_the_page(staff: Client, case: Case) -> None:
    page = reverse("reports:case_detail", args=[case.pk])
    assert reverse("reports:case_extend", args=[case.pk]) in staff.get(page).content.decode()
    sent = {"extension": "number"}
    staff.post(reverse("reports:case_extend", args=[case.pk]), sent)
    assert again(case).extension == "number"
    assert reverse("reports:case_extend", args=[case.pk]) not in staff.get(page).content.decode()
    staff.post(reverse("reports:case_extend", args=[case.pk]), {"extension": "complex"})
    assert again(case).extension == "number"


def test_an_extension_without_a_reason_is_none(staff: Client, case: Case) -> None:
    staff.post(reverse("reports:case_extend", args=[case.pk]), {"extension": ""})
    assert again(case).extension == ""


def test_evidence_of_the_answer_is_kept_and_shown(staff: Client, case: Case) -> None:
    sent = {"outcome": "done", "identified": "present", "channel": "handed"}
    staff.post(reverse("reports:case_answer", args=[case.pk]), sent)
    closed = again(case)
    assert (closed.state, closed.identified, closed.channel) == ("done", "present", "handed")
    page = staff.get(reverse("reports:case_detail", args=[case.pk])).content.decode()
    assert str(Case.Channel.HANDED.label) in page


def test_a_word_nobody_knows_is_no_evidence(staff: Client, case: Case) -> None:
    sent = {"outcome": "done", "identified": "somehow"}
    assert staff.post(reverse("reports:case_answer", args=[case.pk]), sent).status_code == 422
    assert again(case).state == Case.State.OPEN


def test_evidence_is_empty_where_nobody_noted_it(case: Case) -> None:
    assert Evidence() == Evidence("", "")
    with practice_scope(case.practice_id):
        close_case(case=case, who=SYSTEM)
    assert (again(case).identified, again(case).channel) == ("", "")


def test_the_letter_speaks_the_person_s_language_and_has_the_facts(
    staff: Client, case: Case, report: Report
) -> None:
    with practice_scope(report.practice_id):
        Report.objects.update(language="en")
    text = letter(staff, case)
    assert "Hello Testperson Ä," in text
    for fact in ("What for", "Who gets them", "Isemeco", "Resend", "Your rights", "There are none"):
        assert fact in text
    with practice_scope(report.practice_id):
        Report.objects.update(language="de")
    assert "Hallo Testperson Ä," in letter(staff, case)


def test_a_letter_of_refusal_has_the_reason_and_where_to_complain(
    staff: Client, case: Case, report: Report
) -> None:
    with practice_scope(report.practice_id):
        Report.objects.update(language="en")
        close_case(case=case, who=SYSTEM, reason=Case.Reason.IDENTITY)
    text = letter(staff, case)
    assert "It is not certain who asks" in text
    assert "complain to a data protection authority" in text


def test_a_letter_about_more_time_has_the_new_day(
    staff: Client, case: Case, report: Report
) -> None:
    with practice_scope(report.practice_id):
        Report.objects.update(language="en")
        extend_case(case=case, reason=COMPLEX, who=SYSTEM)
    text = letter(staff, case)
    assert "we need more time" in text
    assert str(again(case).due_on.year) in text


def test_the_letter_about_a_restricted_report_opens_nothing(
    staff: Client, case: Case, report: Report
) -> None:
    with practice_scope(report.practice_id):
        restrict_report(report=report, reason=Report.Restriction.CLAIMS, who=SYSTEM)
        entries = Entry.objects.filter(action=Action.LETTER_PRINTED)
        assert "Testperson" not in letter(staff, case)
        assert not entries.exists()


def test_a_letter_is_there_though_the_report_is_gone(staff: Client, report: Report) -> None:
    from audit.chain import OPERATOR
    from retention.domain.erase import request_erasure
    from retention.models import Erasure

    case = ask(report, Case.Kind.ERASURE)
    with practice_scope(report.practice_id):
        request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
    assert "Testperson" not in letter(staff, case)
