"""A worker killed at any step: no mail comes twice, and none is lost without a word."""

import os
import signal
import smtplib
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from pytest_django import Settings

from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.domain import outbox, webhooks
from reports.domain.attention import troubles
from reports.domain.webhooks import News, take_in
from reports.mail.models import Fate, Outgoing, StaffMail, WebhookReceipt
from reports.mail.provider import Answer
from reports.mail.resend import GuardedClient
from reports.mail.smtp import PinnedBackend
from tests.mail.conftest import due_now, fresh, link_mail, queued, worked_off
from tests.mail.smtp_server import SmtpServer

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("committed")]

Trap = Callable[[], None]


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(holder: Any, name: str) -> Trap:
    """Die instead of doing it."""
    return lambda: setattr(holder, name, die)


def after(holder: Any, name: str) -> Trap:
    """Die as soon as it is done."""

    def set_trap() -> None:
        done = getattr(holder, name)

        def do_and_die(*args: Any, **options: Any) -> None:
            done(*args, **options)
            die()

        setattr(holder, name, do_and_die)

    return set_trap


def while_text_leaves(share: float) -> Trap:
    """Die when a share of the mail's text has been sent."""

    def set_trap() -> None:
        send = smtplib.SMTP.send

        def send_some(line: smtplib.SMTP, data: Any) -> None:
            if not (isinstance(data, bytes) and data.endswith(b"\r\n.\r\n")):
                send(line, data)
                return
            send(line, data[: int(share * len(data))])
            die()

        setattr(smtplib.SMTP, "send", send_some)  # noqa: B010 - in a child that dies with it

    return set_trap


# What sets the trap, and how many mails the other side has got when it goes off.
ANY = {
    "taken": (before(outbox, "take_place"), 0),
    "written down": (before(outbox, "_try"), 0),
    "handed over": (before(outbox, "_sent"), 1),
    "about to be recorded": (before(outbox, "record"), 1),
    "recorded": (after(outbox, "_sent"), 1),
}
RESEND = {
    **ANY,
    "about to ask": (before(GuardedClient, "request"), 0),
    "answered": (after(GuardedClient, "request"), 1),
}
SMTP = {
    **ANY,
    "about to call": (before(PinnedBackend, "open"), 0),
    "signed in": (before(PinnedBackend, "hand_over"), 0),
    "recipient named": (after(smtplib.SMTP, "rcpt"), 0),
    "half of the text sent": (while_text_leaves(0.5), 0),
    "all of the text sent": (while_text_leaves(1.0), 1),
}


def killed(act: Callable[[], object], trap: Trap) -> None:
    """Have a process of its own do it, which does not survive the trap."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            trap()
            act()
        finally:
            os._exit(0)  # not trapped: seen below
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.fixture
def at_home() -> Practice:
    return create_practice(name="Demo practice", email="practice@example.org")


@pytest.fixture(params=[queued, link_mail], ids=["staff", "patient"])
def waiting(request: pytest.FixtureRequest, at_home: Practice) -> Outgoing:
    """A mail in the outbox, of either kind."""
    mail: Outgoing = request.param(at_home)
    return mail


@pytest.mark.parametrize("step", RESEND)
def test_with_a_service_that_knows_its_keys_exactly_one_mail_comes(
    waiting: Outgoing, mailbox: ResendStandIn, step: str
) -> None:
    trap, accepted = RESEND[step]
    killed(lambda: worked_off(waiting), trap)
    assert len(mailbox.mails) == accepted
    left = {"taken": Fate.QUEUED, "recorded": Fate.SENT}
    assert fresh(waiting).state == left.get(step, Fate.SENDING)
    worked_off(waiting)
    assert len(mailbox.mails) == accepted  # until the dead worker's lease has run out
    if step == "recorded":
        return
    due_now(waiting)
    assert worked_off(waiting).state == Fate.SENT
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("step", SMTP)
def test_by_smtp_a_mail_comes_once_or_nobody_claims_to_know(
    waiting: Outgoing, server: SmtpServer, settings: Settings, step: str
) -> None:
    settings.SANDBOX_ORIGINS = [*settings.SANDBOX_ORIGINS, f"http://localhost:{server.port}"]
    trap, accepted = SMTP[step]
    killed(lambda: worked_off(waiting), trap)
    assert mails_after_a_moment(server) == accepted
    due_now(waiting)
    if step == "recorded":
        assert (worked_off(waiting).state, len(server.mails)) == (Fate.SENT, 1)
        return
    ended = worked_off(waiting)
    if step == "taken":
        assert (ended.state, len(server.mails)) == (Fate.SENT, 1)
        return
    assert (ended.state, len(server.mails)) == (Fate.UNKNOWN, accepted)
    assert ended.last_error
    with practice_scope(waiting.practice_id):
        assert [trouble.mail_id for trouble in troubles()] == [waiting.pk]


def mails_after_a_moment(server: SmtpServer) -> int:
    """How many mails came; what was on the wire when its sender died is still taken."""
    deadline = time.monotonic() + 5
    while server.open_lines and time.monotonic() < deadline:
        time.sleep(0.005)
    return len(server.mails)


def test_a_worker_killed_while_it_asks_leaves_the_question_to_the_next(
    waiting: Outgoing, mailbox: ResendStandIn
) -> None:
    worked_off(waiting)
    due_now(waiting)
    killed(lambda: worked_off(waiting), before(outbox, "learn"))
    assert fresh(waiting).state == Fate.SENT
    due_now(waiting)
    assert worked_off(waiting).state == Fate.DELIVERED


def test_news_lost_with_whoever_took_them_in_are_taken_in_when_they_come_again(
    waiting: Outgoing,
) -> None:
    answer = Answer(Fate.BOUNCED, hard=True)
    told = News("msg_1", type(waiting), waiting.practice_id, waiting.pk, "re_1", answer)
    killed(lambda: take_in(told), after(webhooks, "learn"))
    assert not WebhookReceipt.objects.exists()
    assert fresh(waiting).state == Fate.QUEUED
    assert take_in(told)
    assert fresh(waiting).state == Fate.BOUNCED
    assert not take_in(told)


def test_three_deaths_over_one_mail_set_it_aside_for_a_person(
    at_home: Practice, mailbox: ResendStandIn
) -> None:
    mail = queued(at_home)
    for _ in range(3):
        killed(lambda: worked_off(mail), before(outbox, "_try"))
        due_now(mail)
    assert worked_off(mail).quarantined_at is not None
    assert mailbox.mails == ()
    with practice_scope(at_home.pk):
        assert StaffMail.objects.get().last_error
        assert len(troubles()) == 1
