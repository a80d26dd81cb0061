"""The drill: a restore for practice that proves something, and touches nothing that lives."""

import io
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from django.test import override_settings

from audit.models import Entry
from audit.words import Action
from backups import promise
from backups.domain import drilling, outbox
from backups.domain.schedule import now
from backups.kinds import Kind
from backups.models import DrillResult, Home
from dermalia.embedded import database_url
from dermalia.promises import backup_horizon
from dermalia.sealing import objects
from dermalia.tenancy import practice_scope
from reports.models import Report
from scans.models import Asset
from tests.backups.conftest import back_up, erase
from tests.conftest import superuser_connection
from tests.environment import DATA


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The drill's process reads its settings anew: give it this test's keys."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "dermalia.settings")
    monkeypatch.setenv("DERMALIA_BACKUP_KEYS", str(settings.BACKUP_KEYS))
    monkeypatch.setenv("DERMALIA_BACKUP_RECIPIENTS_FILE", str(settings.BACKUP_RECIPIENTS_FILE))


def drill(*words: str) -> str:
    said = io.StringIO()
    call_command("drill", *words, stdout=said)
    return said.getvalue()


def rows_of_everything() -> dict[str, int]:
    with superuser_connection() as server:
        tables = server.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('public', 'keystore')"
        ).fetchall()
        return {
            str(name): len(server.execute(f"SELECT 1 FROM {name}".encode()).fetchall())
            for (name,) in tables
        }


def test_a_drill_proves_that_nothing_erased_comes_back_and_the_rest_opens(
    two_live_reports: tuple[Report, Report],
) -> None:
    erased, alive = two_live_reports
    made = back_up()
    erase(erased)
    outbox.publish()
    before, stored = rows_of_everything(), objects.list_prefix(alive.scan.prefix)
    said = drill()
    assert "1 entries of the ledger replayed, 1 scans erased again, 1 reports" in said
    result = DrillResult.objects.get()
    assert (result.passed, result.problem) == (True, "")
    assert (result.backup_id, result.entries, result.erased_again) == (made[Kind.DATA].id, 1, 1)
    with practice_scope(alive.practice_id):
        kept = Asset.objects.filter(scan=alive.scan_id, stored_at__isnull=False)
        assert result.objects_opened == kept.count() > 5
        assert Entry.objects.filter(action=Action.RESTORE_PROVED).count() == 1
    changed = {name for name, rows in rows_of_everything().items() if rows != before[name]}
    assert changed == {"public.backups_drillresult", "public.audit_entry"}
    assert objects.list_prefix(alive.scan.prefix) == stored
    assert Home.objects.count() == 1
    assert scratch_tables() == 0


def scratch_tables() -> int:
    with psycopg.connect(database_url(DATA, "postgres", settings.DRILL_DATABASE)) as server:
        row = server.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'keystore')"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_an_object_that_does_not_open_fails_the_drill(
    two_live_reports: tuple[Report, Report],
) -> None:
    back_up()
    bucket = objects._storage().bucket
    for report in two_live_reports:
        for name in objects.list_prefix(report.scan.prefix):
            content = bytearray(bucket.Object(name).get()["Body"].read())
            content[-1] ^= 1
            bucket.put_object(Key=name, Body=bytes(content))
    with pytest.raises(CommandError, match="does not open"):
        drill("--sample", "1")
    result = DrillResult.objects.get()
    assert not result.passed
    assert "does not open" in result.problem
    assert scratch_tables() == 0


def test_a_backup_that_does_not_restore_fails_the_drill(
    two_live_reports: tuple[Report, Report], keys: Path
) -> None:
    manifest = back_up()[Kind.DATA]
    (keys / f"{manifest.key}.key").unlink()
    with pytest.raises(CommandError, match="private key data-1 is not in"):
        drill()
    assert not DrillResult.objects.get().passed
    assert scratch_tables() == 0


@pytest.mark.usefixtures("committed")
def test_a_drill_never_takes_the_live_database() -> None:
    live = connections["default"].settings_dict["NAME"]
    for name, says in ((live, "is the live database"), ("", "names no database")):
        with override_settings(DRILL_DATABASE=name), pytest.raises(CommandError, match=says):
            drill()
    with pytest.raises(CommandError, match="no backup to try"):
        drill()


@pytest.mark.usefixtures("practice")
def test_a_drill_is_due_every_month(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not drilling.is_due()
    back_up()
    assert not drilling.is_due()  # too fresh to prove anything
    at = now()
    monkeypatch.setattr(drilling, "now", lambda: at + timedelta(days=2))
    assert drilling.is_due()
    DrillResult.objects.create(backup_id=uuid4(), backup_made_at=at, passed=True)
    assert not drilling.is_due()
    monkeypatch.setattr(drilling, "now", lambda: at + timedelta(days=31))
    assert drilling.is_due()


def test_the_promise_is_the_platform_s() -> None:
    assert promise() == backup_horizon()
    assert (promise().keys_days, promise().rows_days, promise().rows_key_days) == (7, 31, 61)


def test_its_process_gets_each_value_once_where_secrets_are_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A value beside its file refuses to start."""
    monkeypatch.setenv("DERMALIA_DATABASE_OWNER_URL_FILE", "/run/secrets/database_owner_url")
    monkeypatch.setenv("DERMALIA_SECRET_KEY_FILE", "/run/secrets/secret_key")
    given = drilling.Scratch("dermalia_drill").environment()
    assert "DERMALIA_DATABASE_OWNER_URL_FILE" not in given
    assert given["DERMALIA_DATABASE_OWNER_URL"].endswith("/dermalia_drill")
    assert given["DERMALIA_SECRET_KEY_FILE"] == "/run/secrets/secret_key"
