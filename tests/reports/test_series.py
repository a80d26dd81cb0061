"""Which reports are follow-ups of each other, who said so, and who may see them together."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.chain import OPERATOR, first_broken
from audit.models import Entry
from audit.words import Action
from dermalia.sealing.keys import create_report_key
from dermalia.sealing.objects import new_prefix
from dermalia.tenancy import practice_scope
from practices.models import Practice, Purpose
from reports.domain.creation import create_report, release_report
from reports.domain.due import BERLIN
from reports.domain.links import disable
from reports.domain.series import (
    Difference,
    NotLinkable,
    difference,
    has_followups,
    link,
    shown_to_patient,
    shown_to_staff,
    unlink,
)
from reports.models import Report
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure
from scans.models import Connection, Scan
from tests.reports.conftest import AFTER, BEFORE, linked

Two = tuple[Report, Report]


@pytest.fixture
def two_reports(practice: Practice) -> Two:
    """As in the other tests of this folder, without files: who may see them asks for none."""
    return report_in(practice, BEFORE), report_in(practice, AFTER)


@pytest.fixture
def others(practice: Practice) -> list[Report]:
    """Two more reports of the practice."""
    return [report_in(practice, BEFORE) for _ in range(2)]


def report_in(practice: Practice, captured_at: datetime) -> Report:
    """A released report."""
    with practice_scope(practice.pk):
        source, _ = Connection.objects.get_or_create(practice=practice, folder=f"of-{practice.pk}")
        scan = Scan.objects.create(
            practice=practice,
            connection=source,
            scan_identifier=new_prefix(),
            state=Scan.State.READY,
            key_id=create_report_key(),
            prefix=new_prefix(),
            captured_at=captured_at,
            device_model="Demo",
            device_serial="1",
            algorithm_version="1",
        )
        report = create_report(scan=scan)
        release_report(report=report, purpose=Purpose.AESTHETIC, who=OPERATOR)
        return Report.objects.select_related("scan").get(pk=report.pk)


def change(report: Report, **columns: object) -> None:
    with practice_scope(report.practice_id):
        Report.objects.filter(pk=report.pk).update(**columns)


def entries(practice: Practice, action: Action) -> list[object]:
    with practice_scope(practice.pk):
        found = Entry.objects.filter(action=action).order_by("sequence")
        return list(found.values_list("object_id", flat=True))


def patient_sees(report: Report) -> list[object]:
    with practice_scope(report.practice_id):
        fresh = Report.objects.select_related("scan").get(pk=report.pk)
        return [each.pk for each in shown_to_patient(fresh)]


def staff_see(report: Report) -> list[object]:
    with practice_scope(report.practice_id):
        fresh = Report.objects.select_related("scan").get(pk=report.pk)
        return [each.pk for each in shown_to_staff(fresh)]


def may_compare(report: Report) -> bool:
    with practice_scope(report.practice_id):
        return has_followups(Report.objects.select_related("scan").get(pk=report.pk))


def test_linked_reports_are_seen_together_oldest_first(followups: Two) -> None:
    first, second = followups
    assert first.series == second.series is not None
    for report in followups:
        assert patient_sees(report) == staff_see(report) == [first.pk, second.pk]
        assert may_compare(report)


def test_reports_nobody_linked_are_seen_alone(two_reports: Two) -> None:
    for report in two_reports:
        assert patient_sees(report) == staff_see(report) == [report.pk]
        assert not may_compare(report)


def test_the_log_tells_of_every_report_that_was_linked_or_taken_out(
    followups: Two, practice: Practice
) -> None:
    first, second = followups
    assert sorted(map(str, entries(practice, Action.SERIES_LINKED))) == sorted(
        str(report.pk) for report in followups
    )
    with practice_scope(practice.pk):
        assert unlink(report_id=first.pk, who=OPERATOR) is True
        assert unlink(report_id=first.pk, who=OPERATOR) is False
        assert first_broken() is None
    assert entries(practice, Action.SERIES_UNLINKED) == [first.pk]
    assert staff_see(first) == [first.pk]
    assert staff_see(second) == [second.pk]


def test_a_series_grows_by_what_is_linked_to_one_of_its_reports(
    followups: Two, practice: Practice
) -> None:
    first, second = followups
    third = report_in(practice, AFTER + timedelta(days=90))
    linked(second, third)
    assert patient_sees(first) == [first.pk, second.pk, third.pk]
    assert len(entries(practice, Action.SERIES_LINKED)) == 3


def test_two_series_never_become_one(followups: Two, others: list[Report]) -> None:
    linked(*others)
    with practice_scope(others[0].practice_id), pytest.raises(NotLinkable) as refused:
        link(report_ids=[followups[0].pk, others[0].pk], who=OPERATOR)
    assert refused.value.reason == NotLinkable.Reason.TWO_SERIES
    assert len(patient_sees(followups[0])) == len(patient_sees(others[0])) == 2


def test_the_last_one_of_a_series_is_free_for_another(followups: Two, others: list[Report]) -> None:
    first, second = followups
    with practice_scope(first.practice_id):
        unlink(report_id=first.pk, who=OPERATOR)
    linked(*others)
    linked(second, others[0])
    assert len(patient_sees(second)) == 3


def test_one_report_alone_is_no_series(two_reports: Two) -> None:
    with practice_scope(two_reports[0].practice_id), pytest.raises(NotLinkable) as refused:
        link(report_ids=[two_reports[0].pk] * 2, who=OPERATOR)
    assert refused.value.reason == NotLinkable.Reason.TOO_FEW


def test_another_practice_s_report_cannot_be_linked(
    practice: Practice, other_practice: Practice
) -> None:
    report, stranger = report_in(practice, BEFORE), report_in(other_practice, AFTER)
    with practice_scope(report.practice_id), pytest.raises(NotLinkable) as refused:
        link(report_ids=[report.pk, stranger.pk], who=OPERATOR)
    assert refused.value.reason == NotLinkable.Reason.UNKNOWN
    # Even the same series, written past the rules, shows nobody another practice's report.
    series = report.pk
    change(report, series=series)
    change(stranger, series=series)
    assert patient_sees(report) == staff_see(report) == [report.pk]


def test_a_restricted_report_is_shown_to_nobody(followups: Two) -> None:
    first, second = followups
    change(first, restricted_at=timezone.now())
    assert patient_sees(second) == staff_see(second) == [second.pk]
    assert not may_compare(second)


def test_a_due_report_is_shown_to_nobody(followups: Two) -> None:
    first, second = followups
    change(first, due_on=timezone.now().astimezone(BERLIN).date())
    assert patient_sees(second) == staff_see(second) == [second.pk]


def test_a_draft_is_shown_to_staff_only(followups: Two) -> None:
    first, second = followups
    change(first, state=Report.State.DRAFT)
    assert patient_sees(second) == [second.pk]
    assert staff_see(second) == [first.pk, second.pk]


def test_a_report_whose_own_link_was_withdrawn_is_not_shown_through_another(
    followups: Two,
) -> None:
    first, second = followups
    with practice_scope(first.practice_id):
        disable(report_id=first.pk)
    assert patient_sees(second) == [second.pk]
    assert staff_see(second) == [first.pk, second.pk]


def test_a_report_with_a_code_is_not_shown_through_one_without(followups: Two) -> None:
    first, second = followups
    with practice_scope(first.practice_id), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reports_report SET code = '\\x00', code_digest = '\\x00' WHERE id = %s",
            [first.pk],
        )
    assert patient_sees(second) == [second.pk]
    assert patient_sees(first) == [first.pk, second.pk]


def test_erasing_one_report_leaves_the_others(followups: Two, practice: Practice) -> None:
    first, second = followups
    with practice_scope(practice.pk):
        erasure = request_erasure(scan=first.scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
    complete_erasure(practice_id=practice.pk, erasure_id=erasure.pk)
    with practice_scope(practice.pk):
        assert Erasure.objects.get(pk=erasure.pk).state == Erasure.State.VERIFIED
    assert patient_sees(second) == staff_see(second) == [second.pk]
    assert not may_compare(second)


def test_a_report_without_a_series_costs_no_query(two_reports: Two) -> None:
    with practice_scope(two_reports[0].practice_id):
        report = Report.objects.select_related("scan").get(pk=two_reports[0].pk)
        with CaptureQueriesContext(connection) as queries:
            assert has_followups(report) is False
    assert len(queries) == 0


def scan(**columns: str) -> Scan:
    known = {"device_model": "M", "device_serial": "1", "algorithm_version": "1.0"}
    return Scan(**(known | columns))


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({}, None),
        ({"device_serial": "2"}, Difference.DEVICE),
        ({"device_model": "N"}, Difference.DEVICE),
        ({"algorithm_version": "1.1"}, Difference.ALGORITHM),
        ({"device_serial": ""}, Difference.UNKNOWN),
        ({"device_serial": "2", "algorithm_version": "2"}, Difference.DEVICE),
    ],
)
def test_only_one_device_and_one_version_of_its_algorithm_have_one_scale(
    columns: dict[str, str], reason: Difference | None
) -> None:
    assert difference(scan(), scan(**columns)) == reason
    assert difference(scan(**columns), scan()) == reason


def test_what_is_unknown_of_both_is_not_taken_for_the_same() -> None:
    unknown = {"device_model": "", "device_serial": "", "algorithm_version": ""}
    assert difference(scan(**unknown), scan(**unknown)) == Difference.UNKNOWN
