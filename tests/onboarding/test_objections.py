"""Objecting to an announced service: on record, confirmed, kept by the guard, and revocable."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import ProgrammingError, connections, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audit.models import Entry
from dermalia.residency import egress, register
from dermalia.residency.announced import NOTICE, Planned
from dermalia.residency.services import Service, TransferBasis
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from dermalia.tenancy.acting import acting_for
from onboarding.domain.objections import (
    TooLate,
    changes,
    object_to,
    objects,
    standing_objection,
    withdraw_objection,
)
from onboarding.models import Objection
from practices.domain.tenants import create_practice
from practices.models import Practice, User
from reports.mail.models import StaffMail
from tests.mail.conftest import worked_off

PAGE = "/en/settings/processors/"
OBJECT, WITHDRAW = f"{PAGE}demo/object/", f"{PAGE}demo/withdraw/"
HOST = "api.demo.example.org"
Announce = Callable[[int], Planned]


@pytest.fixture
def announce(monkeypatch: pytest.MonkeyPatch) -> Announce:
    """Announces the demo service so that its day is so many days from now."""

    def planned(days: int) -> Planned:
        day = timezone.localdate() + timedelta(days=days)
        service = Service(
            key="demo",
            entity="Demo Service GmbH",
            country="DE",
            purpose="Carries demo data",
            hosts=(HOST,),
            transfer_basis=TransferBasis.NONE_NEEDED,
            mail_hosts=("mail.demo.example.org:587",),
        )
        plan = Planned(service, announced_on=day - NOTICE, valid_from=day)
        monkeypatch.setattr(register, "PLANNED", (plan,))
        return plan

    return planned


def objected(user: User, reason: str = "Demo reason") -> Objection:
    with practice_scope(user.practice_id):
        return object_to("demo", reason=reason, user=user)


def mails(practice: Practice, kind: str) -> list[StaffMail]:
    with practice_scope(practice.pk):
        return list(StaffMail.objects.filter(kind=kind).order_by("created_at"))


def test_an_objection_is_on_record(staff_user: User, announce: Announce) -> None:
    plan = announce(10)
    said = objected(staff_user)
    with practice_scope(staff_user.practice_id):
        standing = standing_objection("demo")
        assert standing is not None
        assert (standing.pk, standing.reason, standing.valid_from, standing.user_id) == (
            said.pk,
            "Demo reason",
            plan.valid_from,
            staff_user.pk,
        )
        entry = Entry.objects.get(action="processor.objected")
    assert (entry.object_id, entry.actor_id) == (said.pk, staff_user.pk)


def test_whoever_objects_twice_has_objected_once(
    staff_user: User, announce: Announce, practice: Practice
) -> None:
    announce(10)
    assert objected(staff_user).pk == objected(staff_user, "Another reason").pk
    assert len(mails(practice, "objection")) == len(mails(practice, "objected")) == 1


@pytest.mark.parametrize(("days", "possible"), [(30, True), (1, True), (0, False), (-1, False)])
def test_it_is_possible_until_the_day(
    staff_user: User, announce: Announce, days: int, possible: bool
) -> None:
    announce(days)
    if possible:
        objected(staff_user)
    else:
        with pytest.raises(TooLate):
            objected(staff_user)
    assert objects(staff_user.practice_id, "demo") is possible


def test_nobody_objects_to_what_was_never_announced(staff_user: User, announce: Announce) -> None:
    announce(10)
    with practice_scope(staff_user.practice_id), pytest.raises(LookupError):
        object_to("resend", reason="Demo", user=staff_user)


def test_what_was_said_is_never_changed_or_deleted(staff_user: User, announce: Announce) -> None:
    announce(10)
    said = objected(staff_user)
    for change in (
        lambda: Objection.objects.filter(pk=said.pk).update(reason="x"),
        lambda: Objection.objects.filter(pk=said.pk).delete(),
    ):
        with (
            practice_scope(staff_user.practice_id),
            pytest.raises(ProgrammingError),
            transaction.atomic(),
        ):
            change()


def test_a_withdrawal_is_another_row_and_possible_on_any_day(
    staff_user: User, announce: Announce
) -> None:
    announce(10)
    objected(staff_user)
    announce(0)
    with practice_scope(staff_user.practice_id):
        assert withdraw_objection("demo", user=staff_user)
        assert not withdraw_objection("demo", user=staff_user)
        said = list(Objection.objects.order_by("number").values_list("number", "kind", "reason"))
        assert Entry.objects.filter(action="processor.objection_withdrawn").count() == 1
    assert said == [(1, "objects", "Demo reason"), (2, "withdrawn", "")]
    assert not objects(staff_user.practice_id, "demo")


def test_practice_and_operator_are_told(
    staff_user: User, announce: Announce, practice: Practice, mailbox: ResendStandIn
) -> None:
    plan = announce(10)
    objected(staff_user, "Demo reason <b>")
    with practice_scope(practice.pk):
        withdraw_objection("demo", user=staff_user)
    for kind in ("objection", "objected"):
        for queued in mails(practice, kind):
            worked_off(queued)
    to_practice, taken_back, to_operator, and_again = mailbox.mails
    assert to_practice.to == taken_back.to == (practice.email,)
    assert to_operator.to == and_again.to == (django_settings.OPERATOR["email"],)
    for mail in (to_practice, to_operator):
        assert "Demo Service GmbH" in (mail.text or "")
        assert "Demo reason <b>" in (mail.text or "")
        assert "Demo reason &lt;b&gt;" in (mail.html or "")
        assert str(plan.valid_from.year) in (mail.text or "")
    assert practice.name in (to_operator.text or "")
    assert "Demo reason" not in (taken_back.text or "")


def test_an_operator_without_an_address_is_told_by_the_administration_alone(
    staff_user: User, announce: Announce, practice: Practice, settings: Settings
) -> None:
    announce(10)
    settings.OPERATOR = {**settings.OPERATOR, "email": ""}
    objected(staff_user)
    assert (len(mails(practice, "objection")), len(mails(practice, "objected"))) == (1, 0)


def test_before_its_day_the_service_is_called_for_nobody(
    staff_user: User, announce: Announce
) -> None:
    announce(1)
    for practice_id in (None, staff_user.practice_id):
        with pytest.raises(egress.EgressRefused, match="not in the register"):
            _call(practice_id)


def test_from_its_day_on_the_service_is_called_for_those_who_did_not_object(
    staff_user: User, other_practice: Practice, announce: Announce
) -> None:
    announce(1)
    objected(staff_user)
    announce(0)
    _call(None)
    _call(other_practice.pk)
    with pytest.raises(egress.PracticeObjects):
        _call(staff_user.practice_id)
    with practice_scope(staff_user.practice_id):
        with pytest.raises(egress.PracticeObjects):
            egress.require_admitted(f"https://{HOST.upper()}/")
        with pytest.raises(egress.PracticeObjects):
            egress.require_mail_server("mail.demo.example.org", 587)
        withdraw_objection("demo", user=staff_user)
        egress.require_mail_server("mail.demo.example.org", 587)
    _call(staff_user.practice_id)


def _call(practice_id: int | None) -> None:
    """As a worker does between two scopes."""
    if practice_id is None:
        egress.require_admitted(f"https://{HOST}/")
        return
    with acting_for(practice_id):
        egress.require_admitted(f"https://{HOST}/")


def test_a_practice_that_objected_keeps_the_page_of_it(
    staff_user: User, announce: Announce, client: Client
) -> None:
    announce(1)
    objected(staff_user)
    announce(-3)
    client.force_login(staff_user)
    page = client.get(PAGE)
    assert "Not used for you: Demo Service GmbH" in page.content.decode()
    assert "demo" not in [each.key for each in page.context["services"]]
    with practice_scope(staff_user.practice_id):
        (change,) = changes()
        assert not change.is_to_come
        withdraw_objection("demo", user=staff_user)
        assert changes() == []


def test_an_owner_walks_from_the_banner_to_the_objection_and_back(
    staff_user: User, announce: Announce, client: Client
) -> None:
    plan = announce(10)
    client.force_login(staff_user)
    assert PAGE in client.get("/en/scans/").content.decode()
    page = client.get(PAGE).content.decode()
    for told in ("Demo Service GmbH", "Carries demo data", "DE", str(plan.valid_from.year)):
        assert told in page
    assert "is not used for your practice" in client.get(OBJECT).content.decode()
    assert client.post(OBJECT, {"reason": " "}).status_code == 422
    assert client.post(OBJECT, {"reason": "Demo reason"}).headers["Location"] == PAGE
    assert "Demo reason" in client.get(PAGE).content.decode()
    assert "Read, or object" not in client.get("/en/scans/").content.decode()
    assert client.post(WITHDRAW).headers["Location"] == PAGE
    assert "Read, or object" in client.get("/en/scans/").content.decode()


def test_on_the_day_the_page_says_that_it_is_too_late(
    staff_user: User, announce: Announce, client: Client
) -> None:
    announce(0)
    client.force_login(staff_user)
    assert "<textarea" not in client.get(OBJECT).content.decode()
    answer = client.post(OBJECT, {"reason": "Demo"}, follow=True)
    assert "too late to object" in answer.content.decode()
    assert not objects(staff_user.practice_id, "demo")


@pytest.mark.parametrize("path", [OBJECT, WITHDRAW])
def test_a_session_without_a_fresh_factor_says_nothing(
    staff_user: User, announce: Announce, client: Client, path: str
) -> None:
    announce(10)
    client.force_login(staff_user)
    with practice_scope(staff_user.practice_id):
        staff_user.staff_sessions.update(fresh_at=None)
    answer = client.post(path, {"reason": "Demo"})
    assert "/confirm/" in answer.headers["Location"]
    assert not objects(staff_user.practice_id, "demo")


def test_only_owners_object(staff_user: User, announce: Announce, client: Client) -> None:
    announce(10)
    staff_user.role = User.Role.STAFF
    staff_user.save()
    client.force_login(staff_user)
    assert client.get(PAGE).status_code == client.post(OBJECT, {"reason": "x"}).status_code == 403
    assert PAGE not in client.get("/en/scans/").content.decode()


@pytest.mark.usefixtures("committed")
def test_of_two_owners_at_once_one_objects(announce: Announce) -> None:
    announce(10)
    practice = create_practice(name="Demo practice", email="practice@example.org")
    user = User.objects.create(email="owner@example.org", practice=practice, role="owner")

    def at_once(_: int) -> Any:
        try:
            return objected(user).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as owners:
        said = set(owners.map(at_once, range(4)))
    assert len(said) == 1
    with practice_scope(practice.pk):
        assert Objection.objects.count() == 1
