"""Correcting a first name or an address, with what stood there before."""

import pytest
from django.test import Client

from audit.access import record_access
from audit.chain import OPERATOR
from audit.models import Entry
from audit.words import Action
from dermalia.sealing.keys import UnlockedKey, unlock
from dermalia.tenancy import practice_scope
from practices.models import User
from reports.domain.restriction import restrict_report
from reports.models import Report
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.domain.identity import history
from scans.models import IdentityChange, Scan
from scans.queries import Person, person, scans_of


@pytest.fixture
def staff(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


def key_of(scan: Scan) -> UnlockedKey:
    access = record_access(Action.SCAN_VIEWED, who=OPERATOR, object_id=scan.pk)
    return unlock(scan.key_id, access=access)


def correct(staff: Client, report: Report, first_name: str, email: str) -> str:
    address = f"/en/scans/{report.scan_id}/person/"
    answer = staff.post(address, {"first_name": first_name, "email": email}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_correction_is_seen_found_and_remembered(
    staff: Client, report: Report, staff_user: User
) -> None:
    page = correct(staff, report, " Testperson B ", "new@example.org")
    assert "Testperson B" in page
    with practice_scope(report.practice_id):
        key = key_of(report.scan)
        assert person(scan=report.scan, key=key) == Person("Testperson B", "new@example.org")
        changes = [
            (change.field, before, change.by)
            for change, before in history(scan=report.scan, key=key)
        ]
        assert sorted(changes) == [
            ("email", "patient@example.org", staff_user),
            ("first_name", "Testperson Ä", staff_user),
        ]
        assert scans_of(first_name="testperson b").get() == report.scan
        assert not scans_of(first_name="Testperson Ä").exists()
        assert Entry.objects.filter(action=Action.IDENTITY_CORRECTED).count() == 1


def test_both_can_be_taken_away(staff: Client, report: Report) -> None:
    page = correct(staff, report, "", "")
    assert "Without name" in page
    with practice_scope(report.practice_id):
        assert person(scan=report.scan, key=key_of(report.scan)) == Person("", "")
        assert IdentityChange.objects.count() == 2


def test_what_is_not_different_leaves_no_trace(staff: Client, report: Report) -> None:
    correct(staff, report, "Testperson Ä", "patient@example.org")
    with practice_scope(report.practice_id):
        assert not IdentityChange.objects.exists()
        assert not Entry.objects.filter(action=Action.IDENTITY_CORRECTED).exists()


def test_an_address_that_is_none_changes_nothing(staff: Client, report: Report) -> None:
    page = correct(staff, report, "Testperson B", "nobody at all")
    assert "This is not a complete e-mail address." in page
    with practice_scope(report.practice_id):
        assert not IdentityChange.objects.exists()


def test_the_old_values_are_sealed_in_the_database(staff: Client, report: Report) -> None:
    correct(staff, report, "Testperson B", "")
    with practice_scope(report.practice_id):
        for change in IdentityChange.objects.all():
            assert change.before is not None
            data = getattr(change.before, "data", b"")
            assert data
            assert b"Testperson" not in data
            assert b"patient@" not in data


def test_erasing_the_report_erases_its_history(staff: Client, report: Report) -> None:
    correct(staff, report, "Testperson B", "")
    with practice_scope(report.practice_id):
        request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
        assert not IdentityChange.objects.exists()


def test_a_restricted_report_shows_and_takes_no_name(staff: Client, report: Report) -> None:
    with practice_scope(report.practice_id):
        restrict_report(report=report, reason=Report.Restriction.CLAIMS, who=OPERATOR)
    answer = staff.post(f"/en/scans/{report.scan_id}/person/", {"first_name": "X"})
    assert answer.status_code == 403
    assert "Testperson" not in staff.get(f"/en/scans/{report.scan_id}/").content.decode()
