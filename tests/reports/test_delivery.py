"""The mail: once, in the right language, without a word about health."""

from uuid import UUID

import pytest
from django.conf import settings

from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain.delivery import send_delivery
from reports.domain.fates import WAITING
from reports.mail.resend import ResendProvider
from reports.models import Delivery, Pace, Report
from tests.conftest import link_in_mail


def delivery_of(report: Report) -> Delivery:
    with practice_scope(report.practice_id):
        return Delivery.objects.get(report=report)


def send(report: Report) -> Delivery:
    delivery: UUID = delivery_of(report).pk
    send_delivery(practice_id=report.practice_id, delivery_id=delivery, provider=ResendProvider())
    return delivery_of(report)


def due_now(report: Report) -> None:
    Pace.objects.all().delete()
    with practice_scope(report.practice_id):
        Delivery.objects.update(next_attempt_at=report.created_at)


def test_the_mail_carries_the_link_and_no_health_word(
    report: Report, mailbox: ResendStandIn
) -> None:
    link = link_in_mail(report, mailbox)
    mail = mailbox.mails[0]
    assert mail.to == ("patient@example.org",)
    assert f"{settings.PUBLIC_URL}{link}" in (mail.html or "")
    everything = f"{mail.subject} {mail.text} {mail.html}".lower()
    for word in ("haut", "skin", "scan", "bericht", "report", "befund", "wert", "3d", "<img"):
        assert word not in everything, word


@pytest.mark.parametrize(
    ("language", "subject"), [("de", "Ihr persönlicher Link"), ("en", "Your personal link")]
)
def test_the_mail_is_in_the_report_s_language(
    report: Report, mailbox: ResendStandIn, language: str, subject: str
) -> None:
    with practice_scope(report.practice_id):
        Report.objects.update(language=language)
    link = link_in_mail(report, mailbox)
    assert mailbox.mails[0].subject == subject
    assert link.startswith(f"/{language}/r/")


def test_a_sent_mail_is_not_sent_again(report: Report, mailbox: ResendStandIn) -> None:
    assert send(report).state == Delivery.State.SENT
    send(report)
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("fault", ["busy", "status", "gateway", "drop", "drop_after"])
def test_after_a_fault_the_next_try_sends_exactly_one(
    report: Report, mailbox: ResendStandIn, fault: str
) -> None:
    mailbox.faults.arm(fault, on="send", times=1)
    failed = send(report)
    assert failed.state in WAITING
    assert failed.last_error
    due_now(report)
    sent = send(report)
    assert sent.state == Delivery.State.SENT
    assert sent.last_error == ""
    assert len(mailbox.mails) == 1


def test_a_repeated_try_does_not_differ_by_a_letter(report: Report, mailbox: ResendStandIn) -> None:
    mailbox.faults.arm("drop_after", on="send")
    send(report)
    Practice.objects.update(name="Another name", phone="+49 000 1")
    due_now(report)
    assert send(report).state == Delivery.State.SENT
    assert len(mailbox.mails) == 1


def test_a_mail_that_was_not_taken_is_written_anew(report: Report, mailbox: ResendStandIn) -> None:
    mailbox.faults.arm("busy", on="send")
    send(report)
    Practice.objects.update(name="Another name")
    due_now(report)
    send(report)
    assert "Another name" in (mailbox.mails[0].text or "")


def test_tags_say_whose_mail_it_is_in_numbers_only(report: Report, mailbox: ResendStandIn) -> None:
    send(report)
    (mail,) = mailbox.mails
    assert mail.tags == {
        "mail": str(delivery_of(report).pk),
        "practice": str(report.practice_id),
        "kind": "link",
    }
    assert mail.headers == {}
    assert mail.attachments == ()
    assert mail.reply_to == (report.practice.email,)


def test_no_mail_leaves_for_a_host_outside_the_register(
    report: Report, mailbox: ResendStandIn, settings: pytest.FixtureRequest
) -> None:
    settings.SANDBOX_ORIGINS = []  # type: ignore[attr-defined]
    assert send(report).state == Delivery.State.QUEUED
    assert mailbox.mails == ()
