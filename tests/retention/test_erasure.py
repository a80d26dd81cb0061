"""Erasing: unreadable at once, gone from everywhere, and said only when it is true."""

import contextlib
import logging
from datetime import date, timedelta

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from audit.access import record_access
from audit.chain import OPERATOR, SYSTEM, first_broken
from audit.models import Entry
from audit.words import Action
from dermalia.operations.logs import Redact
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.sealing import keys, objects
from dermalia.sealing.models import LedgerEntry, ReportKey
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import User
from reports.models import Report
from retention.domain.due import erase_due_reports
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure
from scans.domain.pull import pull_scan
from scans.models import Connection, Scan
from tests.conftest import (
    connect_to,
    discover,
    link_in_mail,
    release_at_once,
    report_of,
    superuser_connection,
)
from tests.environment import DATA


def request(report: Report) -> Erasure:
    with practice_scope(report.practice_id):
        return request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=OPERATOR)


def erase(report: Report) -> Erasure:
    return complete(request(report))


def complete(erasure: Erasure) -> Erasure:
    complete_erasure(practice_id=erasure.practice_id, erasure_id=erasure.pk)
    with practice_scope(erasure.practice_id):
        erasure.refresh_from_db()
    return erasure


def actions(practice_id: int) -> list[str]:
    with practice_scope(practice_id):
        return list(Entry.objects.order_by("sequence").values_list("action", flat=True))


def test_from_the_request_on_nothing_can_be_read(report: Report) -> None:
    scan = report.scan
    request(report)
    with practice_scope(scan.practice_id):
        assert list(LedgerEntry.objects.values_list("key_id", flat=True)) == [scan.key_id]
        with pytest.raises(keys.KeyDestroyed):
            keys.unlock(scan.key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))
    assert objects.list_prefix(scan.prefix)


def test_a_completed_erasure_leaves_no_object_and_no_row(report: Report) -> None:
    scan = report.scan
    stored = len(objects.list_prefix(scan.prefix))
    erasure = erase(report)
    assert (erasure.state, erasure.objects_erased) == (Erasure.State.VERIFIED, stored)
    assert objects.is_empty(scan.prefix)
    with practice_scope(scan.practice_id):
        assert not Scan.objects.exists()
        assert not Report.objects.exists()
        assert not ReportKey.objects.exists()
        assert first_broken() is None
    assert actions(scan.practice_id)[-2:] == [Action.ERASURE_REQUESTED, Action.ERASURE_VERIFIED]


def test_the_link_answers_gone_with_the_practice_s_address(
    client: Client, report: Report, mailbox: ResendStandIn
) -> None:
    link = link_in_mail(report, mailbox)
    client.post(link)
    request(report)
    answer = client.get(link)
    assert answer.status_code == 410
    assert "practice@example.org" in answer.content.decode()


def test_verified_is_not_said_while_an_object_is_left(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "delete_prefix", lambda prefix: 0)
    erasure = erase(report)
    assert erasure.state == Erasure.State.REQUESTED
    assert erasure.last_error
    assert Action.ERASURE_VERIFIED not in actions(report.practice_id)


def test_an_erasure_broken_off_is_taken_up_again(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasure = request(report)
    with monkeypatch.context() as broken:
        broken.setattr(objects, "is_empty", lambda prefix: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            complete(erasure)
    with practice_scope(report.practice_id):
        Erasure.objects.update(next_attempt_at=erasure.requested_at)
    assert complete(erasure).state == Erasure.State.VERIFIED
    assert actions(report.practice_id).count(Action.ERASURE_VERIFIED) == 1


def test_a_worker_that_holds_the_scan_is_waited_for(report: Report) -> None:
    with practice_scope(report.practice_id):
        soon = report.created_at + timedelta(hours=1)
        Scan.objects.update(leased_until=soon, leased_by="worker:1")
    erasure = erase(report)
    assert erasure.state == Erasure.State.REQUESTED
    with practice_scope(report.practice_id):
        Erasure.objects.update(
            settles_at=erasure.requested_at, next_attempt_at=erasure.requested_at
        )
    assert complete(erasure).state == Erasure.State.VERIFIED


@pytest.mark.parametrize("storage_is_away", [True, False])
def test_however_often_it_could_not_be_done_it_is_tried_again(
    report: Report, monkeypatch: pytest.MonkeyPatch, storage_is_away: bool
) -> None:
    erasure = request(report)
    with monkeypatch.context() as broken:
        if storage_is_away:
            broken.setattr(objects, "delete_prefix", lambda prefix: 1 / 0)
        else:
            broken.setattr(objects, "is_empty", lambda prefix: False)
        for _ in range(12):
            with contextlib.suppress(ZeroDivisionError):
                complete(erasure)
            with practice_scope(report.practice_id):
                waiting = Erasure.objects.get()
                assert (waiting.state, waiting.quarantined_at) == (Erasure.State.REQUESTED, None)
                Erasure.objects.update(next_attempt_at=erasure.requested_at)
        assert waiting.failures == 12
    assert complete(erasure).state == Erasure.State.VERIFIED


def test_what_is_due_is_erased_and_nothing_else(
    report: Report, account: Connection, cluster: IsemecoStandIn, small_capture: Capture
) -> None:
    cluster.add_scan(small_capture)
    kept = report_of(discover(account)[1])
    with practice_scope(report.practice_id):
        Report.objects.filter(pk=report.pk).update(due_on=date.today())  # noqa: DTZ011
        Report.objects.filter(pk=kept.pk).update(
            due_on=date.today() + timedelta(days=1)  # noqa: DTZ011
        )
    assert erase_due_reports(practice_id=report.practice_id) == 1
    assert erase_due_reports(practice_id=report.practice_id) == 0
    with practice_scope(report.practice_id):
        assert Report.objects.get() == kept
        assert Erasure.objects.get().reason == Erasure.Reason.DUE


def test_the_command_erases_by_scan_identifier(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("erase_scan", report.practice_id, report.scan.scan_identifier)
    assert "erased and verified" in capsys.readouterr().out


def test_a_scan_that_never_became_a_report_is_erased_too(
    account: Connection, cluster: IsemecoStandIn, small_capture: Capture
) -> None:
    cluster.add_scan(small_capture, first_name="Testperson Ä")
    scan = discover(account)[0]
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    assert objects.list_prefix(scan.prefix)
    with practice_scope(scan.practice_id):
        erasure = request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
    assert complete(erasure).state == Erasure.State.VERIFIED
    assert objects.is_empty(scan.prefix)


@pytest.mark.parametrize("name", ["no-such-scan", "00000000-0000-0000-0000-000000000000"])
def test_the_command_says_what_it_does_not_find(report: Report, name: str) -> None:
    with pytest.raises(CommandError, match="has no scan"):
        call_command("erase_scan", report.practice_id, name)


def test_staff_confirm_by_typing_the_end_of_the_scan(
    client: Client, staff_user: User, report: Report
) -> None:
    client.force_login(staff_user)
    page = f"/de/scans/{report.scan_id}/erase/"
    assert client.get(page).status_code == 200
    refused = client.post(page, {"confirmation": "nope"})
    assert refused.status_code == 422
    with practice_scope(report.practice_id):
        assert Report.objects.exists()
    accepted = client.post(page, {"confirmation": report.scan.scan_identifier[-4:]})
    with practice_scope(report.practice_id):
        erasure = Erasure.objects.get()
    assert accepted.headers["Location"] == f"/de/erasures/{erasure.pk}/"
    assert client.get(accepted.headers["Location"]).status_code == 200


MARK = "Zweifelsfrei-Einmalig"


@pytest.mark.usefixtures("committed")
def test_after_an_erasure_no_store_holds_the_person(
    cluster: IsemecoStandIn,
    mailbox: ResendStandIn,
    small_capture: Capture,
    client: Client,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One patient with a mark in every text, driven through, erased, and searched for."""
    caplog.set_level(logging.INFO)
    caplog.handler.addFilter(Redact())  # as the settings give every handler
    practice = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(practice)
    account = connect_to(cluster, practice)
    cluster.add_scan(small_capture, first_name=MARK, email=f"{MARK}@example.org".lower())
    report = report_of(discover(account)[0])
    identifier = report.scan.scan_identifier
    link = link_in_mail(report, mailbox)
    client.post(link)
    assert MARK in client.get(link).content.decode()
    secret = link.rstrip("/").rsplit("/", 1)[1]
    assert erase(report).state == Erasure.State.VERIFIED
    for text in (MARK, MARK.lower(), secret, identifier):
        assert text not in caplog.text
        assert not tables_with(text)
        assert not any(text in key for key in redis_keys())


def tables_with(text: str) -> list[str]:
    """Every table of every schema in which a row, as text, contains ``text``."""
    with superuser_connection() as server:
        names = server.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('public', 'keystore')"
        ).fetchall()
        return [
            str(name)
            for (name,) in names
            if server.execute(
                f"SELECT 1 FROM {name} AS t WHERE strpos(t::text, %s) > 0"
                " OR strpos(t::text, encode(%s::bytea, 'hex')) > 0 LIMIT 1",
                [text, text.encode()],
            ).fetchone()
        ]


def redis_keys() -> list[str]:
    """Keys and queued messages, as text."""
    socket = settings.CELERY_BROKER_URL.removeprefix("redis+socket://").split("?")[0]
    assert DATA.name in socket or socket.startswith("/tmp/")  # noqa: S108
    with redis.Redis(unix_socket_path=socket) as store:
        found = []
        for key in store.scan_iter():
            found.append(key.decode(errors="replace"))
            if store.type(key) == b"list":
                found += [item.decode(errors="replace") for item in store.lrange(key, 0, -1)]
    return found


def test_the_search_finds_what_is_there(committed: None) -> None:
    create_practice(name=MARK, email="practice@example.org")
    assert tables_with(MARK) == ["public.practices_practice"]
