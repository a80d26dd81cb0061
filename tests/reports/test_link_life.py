"""A link is renewed, turned off and sent again; a returned mail turns it off by itself."""

import pytest
from django.conf import settings

from audit.access import record_access
from audit.chain import OPERATOR
from audit.models import Entry
from audit.words import Action
from dermalia.mail import AddressRefused
from dermalia.sandbox.resend import ResendStandIn
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from reports.domain import link_life
from reports.domain.attention import troubles
from reports.domain.delivery import send_delivery
from reports.domain.fates import learn
from reports.domain.links import find
from reports.mail.models import Fate, Pace, StaffMail
from reports.mail.provider import Answer
from reports.models import Delivery, Report
from scans.models import Identity
from tests.conftest import link_in_mail


def secret(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[1]


def works(link: str) -> bool:
    found = find(link)
    return found is not None and not found.gone


def send(delivery: Delivery) -> Delivery:
    Pace.objects.all().delete()
    send_delivery(practice_id=delivery.practice_id, delivery_id=delivery.pk)
    with practice_scope(delivery.practice_id):
        return Delivery.objects.get(pk=delivery.pk)


def last_link(mailbox: ResendStandIn) -> str:
    words = (mailbox.mails[-1].text or "").split()
    return secret(next(word for word in words if word.startswith(settings.PUBLIC_URL)))


@pytest.fixture
def link(report: Report, mailbox: ResendStandIn) -> str:
    return secret(link_in_mail(report, mailbox))


def bounce(report: Report, answer: Answer) -> None:
    with practice_scope(report.practice_id):
        learn(Delivery, Delivery.objects.get(report=report).pk, answer)


def test_a_new_link_kills_the_old_one_at_once_and_is_mailed(
    report: Report, link: str, mailbox: ResendStandIn
) -> None:
    with practice_scope(report.practice_id):
        delivery = link_life.renew_link(report=report, who=OPERATOR, send=True)
    assert not works(link)
    assert delivery is not None
    assert send(delivery).state == Fate.SENT
    assert works(last_link(mailbox))
    assert last_link(mailbox) != link


def test_a_mail_still_waiting_takes_the_new_link_along_and_comes_once(
    report: Report, mailbox: ResendStandIn
) -> None:
    with practice_scope(report.practice_id):
        delivery = link_life.renew_link(report=report, who=OPERATOR, send=True)
        assert Delivery.objects.filter(report=report).count() == 1
    assert delivery is not None
    send(delivery)
    assert len(mailbox.mails) == 1
    assert works(last_link(mailbox))


def test_a_mail_whose_answer_was_lost_is_not_repeated_with_a_dead_link(
    report: Report, mailbox: ResendStandIn
) -> None:
    mailbox.faults.arm("drop", on="send")
    with practice_scope(report.practice_id):
        first = Delivery.objects.get(report=report)
    assert send(first).state == Fate.SENDING
    with practice_scope(report.practice_id):
        second = link_life.renew_link(report=report, who=OPERATOR, send=True)
        Delivery.objects.update(next_attempt_at=report.created_at)
    assert second is not None
    assert second.pk != first.pk
    assert send(first).state == Fate.UNKNOWN
    send(second)
    assert len(mailbox.mails) == 1
    assert works(last_link(mailbox))


def test_a_link_that_is_off_is_neither_opened_nor_sent(
    report: Report, link: str, mailbox: ResendStandIn
) -> None:
    with practice_scope(report.practice_id):
        link_life.revoke_link(report=report, who=OPERATOR)
        with pytest.raises(link_life.NotPossible):
            link_life.send_again(report=report, who=OPERATOR)
        late = Delivery.objects.create(practice_id=report.practice_id, report=report)
    assert not works(link)
    assert send(late).state == Fate.FAILED
    assert len(mailbox.mails) == 1


def test_the_same_link_is_sent_again(report: Report, link: str, mailbox: ResendStandIn) -> None:
    with practice_scope(report.practice_id):
        again = link_life.send_again(report=report, who=OPERATOR)
    assert send(again).state == Fate.SENT
    assert [last_link(mailbox), len(mailbox.mails)] == [link, 2]


@pytest.mark.parametrize(
    "answer",
    [Answer(Fate.BOUNCED, hard=True), Answer(Fate.COMPLAINED)],
    ids=["bounce", "complaint"],
)
def test_a_hard_bounce_or_a_complaint_turns_the_link_off_and_tells_the_practice(
    report: Report, link: str, mailbox: ResendStandIn, answer: Answer
) -> None:
    bounce(report, answer)
    assert not works(link)
    with practice_scope(report.practice_id):
        assert StaffMail.objects.get().kind == "bounce"
        (trouble,) = troubles()
        assert trouble.scan_id == report.scan_id
        assert Entry.objects.filter(action="link.disabled", object_id=report.pk).count() == 1


def test_a_full_mailbox_leaves_the_link_alone(report: Report, link: str) -> None:
    bounce(report, Answer(Fate.BOUNCED, hard=False))
    assert works(link)
    with practice_scope(report.practice_id):
        assert len(troubles()) == 1


def test_a_confirmed_address_gets_a_new_link(
    report: Report, link: str, mailbox: ResendStandIn
) -> None:
    bounce(report, Answer(Fate.BOUNCED, hard=True))
    with practice_scope(report.practice_id):
        delivery = link_life.confirm_address(
            report=report, email="right@müller.example", who=OPERATOR
        )
        assert troubles() == []
    send(delivery)
    assert mailbox.mails[-1].to == ("right@xn--mller-kva.example",)
    assert works(last_link(mailbox))
    assert not works(link)


def test_what_is_no_address_changes_nothing(report: Report, link: str) -> None:
    with practice_scope(report.practice_id):
        with pytest.raises(AddressRefused):
            link_life.confirm_address(report=report, email="nobody", who=OPERATOR)
        assert Delivery.objects.count() == 1
    assert works(link)


def test_an_address_that_cannot_be_written_to_fails_where_staff_see_it(
    report: Report, mailbox: ResendStandIn
) -> None:
    with practice_scope(report.practice_id):
        access = record_access(Action.MAIL_PREPARED, who=OPERATOR)
        key = unlock(report.scan.key_id, access=access)
        Identity.objects.update(email=Sealing(key, '"odd one"@example.org'))
        delivery = Delivery.objects.get(report=report)
    failed = send(delivery)
    assert failed.state == Fate.FAILED
    assert "sign" in failed.last_error
    assert mailbox.mails == ()


def test_what_was_dealt_with_needs_no_attention(report: Report, link: str) -> None:
    bounce(report, Answer(Fate.BOUNCED, hard=False))
    with practice_scope(report.practice_id):
        link_life.set_aside(delivery_id=Delivery.objects.get().pk, who=OPERATOR)
        assert troubles() == []


def test_an_expired_report_s_mail_is_not_sent(report: Report, mailbox: ResendStandIn) -> None:
    with practice_scope(report.practice_id):
        Report.objects.update(due_on="2020-01-01")
        delivery = Delivery.objects.get(report=report)
    assert send(delivery).state == Fate.FAILED
    assert mailbox.mails == ()


def test_after_sending_nothing_of_the_mail_is_left_in_the_row(report: Report, link: str) -> None:
    with practice_scope(report.practice_id):
        delivery = Delivery.objects.get(report=report)
        assert delivery.message is None
