"""At most once with the recipient, at least once tried or visibly failed."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from dermalia.sandbox.resend import ResendStandIn
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock_secrets
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.domain.attention import troubles
from reports.mail import resend
from reports.mail.message import Message
from reports.mail.models import Fate, StaffMail
from reports.mail.resend import ResendProvider
from tests.mail.conftest import due_now, fresh, queued, worked_off

HOURS = timedelta(hours=1)


def began(mail: StaffMail, ago: timedelta) -> None:
    """As if the mail was queued, and first tried, so long ago."""
    with practice_scope(mail.practice_id):
        then = timezone.now() - ago
        StaffMail.objects.filter(pk=mail.pk).update(created_at=then)
        StaffMail.objects.filter(pk=mail.pk, first_attempt_at__isnull=False).update(
            first_attempt_at=then
        )


def attention(practice: Practice) -> list[str]:
    with practice_scope(practice.pk), override("de"):
        return [trouble.label for trouble in troubles()]


def test_a_mail_is_sent_once_however_often_it_is_worked_off(
    mail: StaffMail, mailbox: ResendStandIn
) -> None:
    assert worked_off(mail).state == Fate.SENT
    due_now(mail)
    worked_off(mail)
    assert len(mailbox.mails) == 1
    assert mailbox.mails[0].idempotency_key == str(mail.pk)


def test_what_was_handed_over_is_wiped(mail: StaffMail, mailbox: ResendStandIn) -> None:
    assert mail.message is not None
    sent = worked_off(mail)
    assert sent.message is None
    assert sent.provider_id == mailbox.mails[0].id


@pytest.mark.parametrize("fault", ["status", "gateway", "drop", "drop_after", "concurrent", "cut"])
def test_a_lost_answer_is_asked_for_again_under_the_same_key(
    mail: StaffMail, mailbox: ResendStandIn, fault: str
) -> None:
    mailbox.faults.arm(fault, on="send", amount=500 if fault == "status" else 5)
    failed = worked_off(mail)
    assert failed.state == Fate.SENDING
    assert failed.first_attempt_at is not None
    assert failed.last_error
    due_now(mail)
    assert worked_off(mail).state == Fate.SENT
    assert len(mailbox.mails) == 1


def test_a_storm_of_429_costs_one_request_and_no_mail(
    practice: Practice, mailbox: ResendStandIn
) -> None:
    mails = [queued(practice) for _ in range(5)]
    mailbox.faults.arm("busy", on="send", times=None, amount=30)
    for mail in mails:
        assert worked_off(mail).state == Fate.QUEUED
    assert mailbox.count("send") == 1
    mailbox.faults.clear()
    for mail in mails:
        due_now(mail)
        assert worked_off(mail).state == Fate.SENT
    assert len(mailbox.mails) == 5


def test_being_refused_for_now_starts_no_clock_and_sets_no_mail_aside(
    mail: StaffMail, mailbox: ResendStandIn
) -> None:
    mailbox.faults.arm("busy", on="send", times=10)
    for _ in range(10):
        refused = worked_off(mail)
        due_now(mail)
    assert refused.first_attempt_at is None
    assert refused.quarantined_at is None
    assert worked_off(mail).state == Fate.SENT


def test_a_refused_account_waits_for_a_person_and_goes_on_by_itself(
    mail: StaffMail, mailbox: ResendStandIn, settings: Settings
) -> None:
    right, settings.RESEND_API_KEY = settings.RESEND_API_KEY, "re_revoked"
    refused = worked_off(mail)
    assert refused.state == Fate.QUEUED
    assert "refuses our account" in refused.last_error
    assert "re_revoked" not in refused.last_error
    began(mail, HOURS)
    assert attention(mail.practice) == ["Wartet auf Versand"]
    settings.RESEND_API_KEY = right
    due_now(mail)
    assert worked_off(mail).state == Fate.SENT


def test_a_mail_nobody_takes_for_three_days_is_given_up_where_all_see_it(
    mail: StaffMail, mailbox: ResendStandIn
) -> None:
    mailbox.faults.arm("busy", on="send")
    worked_off(mail)
    began(mail, 73 * HOURS)
    due_now(mail)
    assert worked_off(mail).state == Fate.FAILED
    assert mailbox.mails == ()
    assert attention(mail.practice) == ["Nicht gesendet"]


@pytest.mark.parametrize("fault", ["drop", "drop_after"])
def test_after_an_outage_longer_than_keys_are_remembered_nothing_is_sent_blindly(
    mail: StaffMail, mailbox: ResendStandIn, fault: str
) -> None:
    mailbox.faults.arm(fault, on="send")
    worked_off(mail)
    began(mail, 23 * HOURS)
    due_now(mail)
    assert worked_off(mail).state == Fate.UNKNOWN
    assert mailbox.count("send") == 1
    assert attention(mail.practice) == ["Nicht bekannt, ob gesendet"]


def test_within_the_window_an_outage_is_waited_out(mail: StaffMail, mailbox: ResendStandIn) -> None:
    mailbox.faults.arm("drop_after", on="send")
    worked_off(mail)
    began(mail, 22 * HOURS)
    due_now(mail)
    assert worked_off(mail).state == Fate.SENT
    assert len(mailbox.mails) == 1


def test_a_service_that_is_away_was_not_spoken_to(mail: StaffMail, mailbox: ResendStandIn) -> None:
    mailbox.stop()
    refused = worked_off(mail)
    assert refused.state == Fate.QUEUED
    assert refused.first_attempt_at is None
    mailbox.start()
    due_now(mail)
    assert worked_off(mail).state == Fate.SENT


def test_a_mail_the_service_finds_fault_with_has_failed(
    mail: StaffMail, mailbox: ResendStandIn
) -> None:
    mailbox.faults.arm("status", on="send", amount=422)
    assert worked_off(mail).state == Fate.FAILED
    assert attention(mail.practice) == ["Nicht gesendet"]


def test_a_refusal_after_a_lost_answer_settles_nothing(
    mail: StaffMail, mailbox: ResendStandIn
) -> None:
    mailbox.faults.arm("drop_after", on="send")
    worked_off(mail)
    mailbox.faults.arm("status", on="send", amount=422)
    due_now(mail)
    assert worked_off(mail).state == Fate.UNKNOWN


def test_a_repeated_try_takes_the_first_one_s_way(
    mail: StaffMail, mailbox: ResendStandIn, settings: Settings
) -> None:
    mailbox.faults.arm("drop_after", on="send")
    worked_off(mail)
    settings.MAIL_CARRIER = "own"
    due_now(mail)
    assert worked_off(mail).state == Fate.SENT
    assert len(mailbox.mails) == 1


def test_what_the_service_knows_is_asked_when_it_says_nothing(
    mail: StaffMail, mailbox: ResendStandIn
) -> None:
    assert worked_off(mail).state == Fate.SENT
    worked_off(mail)
    assert mailbox.count("retrieve") == 0  # a quarter of an hour is its to speak
    due_now(mail)
    assert worked_off(mail).state == Fate.DELIVERED
    assert mailbox.count("retrieve") == 1


def test_a_question_nobody_answers_is_asked_again_and_changes_nothing(
    mail: StaffMail, mailbox: ResendStandIn
) -> None:
    worked_off(mail)
    mailbox.faults.arm("drop", on="retrieve")
    due_now(mail)
    assert worked_off(mail).state == Fate.SENT
    due_now(mail)
    assert worked_off(mail).state == Fate.DELIVERED


def test_a_mail_of_which_nothing_is_heard_needs_attention(
    mail: StaffMail, mailbox: ResendStandIn
) -> None:
    worked_off(mail)
    assert attention(mail.practice) == []
    with practice_scope(mail.practice_id):
        StaffMail.objects.update(sent_at=timezone.now() - 49 * HOURS)
    assert attention(mail.practice) == ["Gesendet"]


def test_the_provider_given_is_used(mail: StaffMail, mailbox: ResendStandIn) -> None:
    assert worked_off(mail, ResendProvider()).state == Fate.SENT


def test_a_service_that_takes_the_mail_and_then_is_silent_is_asked_again(
    mail: StaffMail, mailbox: ResendStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend, "TIMEOUT_SECONDS", (0.5, 0.5))
    mailbox.faults.arm("slow", on="send", amount=1)  # byte a second
    assert worked_off(mail).state == Fate.SENDING
    assert len(mailbox.mails) == 1
    due_now(mail)
    assert worked_off(mail).state == Fate.SENT
    assert len(mailbox.mails) == 1


def test_a_key_that_is_known_with_another_text_is_no_reason_to_send_again(
    mail: StaffMail, mailbox: ResendStandIn
) -> None:
    mailbox.faults.arm("drop_after", on="send")
    worked_off(mail)
    with practice_scope(mail.practice_id):
        key = unlock_secrets()
        sealed = fresh(mail).message
        assert sealed is not None
        other = replace(Message.load(sealed.open(key)), text="Another text")
        StaffMail.objects.update(message=Sealing(key, other.dump()))
    due_now(mail)
    again = worked_off(mail)
    assert again.state == Fate.SENDING
    assert "earlier form" in again.last_error
    assert len(mailbox.mails) == 1
    began(mail, 23 * HOURS)
    due_now(mail)
    assert worked_off(mail).state == Fate.UNKNOWN


@pytest.mark.usefixtures("committed")
def test_two_workers_over_one_mail_send_it_once(mailbox: ResendStandIn) -> None:
    mail = queued(create_practice(name="Demo practice", email="practice@example.org"))

    def work() -> None:
        worked_off(mail)
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert fresh(mail).state == Fate.SENT
    assert mailbox.count("send") == 1
