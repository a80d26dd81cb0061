"""A question's way into the officer's mailbox."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db.models.functions import Now

from dermalia.sandbox.resend import ResendStandIn
from dermalia.sealing.keyring import KeyRefused
from tests.conftest import superuser_connection
from website.domain import inquiries
from website.domain.inquiries import KEPT, ask, deliver_waiting
from website.models import Inquiry

TEXT = "Unverwechselbare Frage"


@pytest.fixture
def asked(db: None) -> Inquiry:
    ask(name="Demo", email="demo@example.org", text=TEXT, language="de")
    return Inquiry.objects.get()


def test_a_question_is_sealed_then_mailed_and_then_gone(
    asked: Inquiry, mailbox: ResendStandIn
) -> None:
    assert TEXT.encode() not in bytes(asked.message)
    assert b"example" not in bytes(asked.message)
    assert deliver_waiting() == 1
    mail = mailbox.mails[-1]
    assert TEXT in (mail.text or "")
    assert settings.PRIVACY_EMAIL in str(mail.to)
    assert not Inquiry.objects.exists()
    assert deliver_waiting() == 0


def test_what_nobody_takes_is_forgotten(asked: Inquiry, mailbox: ResendStandIn) -> None:
    before = len(mailbox.mails)
    Inquiry.objects.update(created_at=Now() - KEPT - timedelta(hours=1))
    assert deliver_waiting() == 0
    assert not Inquiry.objects.exists()
    assert len(mailbox.mails) == before


def test_a_question_moved_to_another_row_opens_nothing(asked: Inquiry) -> None:
    asked.pk = uuid4()
    with pytest.raises(KeyRefused):
        inquiries._open(asked)


def test_the_superuser_reads_no_question(asked: Inquiry) -> None:
    with superuser_connection() as server:
        rows = server.execute("SELECT * FROM website_inquiry").fetchall()
    assert TEXT not in str(rows)
