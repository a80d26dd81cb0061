"""Mails to staff go through the same outbox as mails to patients, and need no scan."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from dermalia.mail import StaffMailKind, queue_mail
from dermalia.residency import egress
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain.staff_mail import send_staff_mail
from reports.mail.models import MailRoute, Outgoing, Pace, StaffMail
from reports.mail.provider import Provider
from tests.mail.smtp_server import PASSWORD, USER, SmtpServer, make_certificate, smtp_server

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


def worked_off(mail: StaffMail, provider: Provider | None = None) -> StaffMail:
    """The mail after a worker has done what is next."""
    send_staff_mail(practice_id=mail.practice_id, mail_id=mail.pk, provider=provider)
    return fresh(mail)


def fresh(mail: StaffMail) -> StaffMail:
    with practice_scope(mail.practice_id):
        return StaffMail.objects.get(pk=mail.pk)


def due_now(mail: Outgoing) -> None:
    """As if its time had come, the lease of whoever died run out, and the carrier rested."""
    Pace.objects.all().delete()
    with practice_scope(mail.practice_id):
        type(mail).objects.filter(pk=mail.pk).update(
            next_attempt_at=mail.created_at, leased_until=None
        )


def ids(mails: list[StaffMail]) -> list[UUID]:
    return [mail.pk for mail in mails]
