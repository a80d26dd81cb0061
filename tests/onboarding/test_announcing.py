"""No company works for a practice that was not told of it thirty days before (R67)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from dermalia.residency import egress
from dermalia.residency.announced import NOTICE, announced
from dermalia.residency.register import companies, mail_relay, to_come
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from dermalia.tenancy.acting import acting_for
from onboarding import tasks
from onboarding.domain.announcing import require_announced
from onboarding.domain.objections import object_to, withdraw_objection
from practices.models import Practice, User
from reports.mail.models import StaffMail
from tests.mail.conftest import worked_off
from tests.onboarding.conftest import accept_all

FIRST = {"entity": "First & Sons GmbH", "country": "DE", "region": "eu-central-1"}
NEXT = {"entity": "Next GmbH", "country": "LU", "region": "eu-central-1"}
RELAY = {"host": "Mail.example.org", "port": 587, "entity": "Relay AG", "country": "DE"}
RELAY_COMPANY = {"entity": "Relay AG", "country": "DE"}


@pytest.fixture
def real(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation that serves patients, on machines of a first company."""
    monkeypatch.setattr("onboarding.domain.acceptance.typeset_acceptance", lambda _row: b"%PDF-")
    settings.TRIAL = False
    move(settings, FIRST)
    return settings


@pytest.fixture
def agreed(real: Settings, staff_user: User) -> Practice:
    """A practice that has accepted the list as it is then."""
    with practice_scope(staff_user.practice_id):
        accept_all(staff_user)
    return staff_user.practice


def move(settings: Settings, company: dict[str, str]) -> None:
    settings.HOSTING = dict.fromkeys(("hosting", "storage", "backup-storage"), company)


def announce(settings: Settings, part: str, company: dict[str, str], day: date) -> None:
    named = f"{part}={company['entity']}={company['country']}"
    settings.ANNOUNCED = [*settings.ANNOUNCED, f"{named}={day - NOTICE}={day}"]


def today() -> date:
    return timezone.localdate()


def test_what_a_practice_has_accepted_may_start(agreed: Practice) -> None:
    require_announced()


def test_many_practices_read_their_list_once(agreed: Practice, other_practice: Practice) -> None:
    with practice_scope(other_practice.pk):
        accept_all(User.objects.create(email="other@example.org", practice=other_practice))
    with CaptureQueriesContext(connection) as asked:
        require_announced()
    texts = [each["sql"] for each in asked.captured_queries if "legaltext" in each["sql"]]
    assert len(texts) == 1


def test_a_company_nobody_was_told_of_may_not(agreed: Practice, real: Settings) -> None:
    move(real, NEXT)
    with pytest.raises(ImproperlyConfigured) as refused:
        require_announced()
    assert f"Practice {agreed.pk} was never told that Next GmbH" in str(refused.value)
    entry = f"hosting=Next GmbH=LU={today()}={today() + NOTICE}"
    assert entry in str(refused.value)
    real.ANNOUNCED = [entry]  # as it says
    with pytest.raises(ImproperlyConfigured, match=f"announced for {today() + NOTICE}"):
        require_announced()


def test_a_practice_that_has_accepted_nothing_reads_of_it_on_its_way(
    real: Settings, practice: Practice
) -> None:
    require_announced()


def test_an_announced_company_may_start_on_its_day(agreed: Practice, real: Settings) -> None:
    announce(real, "hosting", NEXT, today() + timedelta(days=1))
    require_announced()  # with the first one, meanwhile
    assert [plan.service.entity for plan in to_come()] == ["Next GmbH"]
    real.ANNOUNCED = []
    announce(real, "hosting", NEXT, today())
    move(real, NEXT)
    require_announced()
    assert to_come() == ()


def test_practices_are_told_by_mail(
    agreed: Practice, real: Settings, mailbox: ResendStandIn
) -> None:
    real.TRIAL = True  # whose mails go to a stand-in
    with practice_scope(agreed.pk):
        StaffMail.objects.all().delete()  # the copy of the agreement
    announce(real, "relay", RELAY_COMPANY, today() + NOTICE)
    for _ in range(2):
        tasks.tell_practices()
    with practice_scope(agreed.pk):
        (mail,) = StaffMail.objects.filter(kind="subprocessor")
    worked_off(mail)
    (sent,) = mailbox.mails
    for part in (sent.text or "", sent.html or ""):
        assert "Relay AG" in part
        assert "Versendet die E-Mail" in part


def test_machines_wait_for_a_practice_that_objects(
    agreed: Practice, staff_user: User, real: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(real, "hosting", NEXT, today() + timedelta(days=1))
    (plan,) = to_come()
    with practice_scope(agreed.pk):
        object_to(plan.service.key, reason="Demo reason", user=staff_user)
    require_announced()  # the first company goes on
    move(real, NEXT)
    later = timezone.now() + timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    with pytest.raises(ImproperlyConfigured, match="has objected to Next GmbH"):
        require_announced()
    with practice_scope(agreed.pk):
        withdraw_objection(plan.service.key, user=staff_user)
    require_announced()


def test_a_relay_is_in_no_list_and_not_called_before_its_day(
    agreed: Practice, staff_user: User, real: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real.MAIL_RELAY = RELAY
    announce(real, "relay", RELAY_COMPANY, today() + timedelta(days=1))
    assert mail_relay() is None
    with pytest.raises(egress.EgressRefused):
        egress.require_mail_server("mail.example.org", 587)
    (plan,) = to_come()
    with practice_scope(agreed.pk):
        object_to(plan.service.key, reason="Demo reason", user=staff_user)
    later = timezone.now() + timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert mail_relay() in companies()
    require_announced()  # who objects is kept from it, mail by mail
    egress.require_mail_server("mail.example.org", 587)
    with acting_for(agreed.pk), pytest.raises(egress.PracticeObjects):
        egress.require_mail_server("mail.example.org", 587)


def test_the_page_says_what_an_objection_to_machines_leads_to(
    agreed: Practice, real: Settings, owner: Client
) -> None:
    announce(real, "hosting", NEXT, today() + NOTICE)
    (plan,) = announced()
    page = owner.get("/en/settings/processors/").content.decode()
    assert "To come: Next GmbH" in page
    page = owner.get(f"/en/settings/processors/{plan.service.key}/object/").content.decode()
    assert "refuses to start with it at all" in page


@pytest.mark.parametrize(
    "entry",
    [
        "relay",
        "roof=Relay AG=DE=2026-11-21=2026-12-25",
        "relay=Relay AG=US=2026-11-21=2026-12-25",
        "relay==DE=2026-11-21=2026-12-25",
        "relay=Relay AG=DE=soon=2026-12-25",
        "relay=Relay AG=DE=2026-11-21=2026-12-01",
    ],
)
def test_nonsense_refuses_to_start(real: Settings, entry: str) -> None:
    real.ANNOUNCED = [entry]
    with pytest.raises(ImproperlyConfigured):
        announced()
