"""At most once with the recipient, at least once tried or visibly failed: by SMTP."""

import pytest
from django.utils import timezone

from reports.mail.models import Fate, StaffMail
from tests.mail.conftest import due_now, fresh, worked_off
from tests.mail.smtp_server import SmtpServer
from tests.mail.test_outbox import HOURS, attention


def test_by_smtp_a_lost_answer_is_unknown_and_not_tried_again(
    mail: StaffMail, server: SmtpServer
) -> None:
    server.fault = "drop after data"
    assert worked_off(mail).state == Fate.UNKNOWN
    server.fault = ""
    due_now(mail)
    worked_off(mail)
    assert len(server.mails) == 1
    assert attention(mail.practice) == ["Nicht bekannt, ob gesendet"]


@pytest.mark.parametrize("fault", ["later", "drop before data", "closing", "wrong account"])
def test_by_smtp_what_was_certainly_not_taken_is_tried_again(
    mail: StaffMail, server: SmtpServer, fault: str
) -> None:
    server.fault = fault
    assert worked_off(mail).state == Fate.QUEUED
    assert server.mails == []
    server.fault = ""
    due_now(mail)
    assert worked_off(mail).state == Fate.SENT
    assert len(server.mails) == 1


def test_by_smtp_an_address_that_is_refused_has_failed(mail: StaffMail, server: SmtpServer) -> None:
    server.fault = "never"
    assert worked_off(mail).state == Fate.FAILED


def test_nobody_asks_an_smtp_server_what_became_of_a_mail(
    mail: StaffMail, server: SmtpServer
) -> None:
    assert worked_off(mail).state == Fate.SENT
    due_now(mail)
    worked_off(mail)
    assert server.connections == 1
    assert fresh(mail).next_attempt_at > timezone.now() + 365 * 24 * HOURS
