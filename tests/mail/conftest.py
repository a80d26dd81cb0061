"""Mails to staff go through the same outbox as mails to patients, and need no scan."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from audit.access import record_access
from audit.chain import OPERATOR
from audit.words import Action
from dermalia.mail import StaffMailKind, queue_mail
from dermalia.residency import egress
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock, unlock_secrets
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain.delivery import send_delivery
from reports.domain.links import new_link
from reports.domain.staff_mail import send_staff_mail
from reports.mail.models import MailRoute, Outgoing, Pace, StaffMail
from reports.mail.provider import Provider
from reports.models import Delivery, Report
from scans.models import Connection, Identity
from tests.mail.smtp_server import PASSWORD, USER, SmtpServer, make_certificate, smtp_server
from tests.reports.rows import add_row

M = TypeVar("M", bound=Outgoing)
RECIPIENT = "colleague@example.org"
URL = "https://localhost/de/enter/secret/"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own certificate is trusted, as a real server's is."""
    context = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(egress, "tls_context", lambda: context)


@pytest.fixture
def server(certificate: Path, trusted: None, settings: Settings) -> Iterator[SmtpServer]:
    """A relay that the installation sends by."""
    with smtp_server(certificate) as running:
        use_relay(settings, running)
        yield running


def use_relay(settings: Settings, server: SmtpServer) -> None:
    settings.SANDBOX_ORIGINS = [*settings.SANDBOX_ORIGINS, f"http://localhost:{server.port}"]
    settings.MAIL_CARRIER = "relay"
    settings.MAIL_RELAY = {
        "host": "localhost",
        "port": server.port,
        "security": MailRoute.Security.STARTTLS.value,
        "username": USER,
        "password": PASSWORD,
        "entity": "Demo relay",
        "country": "DE",
    }


@pytest.fixture
def mail(practice: Practice) -> StaffMail:
    """A mail in the outbox."""
    return queued(practice)


def queued(practice: Practice, *, once: str = "") -> StaffMail:
    with practice_scope(practice.pk):
        mail_id = queue_mail(
            kind=StaffMailKind.INVITATION,
            recipient=RECIPIENT,
            language="de",
            context={"url": URL, "valid_until": timezone.now()},
            once=once,
        )
        return StaffMail.objects.get(pk=mail_id)


def link_mail(
    practice: Practice, *, email: str = "patient@example.org", first_name: str = "Demo"
) -> Delivery:
    """A mail with a report's link in the outbox; the report is rows without files."""
    with practice_scope(practice.pk):
        account, _ = Connection.objects.get_or_create(
            practice=practice,
            defaults={
                "base_url": "https://example.org",
                "client_id": "x",
                "client_secret": Sealing(unlock_secrets(), "x"),
            },
        )
        scan = add_row(account, uuid4().hex, report={"state": "released", "purpose": "medical"})
        access = record_access(Action.MAIL_PREPARED, who=OPERATOR, object_id=scan.pk)
        key = unlock(scan.key_id, access=access)
        report = Report.objects.get(scan=scan)
        report.link = Sealing(key, new_link(report=report))
        report.save(update_fields=["link"])
        Identity.objects.create(
            practice=practice,
            scan=scan,
            email=Sealing(key, email),
            first_name=Sealing(key, first_name),
        )
        return Delivery.objects.create(practice=practice, report=report)


def worked_off(mail: M, provider: Provider | None = None) -> M:
    """The mail after a worker has done what is next."""
    if isinstance(mail, Delivery):
        send_delivery(practice_id=mail.practice_id, delivery_id=mail.pk, provider=provider)
    else:
        send_staff_mail(practice_id=mail.practice_id, mail_id=mail.pk, provider=provider)
    return fresh(mail)


def fresh(mail: M) -> M:
    with practice_scope(mail.practice_id):
        found: M = type(mail).objects.get(pk=mail.pk)
        return found


def due_now(mail: Outgoing) -> None:
    """As if its time had come, the lease of whoever died run out, and the carrier rested."""
    Pace.objects.all().delete()
    with practice_scope(mail.practice_id):
        type(mail).objects.filter(pk=mail.pk).update(
            next_attempt_at=mail.created_at, leased_until=None
        )


def ids(mails: list[StaffMail]) -> list[UUID]:
    return [mail.pk for mail in mails]
