"""The practice's list and the page of one scan."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice, User
from reports.models import Report
from scans.models import Connection
from tests.conftest import discover, report_of

LIST_QUERIES = 15


@pytest.fixture
def staff(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


def looks(practice: Practice) -> int:
    with practice_scope(practice.pk):
        return Entry.objects.filter(action=Action.SCANS_LISTED).count()


def test_an_empty_list_says_so(staff: Client) -> None:
    assert "Noch keine Scans" in staff.get("/de/scans/").content.decode()


def test_a_connection_in_trouble_is_named_above_the_list(
    staff: Client, account: Connection, practice: Practice
) -> None:
    sentence = "This machine watches no folder for scans."
    with practice_scope(practice.pk):
        Connection.objects.update(last_error=sentence)
    assert sentence in staff.get("/en/scans/").content.decode()
    german = staff.get("/de/scans/").content.decode()
    assert sentence not in german
    assert "Verbindung zum Scanner:" in german


@pytest.mark.parametrize("more", [0, 2])
def test_the_list_costs_the_same_queries_for_one_and_for_three(
    client: Client,
    practice: Practice,
    report: Report,
    account: Connection,
    cluster: IsemecoStandIn,
    small_capture: Capture,
    django_assert_num_queries: DjangoAssertNumQueries,
    more: int,
) -> None:
    for _ in range(more):
        cluster.add_scan(small_capture, first_name="Demo", email="patient@example.org")
    for scan in discover(account)[1:]:
        report_of(scan)
    client.force_login(User.objects.create(email="colleague@example.org", practice=practice))
    with django_assert_num_queries(LIST_QUERIES):
        page = client.get("/de/scans/").content.decode()
    assert page.count("<tr data-row>") == 1 + more


def test_rows_fetched_again_are_one_look(staff: Client, practice: Practice) -> None:
    staff.get("/de/scans/")
    for _ in range(3):
        staff.get("/de/scans/", headers={"HX-Request": "true"})
    assert looks(practice) == 1
    staff.get("/de/scans/")
    assert looks(practice) == 2


def test_a_colleague_s_look_is_a_look_of_its_own(staff: Client, practice: Practice) -> None:
    staff.get("/de/scans/")
    colleague = Client()
    user = User.objects.create(email="colleague@example.org", practice=practice)
    colleague.force_login(user)
    colleague.get("/de/scans/", headers={"HX-Request": "true"})
    assert looks(practice) == 2


def test_the_page_of_a_scan_shows_its_files_and_its_log(staff: Client, report: Report) -> None:
    page = staff.get(f"/de/scans/{report.scan_id}/").content.decode()
    for text in ("Testperson Ä", report.scan.scan_identifier, "Protokoll"):
        assert text in page
    (files,) = re.findall(r'href="(\?files=[^"#]*)#files-title">\d+ Dateien anzeigen<', page)
    page = staff.get(f"/de/scans/{report.scan_id}/{files}").content.decode()
    for text in ("scan.obj", "model.glb"):
        assert text in page


def test_a_scan_that_is_not_ready_has_a_page_too(
    staff: Client, account: Connection, cluster: IsemecoStandIn, small_capture: Capture
) -> None:
    cluster.add_scan(small_capture)
    scan = discover(account)[0]
    answer = staff.get(f"/de/scans/{scan.pk}/")
    assert answer.status_code == 200
    assert scan.scan_identifier in answer.content.decode()
