"""A patient's report, opened for an administrator: for minutes, and the practice knows why."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.test import Client

from audit.models import Entry
from audit.words import Action, Actor
from dermalia.tenancy import practice_scope
from operators.models import Grant
from practices.models import User
from reports.models import Report, StaffMail
from scans.models import Asset
from tests.conftest import superuser_connection
from tests.operators.conftest import Desk

pytestmark = [pytest.mark.usefixtures("committed")]
TYPED = {"reason": "The practice asked on the telephone: the picture is upside down"}


@pytest.fixture
def owner(report: Report) -> User:
    return User.objects.create(email="owner@example.org", practice=report.practice, role="owner")


def path_of(report: Report) -> str:
    return f"/reports/{report.practice_id}/{report.pk}/"


def test_opened_read_told_and_closed_again(admin: Desk, report: Report, owner: User) -> None:
    path = path_of(report)
    assert admin.get(path)["Location"] == f"{path}open/"
    assert admin.do(f"{path}open/", TYPED)["Location"] == path
    page = admin.get(path).content.decode()
    assert TYPED["reason"] in page
    assert "<form" not in page.split("<main")[1]
    with practice_scope(report.practice_id):
        still = Asset.objects.filter(scan=report.scan, kind="still").first()
        assert still is not None
        mail = StaffMail.objects.get(kind="access")
        told = list(
            Entry.objects.filter(object_id=report.pk, actor=Actor.OPERATOR)
            .order_by("sequence")
            .values_list("action", "actor_id")
        )
    assert mail.message is not None
    assert told[-2:] == [
        (Action.REPORT_GRANTED, admin.operator.pk),
        (Action.REPORT_INSPECTED, admin.operator.pk),
    ]
    assert admin.get(f"{path}files/{still.pk}/").status_code == 200
    expire(report)
    assert admin.get(path)["Location"] == f"{path}open/"
    assert admin.get(f"{path}files/{still.pk}/").status_code == 403


def test_half_an_hour_by_the_database_s_clock(admin: Desk, report: Report, owner: User) -> None:
    assert settings.ADMIN_GRANT_SECONDS == 30 * 60
    admin.do(f"{path_of(report)}open/", TYPED)
    with practice_scope(report.practice_id):
        grant = Grant.objects.get()
    assert abs(grant.expires_at - grant.granted_at - timedelta(minutes=30)) < timedelta(seconds=5)


def test_without_a_passkey_or_a_reason_it_stays_sealed(
    admin: Desk, report: Report, owner: User
) -> None:
    path = f"{path_of(report)}open/"
    assert admin.post(path, TYPED).status_code == 401
    assert admin.post(path, {"reason": "because"}).status_code == 422
    with practice_scope(report.practice_id):
        assert not Grant.objects.exists()
        assert not StaffMail.objects.filter(kind="access").exists()


def test_a_colleague_s_grant_is_no_grant(admin: Desk, report: Report, owner: User) -> None:
    from tests.operators.test_colleagues import enrolled

    admin.do(f"{path_of(report)}open/", TYPED)
    second = enrolled(admin, "Demo Second")
    assert second.get(path_of(report)).status_code == 302
    assert admin.get(path_of(report)).status_code == 200


def test_a_restricted_report_is_opened_for_nobody(admin: Desk, report: Report, owner: User) -> None:
    with practice_scope(report.practice_id):
        Report.objects.update(restricted_at=Now())
    assert admin.do(f"{path_of(report)}open/", TYPED).status_code == 409


def test_what_is_restricted_meanwhile_closes_at_once(
    admin: Desk, report: Report, owner: User
) -> None:
    admin.do(f"{path_of(report)}open/", TYPED)
    with practice_scope(report.practice_id):
        Report.objects.update(restricted_at=Now())
    assert admin.get(path_of(report)).status_code == 404


def test_a_due_report_is_opened_for_nobody(admin: Desk, report: Report, owner: User) -> None:
    with practice_scope(report.practice_id):
        Report.objects.update(due_on="2020-01-01")
    assert admin.do(f"{path_of(report)}open/", TYPED).status_code == 409


def test_another_practice_s_number_does_not_lead_there(
    admin: Desk, report: Report, owner: User
) -> None:
    from practices.domain.tenants import create_practice

    other = create_practice(name="Another practice", email="another@example.org")
    path = f"/reports/{other.pk}/{report.pk}/"
    assert admin.do(f"{path}open/", TYPED).status_code == 409
    assert admin.get(path).status_code == 302


def test_a_grant_is_written_once(admin: Desk, report: Report, owner: User) -> None:
    from django.db import ProgrammingError

    admin.do(f"{path_of(report)}open/", TYPED)
    with practice_scope(report.practice_id), pytest.raises(ProgrammingError):
        Grant.objects.update(expires_at=Now() + timedelta(days=1))


def test_the_practice_reads_who_opened_what_and_why(
    admin: Desk, report: Report, owner: User
) -> None:
    admin.do(f"{path_of(report)}open/", TYPED)
    dashboard = Client()
    dashboard.force_login(owner)
    page = dashboard.get("/en/service/").content.decode()
    assert TYPED["reason"] in page
    assert report.scan.scan_identifier in page
    assert "Opened for Dermalia" in dashboard.get(f"/en/scans/{report.scan_id}/").content.decode()


def test_an_erased_report_leaves_the_grant_as_evidence(
    admin: Desk, report: Report, owner: User
) -> None:
    from audit.chain import OPERATOR
    from retention.domain.erase import request_erasure
    from retention.models import Erasure

    admin.do(f"{path_of(report)}open/", TYPED)
    with practice_scope(report.practice_id):
        request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
    assert admin.get(path_of(report)).status_code == 404
    dashboard = Client()
    dashboard.force_login(owner)
    assert "erased since" in dashboard.get("/en/service/").content.decode()


def expire(report: Report) -> None:
    with superuser_connection() as server:
        server.execute("SET session_replication_role = replica")
        server.execute(
            "UPDATE operators_grant SET expires_at = now() WHERE report_id = %s", [report.pk]
        )
