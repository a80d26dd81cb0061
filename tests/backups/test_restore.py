"""Restoring: what was erased stays erased, what is alive opens, and nothing starts in between."""

import io
from datetime import timedelta

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from audit.access import record_access
from audit.chain import SYSTEM, first_broken
from audit.models import Entry
from audit.words import Action
from backups import ledger
from backups.boot import require_replayed
from backups.domain import outbox
from backups.kinds import Kind
from backups.models import Home
from dermalia.embedded import database_url
from dermalia.sealing import keys, objects
from dermalia.sealing.models import LedgerEntry, PracticeKey, ReportKey, SecretsKey
from dermalia.tenancy import practice_scope
from reports.mail.models import Delivery, Fate
from reports.models import Report
from retention.models import Erasure
from scans.domain.tombstones import unburied
from scans.models import Asset, Scan, Tombstone
from tests.backups.conftest import back_up, erase, lose_the_database
from tests.conftest import CLONE, create_clone
from tests.environment import DATA


def restore(*words: str) -> str:
    connections.close_all()
    said = io.StringIO()
    call_command("restore", *words, stdout=said)
    return said.getvalue()


def bytes_of(report: Report) -> int:
    """Open every object of a report; how many bytes they hold."""
    with practice_scope(report.practice_id):
        scan = Scan.objects.get(pk=report.scan_id)
        key = keys.unlock(scan.key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))
        names = Asset.objects.filter(scan=scan, stored_at__isnull=False)
        return sum(
            len(objects.read_all(key, name)) for name in names.values_list("object_name", flat=True)
        )


def test_what_was_erased_after_the_backup_stays_erased(
    two_live_reports: tuple[Report, Report],
) -> None:
    erased, alive = two_live_reports
    size = bytes_of(alive)
    made = back_up()
    erase(erased)
    outbox.publish()
    lose_the_database()
    said = restore()
    assert "1 scans had come back and were erased again." in said
    with practice_scope(alive.practice_id):
        assert list(Report.objects.values_list("pk", flat=True)) == [alive.pk]
        assert list(Scan.objects.values_list("pk", flat=True)) == [alive.scan_id]
        assert list(ReportKey.objects.values_list("pk", flat=True)) == [alive.scan.key_id]
        assert [entry.key_id for entry in LedgerEntry.objects.all()] == [erased.scan.key_id]
        again = Erasure.objects.get()
        assert (again.state, again.reason) == (Erasure.State.VERIFIED, Erasure.Reason.REPLAY)
        assert Tombstone.objects.count() == 1
        told = set(Entry.objects.values_list("action", flat=True))
        assert {Action.BACKUP_RESTORED, Action.LEDGER_REPLAYED, Action.ERASURE_REPLAYED} <= told
        assert first_broken() is None
    assert bytes_of(alive) == size
    assert objects.is_empty(erased.scan.prefix)
    assert Home.objects.latest("since").backup_id == made[Kind.DATA].id
    require_replayed()


def test_without_the_replay_it_would_have_come_back(
    two_live_reports: tuple[Report, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the test before shows is the replay's doing, not the backup's."""
    erased, _ = two_live_reports
    back_up()
    erase(erased)
    outbox.publish()
    lose_the_database()
    monkeypatch.setattr("backups.domain.restoring.replay_ledger", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        restore()
    with practice_scope(erased.practice_id):
        assert Report.objects.filter(pk=erased.pk).exists()
        assert ReportKey.objects.filter(pk=erased.scan.key_id).exists()
    with pytest.raises(ImproperlyConfigured, match="the erasure ledger was not replayed"):
        require_replayed()
    monkeypatch.undo()
    restore("--replay")
    with practice_scope(erased.practice_id):
        assert not Report.objects.filter(pk=erased.pk).exists()
        assert not ReportKey.objects.filter(pk=erased.scan.key_id).exists()
    require_replayed()


def test_a_keystore_that_is_there_stays(two_live_reports: tuple[Report, Report]) -> None:
    erased, alive = two_live_reports
    back_up()
    erase(erased)
    outbox.publish()
    lose_the_database("public")
    assert "The keystore was there and stayed." in restore()
    with practice_scope(alive.practice_id):
        assert list(Report.objects.values_list("pk", flat=True)) == [alive.pk]
    assert bytes_of(alive)


def test_a_scan_that_the_backup_never_knew_is_not_taken_in_again(
    two_live_reports: tuple[Report, Report],
) -> None:
    """Erased and not in the backup at all: only its tombstone keeps the cluster from giving it."""
    erased, alive = two_live_reports
    name = erased.scan.scan_identifier
    erase(erased)
    back_up()
    lose_the_database()
    restore()
    with practice_scope(alive.practice_id):
        assert unburied(practice_id=alive.practice_id, identifiers=[name, "new"]) == ["new"]


def test_only_an_empty_database_is_restored_into(two_live_reports: tuple[Report, Report]) -> None:
    back_up()
    with pytest.raises(CommandError, match="into an empty database only"):
        restore()


def test_a_database_that_a_first_start_set_up_counts_as_empty(
    two_live_reports: tuple[Report, Report],
) -> None:
    """Whoever starts on a new disk before restoring has done no harm."""
    back_up()
    connections.close_all()
    create_clone()  # of what ``setup_database`` left in an empty one
    require_replayed()
    restore()
    assert bytes_of(two_live_reports[0])


def test_a_database_in_use_is_left_alone(two_live_reports: tuple[Report, Report]) -> None:
    back_up()
    lose_the_database()
    with (
        psycopg.connect(database_url(DATA, "dermalia_app", CLONE)),
        pytest.raises(CommandError, match="1 connections of the application"),
    ):
        restore()
    assert "erased again" in restore()


def test_a_ledger_with_entries_lost_is_refused(two_live_reports: tuple[Report, Report]) -> None:
    erased, _ = two_live_reports
    erase(erased)
    back_up()
    bucket = ledger._storage().bucket
    bucket.objects.all().delete()
    lose_the_database()
    with pytest.raises(CommandError, match="some are lost"):
        restore()


def test_an_entry_that_somebody_else_wrote_is_refused(
    two_live_reports: tuple[Report, Report],
) -> None:
    """Who can write to the bucket cannot have a report erased by a restore."""
    _, alive = two_live_reports
    back_up()
    fact = ledger.Fact(alive.practice_id, alive.scan.key_id, 1, None)
    forged = f"{fact.at:%Y/%m/%d}/{fact.words}.{'A' * 86}"
    ledger._storage().bucket.put_object(Key=forged, Body=b"1")
    lose_the_database()
    with pytest.raises(CommandError, match="not signed by this installation"):
        restore()


def test_the_keys_of_a_practice_that_left_stay_destroyed(
    two_live_reports: tuple[Report, Report],
) -> None:
    practice_id = two_live_reports[0].practice_id
    back_up()
    with practice_scope(practice_id):
        assert keys.destroy_practice(who=SYSTEM) == 2
    assert outbox.find_missed() == 3
    outbox.publish()
    lose_the_database()
    restore()
    with practice_scope(practice_id):
        for model in (ReportKey, SecretsKey, PracticeKey):
            assert not model.objects.exists()


def test_a_restore_signs_out_and_holds_mails(two_live_reports: tuple[Report, Report]) -> None:
    """Somebody may have been shut out since; a mail that waited then was sent since."""
    report = two_live_reports[0]
    with practice_scope(report.practice_id):
        waiting = Delivery.objects.get(report=report)
        assert waiting.state == Fate.QUEUED
    Session.objects.create(
        session_key="demo", session_data="", expire_date=report.created_at + timedelta(days=1)
    )
    back_up()
    lose_the_database()
    restore()
    assert not Session.objects.exists()
    with practice_scope(report.practice_id):
        waiting.refresh_from_db()
        assert waiting.state == Fate.UNKNOWN
        assert waiting.message is None
        assert "Ask the patient" in waiting.last_error
