"""At most once with the recipient, at least once tried or visibly failed."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain.attention import troubles
from reports.domain.pace import take_place
from reports.mail.models import Fate, Pace, StaffMail
from reports.mail.resend import EVENNESS, ResendProvider
from tests.mail.conftest import due_now, fresh, queued, worked_off
from tests.mail.smtp_server import SmtpServer

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


def test_places_are_given_one_after_the_other_and_only_near_ones(
    db: None, settings: Settings
) -> None:
    settings.RESEND_PER_SECOND = 2 / EVENNESS
    given = [take_place(ResendProvider()) for _ in range(4)]
    assert given[3] is None
    assert [round(wait or 0.0, 1) for wait in given[:3]] == [0.0, 0.5, 1.0]


def test_at_a_service_with_a_limit_every_mail_arrives_once(
    practice: Practice, settings: Settings
) -> None:
    settings.RESEND_PER_SECOND = 20
    with ResendStandIn(api_key="re_for_this_test", rate_limit=5) as strict:
        settings.SANDBOX_ORIGINS = [*settings.SANDBOX_ORIGINS, strict.url]
        settings.RESEND_URL, settings.RESEND_API_KEY = strict.url, "re_for_this_test"
        left = [queued(practice) for _ in range(8)]
        while left:
            left = [mail for mail in left if worked_off(mail).state != Fate.SENT]
            for mail in left:
                due_now(mail)
        assert len(strict.mails) == 8


def test_while_the_service_rests_no_mail_is_tried_and_none_is_blamed(
    mail: StaffMail, mailbox: ResendStandIn
) -> None:
    Pace.objects.create(carrier="resend", next_at=timezone.now() + HOURS)
    waiting = worked_off(mail)
    assert mailbox.count("send") == 0
    assert (waiting.state, waiting.failures, waiting.attempts) == (Fate.QUEUED, 0, 0)
    assert waiting.next_attempt_at > timezone.now() + HOURS / 2


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


def test_the_provider_given_is_used(mail: StaffMail, mailbox: ResendStandIn) -> None:
    assert worked_off(mail, ResendProvider()).state == Fate.SENT
