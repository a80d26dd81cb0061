"""A new edition of the agreement and a service to come are told by mail, once, in good time."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from pytest_django import Settings

from dermalia.celery import app
from dermalia.residency import egress, register
from dermalia.residency.announced import NOTICE, Planned
from dermalia.residency.services import Service, TransferBasis
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from dermalia.work.steps import queue_of
from onboarding import tasks
from onboarding.domain.texts import current_text
from practices.models import Practice, User
from reports.mail.models import StaffMail
from tests.mail.conftest import worked_off
from tests.onboarding.conftest import accept_all

TO_COME = Service(
    key="demo",
    entity="Demo Service GmbH",
    country="DE",
    purpose="Carries demo data",
    hosts=("api.demo.example.org",),
    transfer_basis=TransferBasis.NONE_NEEDED,
)


@pytest.fixture
def agreed(staff_user: User, monkeypatch: pytest.MonkeyPatch) -> Practice:
    """A practice that has accepted the texts as they are."""
    monkeypatch.setattr("onboarding.domain.acceptance.typeset_acceptance", lambda _row: b"%PDF-")
    with practice_scope(staff_user.practice_id):
        accept_all(staff_user)
    return staff_user.practice


def plan(monkeypatch: pytest.MonkeyPatch, day: date, service: Service = TO_COME) -> None:
    planned = Planned(service, announced_on=day - NOTICE, valid_from=day)
    monkeypatch.setattr(register, "PLANNED", (*register.PLANNED, planned))


def move_to(street: str, settings: Settings) -> None:
    """Any change of the operator's is another edition of the agreement, which names it."""
    settings.OPERATOR = {**settings.OPERATOR, "street": street}


def mails(practice: Practice, kind: str) -> list[StaffMail]:
    with practice_scope(practice.pk):
        return list(StaffMail.objects.filter(kind=kind).order_by("created_at"))


def a_day_passes(practice: Practice) -> None:
    with practice_scope(practice.pk):
        for mail in StaffMail.objects.all():
            mail.created_at -= timedelta(days=1)
            mail.save(update_fields=["created_at"])


def test_who_has_accepted_what_is_in_force_is_told_nothing(agreed: Practice) -> None:
    tasks.tell_practices()
    assert mails(agreed, "agreement") == mails(agreed, "subprocessor") == []


def test_a_new_edition_is_told_once(
    agreed: Practice, mailbox: ResendStandIn, settings: Settings
) -> None:
    move_to("Neue Straße 1", settings)
    for _ in range(2):
        tasks.tell_practices()
        a_day_passes(agreed)
    (mail,) = mails(agreed, "agreement")
    worked_off(mail)
    text = mailbox.mails[0].text or ""
    assert f"{django_settings.PUBLIC_URL}/de/agreement/" in text
    assert current_text("agreement", "de").version in text
    assert current_text("processors", "de").version not in text  # that one did not change


def test_a_second_edition_of_the_same_day_waits_for_the_next(
    agreed: Practice, settings: Settings
) -> None:
    for street in ("Neue Straße 1", "Neue Straße 2"):
        move_to(street, settings)
        tasks.tell_practices()
    assert len(mails(agreed, "agreement")) == 1
    a_day_passes(agreed)
    tasks.tell_practices()
    assert len(mails(agreed, "agreement")) == 2


def test_without_an_agreement_there_is_nothing_to_tell(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(monkeypatch, timezone.localdate() + NOTICE)
    tasks.tell_practices()
    assert mails(practice, "subprocessor") == mails(practice, "agreement") == []


def test_a_service_to_come_is_told_with_all_that_a_practice_needs_to_decide(
    agreed: Practice, mailbox: ResendStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = timezone.localdate() + NOTICE
    plan(monkeypatch, day)
    for _ in range(2):
        tasks.tell_practices()
        a_day_passes(agreed)
    (mail,) = mails(agreed, "subprocessor")
    worked_off(mail)
    sent = mailbox.mails[0]
    for part in (sent.text or "", sent.html or ""):
        for told in ("Demo Service GmbH", "DE", "Carries demo data", "keine nötig"):
            assert told in part
        assert str(day.year) in part
        assert f"{django_settings.PUBLIC_URL}/de/settings/processors/" in part
    assert sent.reply_to == (django_settings.OPERATOR["email"],)


def test_two_services_are_told_on_one_day_as_neither_may_be_late(
    agreed: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = timezone.localdate() + NOTICE
    other: Any = {**{name: getattr(TO_COME, name) for name in Service.__slots__}, "key": "other"}
    plan(monkeypatch, day)
    plan(monkeypatch, day, Service(**other))
    for _ in range(2):
        tasks.tell_practices()
        assert len(mails(agreed, "subprocessor")) == 2


def test_until_its_day_a_planned_service_is_not_called_and_in_no_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan(monkeypatch, timezone.localdate() + timedelta(days=1))
    assert TO_COME not in register.services()
    with pytest.raises(egress.EgressRefused):
        egress.require_admitted("https://api.demo.example.org/")


def test_on_its_day_it_is_a_service_like_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    plan(monkeypatch, timezone.localdate())
    assert TO_COME in register.services()
    assert register.to_come() == ()
    egress.require_admitted("https://api.demo.example.org/")


def test_a_plan_with_less_than_thirty_days_is_none() -> None:
    day = date(2026, 7, 1)
    with pytest.raises(ImproperlyConfigured, match="too late"):
        Planned(TO_COME, announced_on=day, valid_from=day + timedelta(days=29))


@pytest.mark.parametrize(
    "name", ["onboarding.tasks.tell_practices", "reports.tasks.tell_practices"]
)
def test_workers_of_the_mail_queue_start_the_tasks_by_themselves(name: str) -> None:
    app.loader.import_default_modules()
    assert name in app.tasks
    assert queue_of(app, name) == "mail"
    assert django_settings.WORK_PERIODIC[name] <= 86_400
