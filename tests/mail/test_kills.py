"""A worker killed at any step: no mail comes twice, and none is lost without a word."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from reports.mail.models import Fate, StaffMail
from tests.conftest import process_environment
from tests.mail.conftest import due_now, fresh, queued, worked_off
from tests.mail.smtp_server import PASSWORD, USER, SmtpServer

pytestmark = pytest.mark.usefixtures("committed")

# What the provider has been told at each step: nothing, nothing, all, all.
STEPS = {"taken": 0, "written down": 0, "handed over": 1, "about to be recorded": 1}
KILLED = """
import django
django.setup()
import os, signal, ssl, sys
from uuid import UUID
from dermalia.residency import egress
from reports.domain import outbox
from reports.domain.staff_mail import send_staff_mail

step, practice_id, mail_id, certificate = sys.argv[1:]
context = ssl.create_default_context(cafile=certificate)
egress.tls_context = lambda: context

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if step == "taken":
    outbox.take_place = die
if step == "written down":
    outbox._try = die
if step == "handed over":
    outbox._sent = die
if step == "about to be recorded":
    outbox.record = die
send_staff_mail(practice_id=int(practice_id), mail_id=UUID(mail_id))
"""


def killed(mail: StaffMail, step: str, certificate: Path, **env: str) -> None:
    died = subprocess.run(
        [
            *(sys.executable, "-c", KILLED),
            *(step, str(mail.practice_id), str(mail.pk), str(certificate)),
        ],
        check=False,
        env=process_environment(DJANGO_SETTINGS_MODULE="dermalia.settings", **env),
        cwd=django_settings.BASE_DIR,
    )
    assert died.returncode == -signal.SIGKILL


def a_mail() -> StaffMail:
    return queued(create_practice(name="Demo practice", email="practice@example.org"))


@pytest.mark.parametrize(("step", "accepted"), STEPS.items())
def test_with_a_service_that_knows_its_keys_exactly_one_mail_comes(
    mailbox: ResendStandIn, certificate: Path, step: str, accepted: int
) -> None:
    mail = a_mail()
    killed(
        mail,
        step,
        certificate,
        DERMALIA_SANDBOX_ORIGINS=mailbox.url,
        DERMALIA_RESEND_URL=mailbox.url,
        DERMALIA_RESEND_API_KEY=django_settings.RESEND_API_KEY,
    )
    assert len(mailbox.mails) == accepted
    assert fresh(mail).state == (Fate.QUEUED if step == "taken" else Fate.SENDING)
    worked_off(mail)
    assert len(mailbox.mails) == accepted  # until the dead worker's lease has run out
    due_now(mail)
    assert worked_off(mail).state == Fate.SENT
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize(("step", "accepted"), STEPS.items())
def test_by_smtp_a_mail_comes_once_or_nobody_claims_to_know(
    server: SmtpServer, certificate: Path, settings: Settings, step: str, accepted: int
) -> None:
    mail = a_mail()
    killed(
        mail,
        step,
        certificate,
        DERMALIA_SANDBOX_ORIGINS=f"http://localhost:{server.port}",
        DERMALIA_MAIL_CARRIER="relay",
        DERMALIA_MAIL_RELAY_HOST="localhost",
        DERMALIA_MAIL_RELAY_PORT=str(server.port),
        DERMALIA_MAIL_RELAY_USER=USER,
        DERMALIA_MAIL_RELAY_PASSWORD=PASSWORD,
        DERMALIA_MAIL_RELAY_ENTITY="Demo relay",
        DERMALIA_MAIL_RELAY_COUNTRY="DE",
    )
    assert len(server.mails) == accepted
    due_now(mail)
    ended = worked_off(mail)
    if step == "taken":
        assert (ended.state, len(server.mails)) == (Fate.SENT, 1)
        return
    assert (ended.state, len(server.mails)) == (Fate.UNKNOWN, accepted)
    assert ended.last_error
    with practice_scope(mail.practice_id):
        assert StaffMail.objects.filter(state=Fate.UNKNOWN, handled_at=None).exists()


def test_three_deaths_over_one_mail_set_it_aside_for_a_person(
    mailbox: ResendStandIn, certificate: Path
) -> None:
    mail = a_mail()
    with practice_scope(mail.practice_id):
        StaffMail.objects.update(attempts=3)
    assert worked_off(mail).quarantined_at is not None
    assert mailbox.mails == ()
