"""Two reports beside each other for the practice, and how it says that they are of one person."""

import re

import pytest
from django.test import Client

from audit.words import Action
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice, User
from reports.models import Report
from scans.models import Connection
from tests.reports.conftest import AFTER, add_report
from tests.reports.test_comparison_pages import looks, page_of, pictures, text_of

Two = tuple[Report, Report]


@pytest.fixture
def staff(staff_user: User) -> Client:
    client = Client()
    client.force_login(staff_user)
    return client


def test_staff_compare_and_both_looks_are_entered(
    staff: Client, followups: Two, practice: Practice
) -> None:
    page = page_of(staff, f"/de/scans/{followups[0].scan_id}/compare/")
    assert looks(practice.pk, Action.SCAN_VIEWED) == [report.scan_id for report in followups]
    assert "Testperson Ä" in page
    for url in pictures(page):
        assert staff.get(url).headers["Content-Type"] == "image/webp"
    assert looks(practice.pk, Action.FILE_VIEWED) == []


def test_another_practice_cannot_compare(
    followups: Two, other_practice: Practice, staff: Client
) -> None:
    urls = pictures(page_of(staff, f"/de/scans/{followups[0].scan_id}/compare/"))
    stranger = Client()
    user = User.objects.create(email="o@example.org", practice=other_practice, role=User.Role.OWNER)
    stranger.force_login(user)
    addresses = [f"/de/scans/{followups[0].scan_id}/compare/", *urls]
    assert {stranger.get(address).status_code for address in addresses} == {404}


def test_staff_link_reports_of_one_person_and_take_them_out_again(
    staff: Client, two_reports: Two
) -> None:
    first, second = two_reports
    address = f"/de/scans/{first.scan_id}/compare/"
    page = page_of(staff, address)
    assert "gleicher Vorname und gleiche E-Mail-Adresse" in page
    assert pictures(page) == []
    assert staff.post(address, {"add": [str(second.pk)]}).status_code == 302
    assert len(set(pictures(page_of(staff, address)))) == 10
    assert staff.post(address, {"remove": str(second.pk)}).status_code == 302
    assert pictures(page_of(staff, address)) == []


def test_staff_link_another_scan_by_its_identifier(
    staff: Client,
    report: Report,
    account: Connection,
    cluster: IsemecoStandIn,
    small_capture: Capture,
) -> None:
    other = add_report(
        account, cluster, small_capture, AFTER, first_name="Demo", email="d@example.org"
    )
    address = f"/de/scans/{report.scan_id}/compare/"
    assert 'name="add"' not in page_of(staff, address)
    answer = staff.post(address, {"identifier": f" {other.scan.scan_identifier} "})
    assert answer.status_code == 302
    with practice_scope(report.practice_id):
        assert Report.objects.filter(series__isnull=False).count() == 2


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"identifier": "scan-unknown"}, "gibt es keinen Bericht"),
        ({}, "mindestens einen weiteren Bericht"),
    ],
)
def test_what_cannot_be_linked_is_said(
    staff: Client, report: Report, typed: dict[str, str], words: str
) -> None:
    answer = staff.post(f"/de/scans/{report.scan_id}/compare/", typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_reader_may_compare_but_not_link(
    followups: Two, practice: Practice, staff: Client
) -> None:
    reader = Client()
    reader.force_login(
        User.objects.create(email="r@example.org", practice=practice, role=User.Role.READER)
    )
    address = f"/de/scans/{followups[0].scan_id}/compare/"
    page = page_of(reader, address)
    assert len(set(pictures(page))) == 10
    assert 'name="remove"' not in page
    assert reader.post(address, {"remove": str(followups[1].pk)}).status_code == 403
    with practice_scope(practice.pk):
        assert Report.objects.filter(series__isnull=False).count() == 2


def test_the_page_offers_no_copy_for_anybody_else(staff: Client, followups: Two) -> None:
    page = page_of(staff, f"/de/scans/{followups[0].scan_id}/compare/")
    assert " download" not in page
    assert not re.search("export|teilen|share", text_of(page), re.IGNORECASE)
