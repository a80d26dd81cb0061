"""A mail server that is slow makes nobody wait but whoever asked for it, and not for long."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from pytest_django import Settings

from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice, User
from reports.mail import smtp
from reports.mail.models import Fate, MailRoute, StaffMail
from reports.mail.provider import NotTaken
from reports.mail.resend import ResendProvider
from reports.mail.smtp import Server, try_server
from reports.views import mail_route
from tests.conftest import superuser_connection
from tests.mail.conftest import fresh, queued, use_relay, worked_off
from tests.mail.smtp_server import PASSWORD, USER, SmtpServer, smtp_server
from tests.waiting import long_before, until

SECONDS = 1.0
STALLS = ["hangs", "trickles", "hangs in tls"]


@pytest.fixture
def slow(
    certificate: Path, trusted: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SmtpServer]:
    """A server that takes a call and then its time."""
    monkeypatch.setattr(smtp, "TRY_SECONDS", SECONDS)
    monkeypatch.setattr(smtp, "SEND_SECONDS", SECONDS)
    with smtp_server(certificate) as running:
        settings.SANDBOX_ORIGINS = [
            *settings.SANDBOX_ORIGINS,
            f"http://localhost:{running.port}",
        ]
        running.fault = "hangs"
        yield running


def at(server: SmtpServer) -> Server:
    return Server("localhost", server.port, MailRoute.Security.STARTTLS, USER, PASSWORD)


@pytest.mark.parametrize("fault", STALLS)
def test_a_test_ends_in_time_whatever_the_server_does(slow: SmtpServer, fault: str) -> None:
    slow.fault = fault
    with long_before(60), pytest.raises(NotTaken, match="in time"):
        try_server(at(slow))
    assert slow.connections == 1


@pytest.mark.parametrize("fault", STALLS)
def test_a_mail_that_a_slow_server_did_not_get_waits_for_its_next_try(
    practice: Practice, slow: SmtpServer, settings: Settings, fault: str
) -> None:
    use_relay(settings, slow)
    slow.fault = fault
    mail = queued(practice)
    assert worked_off(mail).state == Fate.QUEUED
    assert fresh(mail).first_attempt_at is None


def test_two_servers_are_not_tried_at_once_by_one_process(slow: SmtpServer) -> None:
    def first() -> None:
        with pytest.raises(NotTaken, match="in time"):
            try_server(at(slow))

    other = threading.Thread(target=first)
    other.start()
    until(lambda: slow.connections == 1)
    with pytest.raises(NotTaken, match="at this moment"):
        try_server(at(slow))
    other.join()
    assert slow.connections == 1


def test_nobody_speaks_to_a_mail_server_inside_a_scope(
    practice: Practice, slow: SmtpServer, mailbox: ResendStandIn
) -> None:
    with practice_scope(practice.pk):
        with pytest.raises(RuntimeError, match="scope"):
            try_server(at(slow))
        with pytest.raises(RuntimeError, match="scope"):
            ResendProvider().ask("re_1")
    assert slow.connections == mailbox.count("retrieve") == 0


@pytest.mark.usefixtures("committed")
def test_while_an_owner_s_server_is_tried_the_request_holds_no_transaction(
    slow: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_route, "PORTS", {slow.port})
    practice = create_practice(name="Demo practice", email="practice@example.org")
    owner = User.objects.create(email="owner@example.org", practice=practice, role=User.Role.OWNER)
    client = Client()
    client.force_login(owner)
    shown: list[str] = []

    def ask() -> None:
        with override("en"):
            address = reverse("reports:mail_route")
        answer = client.post(address, _form(slow))
        shown.append(answer.content.decode())
        connections.close_all()

    request = threading.Thread(target=ask)
    request.start()
    until(lambda: slow.connections == 1)
    with superuser_connection() as server:
        held = _transactions(server)
    request.join()
    assert held == []
    assert "in time" in shown[0]
    with practice_scope(practice.pk):
        assert not MailRoute.objects.exists()


@pytest.mark.usefixtures("committed")
def test_while_a_mail_is_handed_over_the_worker_holds_no_transaction(
    slow: SmtpServer, settings: Settings
) -> None:
    use_relay(settings, slow)
    mail = queued(create_practice(name="Demo practice", email="practice@example.org"))

    def work() -> None:
        worked_off(mail)
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    until(lambda: slow.connections == 1)
    with superuser_connection() as server:
        held = _transactions(server)
    worker.join()
    assert held == []
    with practice_scope(mail.practice_id):
        assert StaffMail.objects.get().state == Fate.QUEUED


def _form(server: SmtpServer) -> dict[str, str]:
    return {
        "carrier": "own",
        "address": "praxis@example.org",
        "host": "localhost",
        "port": str(server.port),
        "security": "starttls",
        "username": USER,
        "password": PASSWORD,
    }


def _transactions(server: psycopg.Connection[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Open transactions of the application on the test's database."""
    return server.execute(
        "SELECT pid, state, query FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        " AND backend_type = 'client backend'"
    ).fetchall()
