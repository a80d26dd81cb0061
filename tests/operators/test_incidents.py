"""From "somebody noticed" to "every affected practice knows", within 24 hours."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from audit.chain import PATIENT, SYSTEM, record
from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from operators.domain.affected import Trail, follow
from operators.domain.drafts import draft
from operators.domain.incidents import note_arrivals, overdue
from operators.models import Account, Incident, Notice
from operators.tasks import keep_watch
from practices.domain.tenants import create_practice
from practices.models import Practice, User
from reports.domain.staff_mail import send_staff_mail
from reports.mail.resend import ResendProvider
from reports.models import Report, StaffMail
from tests.operators.conftest import Desk

pytestmark = [pytest.mark.usefixtures("committed")]
WORDS = {
    "what": "A key was published.",
    "before": "Sealed.",
    "consequences": "Few.",
    "measures": "The key was replaced.",
    "unknown": "",
}


def facts(noticed: datetime, **other: Any) -> dict[str, Any]:
    return {
        "noticed_at": f"{timezone.localtime(noticed):%Y-%m-%dT%H:%M}",
        "discovery": "An alarm",
        "severity": "high",
        "natures": ["c"],
        "data_classes": ["pictures", "email"],
        **other,
    }


def span(hours: int = 2) -> dict[str, str]:
    now = timezone.localtime()
    return {
        "since": f"{now - timedelta(hours=hours):%Y-%m-%dT%H:%M}",
        "until": f"{now + timedelta(minutes=2):%Y-%m-%dT%H:%M}",
    }


@pytest.fixture
def incident(admin: Desk) -> Incident:
    assert admin.post("/incidents/register/", facts(timezone.now())).status_code == 302
    return Incident.objects.get()


@pytest.fixture
def owner(practice: Practice) -> User:
    return User.objects.create(email="owner@example.org", practice=practice, role="owner")


@pytest.fixture
def others() -> list[Practice]:
    """A practice that was touched, and one that was not."""
    touched = create_practice(name="Touched practice", email="touched@example.org")
    spared = create_practice(name="Spared practice", email="spared@example.org")
    with practice_scope(touched.pk):
        record(Action.REPORT_VIEWED, who=PATIENT)
    with practice_scope(spared.pk):
        record(Action.DESK_LOCKED, who=SYSTEM)
    return [touched, spared]


def write_accounts(admin: Desk, incident: Incident) -> None:
    for language in ("de", "en"):
        path = f"/incidents/{incident.pk}/notice/{language}/"
        assert admin.post(path, WORDS).status_code == 302


def test_registered_traced_told_read_closed(
    admin: Desk,
    incident: Incident,
    report: Report,
    owner: User,
    others: list[Practice],
    mailbox: ResendStandIn,
) -> None:
    path = f"/incidents/{incident.pk}/"
    viewed(report)
    typed = {**span(), "actions": ["report.viewed"]}
    assert admin.post(f"{path}trace/", typed).status_code == 302
    assert found(incident) == {report.practice_id: 1, others[0].pk: 0}
    assert admin.do(f"{path}notify/", {"reason": "All is written"}).status_code == 409
    write_accounts(admin, incident)
    assert admin.post(f"{path}close/", {"reason": "All is over"}).status_code == 409
    assert admin.post(f"{path}notify/", {"reason": "All is written"}).status_code == 401
    assert admin.do(f"{path}notify/", {"reason": "All is written"}).status_code == 302
    send_all(report.practice_id)
    assert note_arrivals() == 1
    mail = mailbox.mails[-1]
    assert mail.to == ("owner@example.org",)
    assert incident.reference in (mail.text or "")
    assert "A key was published" not in (mail.text or "")
    read_notice(report.practice_id, owner)
    assert b"1 / 1" not in admin.get("/operators/incident/").content
    assert b"2 / 2" in admin.get("/operators/incident/").content
    assert admin.post(f"{path}close/", {"reason": "All is over"}).status_code == 302
    with practice_scope(report.practice_id):
        told = Entry.objects.filter(object_id=incident.pk).order_by("sequence")
        assert [entry.action for entry in told] == [
            Action.INCIDENT_TRACED,
            Action.INCIDENT_NOTIFIED,
            Action.INCIDENT_READ,
        ]


def read_notice(practice_id: int, owner: User) -> None:
    with practice_scope(practice_id):
        notice = Notice.objects.get()
    dashboard = Client()
    dashboard.force_login(owner)
    page = dashboard.get(f"/en/service/notices/{notice.pk}/").content.decode()
    assert "A key was published." in page
    assert "72 hours" in page
    with practice_scope(practice_id):
        notice.refresh_from_db()
    assert notice.read_by == owner


def test_telling_again_sends_nothing_twice(
    admin: Desk, incident: Incident, practice: Practice, owner: User
) -> None:
    with practice_scope(practice.pk):
        record(Action.REPORT_VIEWED, who=PATIENT)
    path = f"/incidents/{incident.pk}/"
    admin.post(f"{path}trace/", span())
    write_accounts(admin, incident)
    for _ in range(2):
        admin.do(f"{path}notify/", {"reason": "All is written"})
    with practice_scope(practice.pk):
        assert StaffMail.objects.filter(kind="incident").count() == 1


def test_the_24_hours_run_from_when_it_was_noticed(admin: Desk) -> None:
    now = timezone.now()
    for hours, late in ((23, False), (25, True)):
        Incident.objects.all().delete()
        admin.post("/incidents/register/", facts(now - timedelta(hours=hours)))
        assert overdue().exists() is late, hours
    page = admin.get("/").content.decode()
    assert Incident.objects.get().reference in page


def test_at_24_hours_to_the_minute(admin: Desk, incident: Incident) -> None:
    for moment, late in ((timedelta(hours=24, minutes=-1), False), (timedelta(hours=24), True)):
        Incident.objects.update(noticed_at=timezone.now() - moment)
        assert overdue().exists() is late


def test_one_practice_that_was_not_told_keeps_it_overdue(
    admin: Desk, incident: Incident, others: list[Practice]
) -> None:
    Incident.objects.update(noticed_at=timezone.now() - timedelta(hours=30))
    write_accounts(admin, incident)
    admin.post(f"/incidents/{incident.pk}/trace/", {**span(), "actions": ["report.viewed"]})
    admin.do(f"/incidents/{incident.pk}/notify/", {"reason": "All is written"})
    assert not overdue().exists()
    admin.post(f"/incidents/{incident.pk}/trace/", span())
    assert overdue().exists()


def test_an_overdue_incident_raises_the_alarm(
    admin: Desk, incident: Incident, caplog: pytest.LogCaptureFixture
) -> None:
    Incident.objects.update(noticed_at=timezone.now() - timedelta(hours=25))
    keep_watch()
    incident.refresh_from_db()
    assert incident.reference in caplog.text


def test_tracing_again_forgets_nobody(
    admin: Desk, incident: Incident, others: list[Practice]
) -> None:
    path = f"/incidents/{incident.pk}/trace/"
    admin.post(path, {**span(), "actions": ["report.viewed"]})
    admin.post(path, {**span(), "actions": ["desk.locked"]})
    assert set(found(incident)) == {practice.pk for practice in others}


def test_a_trail_is_narrowed_by_time_object_and_actor(others: list[Practice]) -> None:
    now = timezone.now()
    wide = Trail(since=now - timedelta(hours=1), until=now + timedelta(minutes=1))
    assert {each.practice_id for each in follow(wide)} == {each.pk for each in others}
    before = Trail(since=now - timedelta(hours=2), until=now - timedelta(hours=1))
    assert follow(before) == []
    patients = Trail(since=wide.since, until=wide.until, actor=PATIENT.role)
    assert [each.practice_id for each in follow(patients)] == [others[0].pk]
    with pytest.raises(ValueError, match="ends before"):
        follow(Trail(since=now, until=now))


def test_the_command_names_practices_and_numbers(report: Report, others: list[Practice]) -> None:
    viewed(report)
    now = timezone.now()
    out = StringIO()
    call_command(
        "incident_affected",
        since=now - timedelta(hours=1),
        until=now + timedelta(minutes=1),
        action=["report.viewed"],
        object=[],
        practice=[],
        json=True,
        stdout=out,
    )
    rows = {row["name"]: row for row in json.loads(out.getvalue())}
    assert set(rows) == {"Demo practice", "Touched practice"}
    assert rows["Demo practice"]["reports"] == 1
    with practice_scope(report.practice_id):
        assert Entry.objects.latest("sequence").action == Action.INCIDENT_TRACED


@pytest.mark.parametrize(
    "wrong",
    [
        {"natures": []},
        {"severity": "terrible"},
        {"discovery": ""},
        {"noticed_at": "2999-01-01T00:00"},
        {"happened_from": "2026-01-02T00:00", "happened_to": "2026-01-01T00:00"},
    ],
)
def test_what_makes_no_sense_is_not_registered(admin: Desk, wrong: dict[str, Any]) -> None:
    typed = {**facts(timezone.now()), **wrong}
    assert admin.post("/incidents/register/", typed).status_code == 422
    assert not Incident.objects.exists()


def test_accounts_are_drafted_in_both_languages(admin: Desk, incident: Incident) -> None:
    for language in ("de", "en"):
        page = admin.get(f"/incidents/{incident.pk}/notice/{language}/").content.decode()
        assert "<textarea" in page
    assert admin.get(f"/incidents/{incident.pk}/notice/fr/").status_code == 404
    assert not Account.objects.exists()


def test_a_draft_that_nobody_has_finished_goes_to_nobody(
    admin: Desk, incident: Incident, others: list[Practice]
) -> None:
    path = f"/incidents/{incident.pk}/"
    admin.post(f"{path}trace/", span())
    for language in ("de", "en"):
        admin.post(f"{path}notice/{language}/", draft(language))
    assert admin.do(f"{path}notify/", {"reason": "All is written"}).status_code == 409
    write_accounts(admin, incident)
    assert admin.do(f"{path}notify/", {"reason": "All is written"}).status_code == 302


def test_a_practice_without_owners_is_told_at_its_own_address(
    admin: Desk, incident: Incident, others: list[Practice], mailbox: ResendStandIn
) -> None:
    admin.post(f"/incidents/{incident.pk}/trace/", {**span(), "actions": ["report.viewed"]})
    write_accounts(admin, incident)
    admin.do(f"/incidents/{incident.pk}/notify/", {"reason": "All is written"})
    send_all(others[0].pk)
    assert mailbox.mails[-1].to == ("touched@example.org",)


def test_a_notice_is_its_own_practice_s_alone(
    admin: Desk, incident: Incident, others: list[Practice]
) -> None:
    admin.post(f"/incidents/{incident.pk}/trace/", {**span(), "actions": ["report.viewed"]})
    with practice_scope(others[0].pk):
        notice = Notice.objects.get()
    stranger = User.objects.create(email="x@example.org", practice=others[1], role="owner")
    dashboard = Client()
    dashboard.force_login(stranger)
    assert dashboard.get(f"/en/service/notices/{notice.pk}/").status_code == 404


def viewed(report: Report) -> None:
    with practice_scope(report.practice_id):
        record(Action.REPORT_VIEWED, who=PATIENT, object_id=report.pk)


def found(incident: Incident) -> dict[int, int]:
    rows = Notice.across_practices.using("admin").filter(incident_id=incident.pk)
    return dict(rows.values_list("practice_id", "reports"))


def send_all(practice_id: int) -> None:
    with practice_scope(practice_id):
        waiting = list(StaffMail.objects.values_list("pk", flat=True))
    for mail_id in waiting:
        send_staff_mail(practice_id=practice_id, mail_id=mail_id, provider=ResendProvider())
