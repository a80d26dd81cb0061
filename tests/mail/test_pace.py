"""One speed limit for all workers, which a service may tighten."""

from django.utils import timezone
from pytest_django import Settings

from dermalia.sandbox.resend import ResendStandIn
from practices.models import Practice
from reports.domain.pace import take_place
from reports.mail.models import Fate, Pace, StaffMail
from reports.mail.resend import EVENNESS, ResendProvider
from tests.mail.conftest import due_now, queued, worked_off
from tests.mail.test_outbox import HOURS


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


def test_a_daily_limit_is_looked_at_again_within_the_hour(
    mail: StaffMail, mailbox: ResendStandIn
) -> None:
    mailbox.faults.arm("busy", on="send", amount=86_400)
    waiting = worked_off(mail)
    assert waiting.state == Fate.QUEUED
    assert waiting.next_attempt_at < timezone.now() + 1.1 * HOURS
