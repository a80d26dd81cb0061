"""What is due goes, unless its person may need it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dermalia.tenancy import practice_scope
from reports.models import Case, Report
from retention.domain.due import erase_due_reports
from scans.models import Scan


def make_due(report: Report, **columns: object) -> None:
    yesterday = timezone.now().date() - timedelta(days=1)
    with practice_scope(report.practice_id):
        Report.objects.filter(pk=report.pk).update(due_on=yesterday, **columns)


def is_there(report: Report) -> bool:
    with practice_scope(report.practice_id):
        return Scan.objects.filter(pk=report.scan_id).exists()


def test_what_is_due_is_erased_once(report: Report) -> None:
    assert erase_due_reports(practice_id=report.practice_id) == 0
    make_due(report)
    assert erase_due_reports(practice_id=report.practice_id) == 1
    assert not is_there(report)
    assert erase_due_reports(practice_id=report.practice_id) == 0


@pytest.mark.parametrize("why", Report.Restriction)
def test_a_restricted_report_waits_unless_its_person_wants_it_gone(
    report: Report, why: Report.Restriction
) -> None:
    make_due(report, restricted_at=timezone.now(), restriction=why)
    gone = why in (Report.Restriction.ERASURE, Report.Restriction.OBJECTION)
    assert erase_due_reports(practice_id=report.practice_id) == gone
    assert is_there(report) is not gone


def test_an_erasure_answers_who_asked_for_it(report: Report) -> None:
    with practice_scope(report.practice_id):
        case = Case.objects.create(
            practice_id=report.practice_id,
            report=report,
            kind=Case.Kind.ERASURE,
            opened_by=Case.OpenedBy.PATIENT,
            due_on=timezone.now().date(),
        )
    make_due(report)
    erase_due_reports(practice_id=report.practice_id)
    with practice_scope(report.practice_id):
        case.refresh_from_db()
    assert case.state == Case.State.DONE
    assert case.report_id is None
    assert case.message is None
