"""The page of one scan asks once for what there may be, and for the rest only where it is."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.chain import OPERATOR
from dermalia.tenancy import practice_scope
from practices.models import Practice, User
from reports.domain.cases import open_case
from reports.domain.link_life import revoke_link
from reports.domain.links import new_link
from reports.domain.surroundings import surroundings
from reports.models import Case, Link, Report, Visit
from scans.models import IdentityChange

PAGE_QUERIES = 17  # of which the notices above each page ask four, before the practice is live
BOUNDS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@pytest.fixture
def staff(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


def beside(report: Report, practice: Practice) -> list[bool]:
    with practice_scope(practice.pk):
        around = surroundings(report.scan_id, practice=practice)
    assert around is not None
    there = around.beside
    return [there.cases, there.visits, there.corrections]


def test_what_is_there_is_found(report: Report, practice: Practice) -> None:
    assert beside(report, practice) == [False, False, False]
    owned = {"practice_id": practice.pk}
    with practice_scope(practice.pk):
        open_case(report=report, kind=Case.Kind.ACCESS, who=OPERATOR)
        Visit.objects.create(report=report, **owned)
        field = IdentityChange.Field.EMAIL
        IdentityChange.objects.create(scan_id=report.scan_id, field=field, **owned)
    assert beside(report, practice) == [True, True, True]


def test_only_links_that_are_not_gone_are_live(report: Report, practice: Practice) -> None:
    with practice_scope(practice.pk):
        report = Report.objects.select_related("scan").get(pk=report.pk)
        new_link(report=report)
        around = surroundings(report.scan_id, practice=practice)
        assert around is not None
        (live,) = Link.objects.filter(report_id=report.pk, gone_at=None)
        assert around.beside.live_links == {bytes(live.digest)}
        revoke_link(report=report, who=OPERATOR)
        around = surroundings(report.scan_id, practice=practice)
    assert around is not None
    assert around.beside.live_links == frozenset()


def test_another_practice_has_no_such_scan(report: Report, other_practice: Practice) -> None:
    with practice_scope(other_practice.pk):
        assert surroundings(report.scan_id, practice=other_practice) is None


def test_a_scan_that_is_not_there_is_not_found(staff: Client) -> None:
    assert staff.get(f"/en/scans/{uuid4()}/").status_code == 404


def test_the_page_asks_as_often_as_it_did(staff: Client, report: Report) -> None:
    address = f"/en/scans/{report.scan_id}/"
    staff.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert staff.get(address).status_code == 200
    told = [each["sql"] for each in asked if not each["sql"].startswith(BOUNDS)]
    assert len(told) <= PAGE_QUERIES, "\n".join(told)
