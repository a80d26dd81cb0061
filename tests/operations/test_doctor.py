"""The doctor sees what is well, and each thing that is broken on purpose."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from celery import current_app
from django.core.checks import Error
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from audit.chain import SYSTEM, record
from audit.checkpointing import make_checkpoint
from audit.words import Action
from backups.models import DrillResult, ErasureDrill, Home, LedgerNote
from dermalia.mail import StaffMailKind, queue_mail
from dermalia.operations import doctor
from dermalia.operations.discovery import discover
from dermalia.operations.watched import database, machine, storage
from dermalia.sealing.keyring import KeyRefused
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.domain.fates import PATIENCE
from reports.models import StaffMail
from reports.pdf import ErrorCode, PdfError
from retention.models import Erasure
from scans.conversion import ConversionError
from scans.conversion import ErrorCode as ConversionCode
from tests.conftest import superuser_connection

discover()


def finding(name: str) -> doctor.Finding:
    (found,) = (one for one in doctor.findings(name) if one.name == name)
    return found


def broken(name: str) -> doctor.Finding:
    found = finding(name)
    assert found.ok is False, found.line
    assert found.do
    assert found.line.startswith(f"✗ {name}: ")
    return found


@pytest.fixture
def tenant(committed: None) -> Practice:
    """A practice that every role sees, as its rows are committed."""
    return create_practice(name="Demo practice", email="practice@example.org")


@pytest.fixture
def own_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_checks", [])


# --- The doctor itself


@pytest.mark.usefixtures("own_checks")
def test_a_check_that_breaks_stops_no_other_and_says_nothing_about_anybody() -> None:
    @doctor.check("first", do="Mend it.")
    def first() -> str:
        raise KeyError("Testperson Ä")

    @doctor.check("second", do="Mend it too.")
    def second() -> str:
        return "well"

    @doctor.check("third", do="Nothing.")
    def third() -> str:
        raise doctor.NotHere("not set up")

    assert [one.line for one in doctor.findings()] == [
        "✗ first: could not be looked at: KeyError → Mend it.",
        "✓ second: well",
        "– third: not set up",
    ]


@pytest.mark.usefixtures("own_checks")
def test_the_exit_code_tells_whether_anything_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    doctor.check("one", do="")(lambda: "well")
    out = StringIO()
    call_command("doctor", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["ok"], [one["name"] for one in told["checks"]]) == (True, ["one"])

    def wrong() -> str:
        raise doctor.Trouble("broken", do="Do this.")

    doctor.check("two", do="Do that.")(wrong)
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 2"):
        call_command("doctor", stdout=out)
    assert out.getvalue().splitlines() == ["✓ one: well", "✗ two: broken → Do this."]
    with pytest.raises(CommandError, match="nothing like it"):
        call_command("doctor", only="nothing like it", stdout=StringIO())


def test_every_check_is_named_once_and_says_what_to_do() -> None:
    assert len(set(doctor.names())) == len(doctor.names()) >= 24
    assert all(one.do.endswith((".", ".md.")) for one in doctor._checks)


@pytest.mark.usefixtures("tenant")
def test_on_a_sound_machine_only_what_does_not_run_here_is_missed() -> None:
    """No worker runs in this test, and its services keep nothing (they are not durable)."""
    found = {one.name: one for one in doctor.findings()}
    wrong = {name: one.text for name, one in found.items() if one.ok is False}
    assert wrong.keys() <= {"workers", "redis", "backups", "mail"}, wrong
    assert "nobody answers for" in found["workers"].text


# --- Each thing broken


@pytest.mark.usefixtures("db")
def test_complaints_of_checks_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "run_checks", lambda: [Error("It is wrong.", id="some.E001")])
    assert "It is wrong." in broken("settings").text


def test_a_region_that_is_not_allowed_is_named(settings: Settings) -> None:
    settings.DECLARED_REGIONS = {"database": "us-east-1"}
    assert "database in 'us-east-1'" in broken("regions").text


@pytest.mark.usefixtures("tenant")
def test_a_root_key_that_opens_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_row: object) -> bytes:
        raise KeyRefused("does not open")

    monkeypatch.setattr("dermalia.sealing.boot.open_practice_key", refuse)
    assert "does not open the keys of this database" in broken("root keys").text


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    full = SimpleNamespace(total=2**40, used=2**40, free=2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    assert "0.0 GiB free" in broken("disk").text


def test_files_that_were_not_built_are_named(settings: Settings, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    assert "dist/viewer.js" in broken("static files").text


def test_a_database_that_is_away_is_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseError("connection to 10.1.2.3 refused")

    monkeypatch.setattr(connection, "cursor", refuse)
    assert "could not be looked at: django.db.utils.DatabaseError" in broken("database").text


def test_a_role_that_sees_too_much_is_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dermalia.tenancy.boot._is_powerful", lambda _connection: True)
    assert "DERMALIA_DATABASE_URL names a role" in broken("database roles").text


@pytest.mark.usefixtures("renewed")
def test_a_table_without_its_guard_is_told() -> None:
    with superuser_connection() as server:
        server.execute("ALTER TABLE scans_scan DISABLE ROW LEVEL SECURITY")
    assert "scans_scan" in broken("guards").text


def test_a_missing_migration_is_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        MigrationRecorder,
        "applied_migrations",
        lambda _self: {},
    )
    assert "are missing, the first" in broken("migrations").text


def test_a_clock_that_runs_elsewhere_is_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = timezone.now().timestamp() + 90
    monkeypatch.setattr("dermalia.operations.watched.database.time.time", lambda: ahead)
    assert "90 s apart" in broken("clocks").text


def test_a_database_that_is_nearly_full_of_connections_is_told(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "FULL", 0.0)
    assert "connections are in use" in broken("connections").text


def test_storage_that_gives_something_else_is_told(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dermalia.sealing.objects.is_empty", lambda _prefix: False)
    assert "something is left of what was deleted" in broken("storage").text


class Bucket:
    """What a bucket of the real kind says of its rules; the rest is the test's own server."""

    def __init__(self, versioning: dict[str, Any], lifecycle: list[dict[str, Any]] | None) -> None:
        self._versioning, self._lifecycle = versioning, lifecycle

    def get_bucket_versioning(self, **_: str) -> dict[str, Any]:
        return self._versioning

    def get_bucket_lifecycle_configuration(self, **_: str) -> dict[str, Any]:
        if self._lifecycle is None:
            answer: Any = {"ResponseMetadata": {"HTTPStatusCode": 404}}
            answer["Error"] = {"Code": "NoSuchLifecycleConfiguration"}
            raise ClientError(answer, "Get")
        return {"Rules": self._lifecycle}


@pytest.fixture
def bucket_says(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def say(versioning: dict[str, Any], lifecycle: list[dict[str, Any]] | None = None) -> None:
        monkeypatch.setattr(
            storage, "_client", lambda _: (Bucket(versioning, lifecycle), "dermalia")
        )

    return say


def test_rules_of_a_bucket_are_judged(bucket_says: Callable[..., None]) -> None:
    bucket_says({"Status": "Enabled"})
    assert [finding("versions").ok, finding("lifecycle").ok] == [True, True]
    bucket_says({})
    assert "off" in finding("versions").text
    bucket_says({"Status": "Suspended"}, [{"ID": "tidy", "Status": "Enabled", "Expiration": {}}])
    assert "suspended" in broken("versions").text
    assert "'tidy'" in broken("lifecycle").text
    harmless = {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}
    bucket_says({}, [harmless, {"ID": "off", "Status": "Disabled", "Expiration": {}}])
    assert finding("lifecycle").ok


def test_a_missing_bucket_is_named(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storages["ledger"], "bucket_name", "nobody-made-this")
    assert "nobody-made-this" in broken("buckets").text


def test_storage_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_alias: str) -> None:
        raise EndpointConnectionError(endpoint_url="http://10.0.0.8")

    monkeypatch.setattr(storage, "_client", away)
    assert "EndpointConnectionError" in broken("buckets").text


@pytest.fixture
def redis_settings(django_db_setup: None) -> Iterator[Any]:
    with current_app.connection_for_write() as opened:
        channel: Any = opened.default_channel
        client = channel.client
        names = ("maxmemory-policy", "appendonly")
        before = {name: client.config_get(name)[name] for name in names}
        yield client
        for name, value in before.items():
            client.config_set(name, value)


def test_a_redis_that_forgets_is_told(redis_settings: Any) -> None:
    redis_settings.config_set("appendonly", "yes")
    redis_settings.config_set("maxmemory-policy", "noeviction")
    assert finding("redis").ok, finding("redis").line
    redis_settings.config_set("maxmemory-policy", "allkeys-lru")
    redis_settings.config_set("appendonly", "no")
    told = broken("redis").text
    assert "allkeys-lru" in told
    assert "keeps nothing over a restart" in told


def test_rows_that_nobody_takes_and_rows_set_aside_are_told(tenant: Practice) -> None:
    with practice_scope(tenant.pk):
        queue_mail(
            kind=StaffMailKind.ATTENTION, recipient="staff@example.org", language="de",
            context={"url": "https://example.org/", "number": 1},
        )  # fmt: skip
    for name in ("queues", "rows set aside", "mails waiting"):
        assert finding(name).ok, finding(name).line
    with practice_scope(tenant.pk):
        long_ago = timezone.now() - PATIENCE - timedelta(minutes=1)
        StaffMail.objects.update(next_attempt_at=long_ago)
    assert "mail 16 min" in broken("queues").text
    assert "1 mails wait" in broken("mails waiting").text
    with practice_scope(tenant.pk):
        StaffMail.objects.update(quarantined_at=timezone.now())
    assert "1 staffmail" in broken("rows set aside").text
    assert finding("mails waiting").ok


def test_a_carrier_whose_word_nobody_believes_is_told(db: None, settings: Settings) -> None:
    settings.MAIL_CARRIER = "resend"
    settings.RESEND_WEBHOOK_SECRET = "whsec_of_a_test"
    settings.RESEND_URL = "https://api.resend.com"
    assert finding("mail").ok, finding("mail").line
    settings.RESEND_WEBHOOK_SECRET = ""
    assert "nobody believes" in broken("mail").text
    settings.RESEND_URL = "https://mail.example.org"
    assert "mail.example.org" in broken("mail").text


def test_a_typesetter_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_source: object) -> bytes:
        raise PdfError(ErrorCode.NOT_READY)

    monkeypatch.setattr("reports.watched.typeset", fail)
    assert "no PDF" in broken("documents").text


def test_a_converter_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no network" in finding("converter").text

    def fail(_files: object) -> None:
        raise ConversionError(ConversionCode.NOT_READY)

    monkeypatch.setattr("scans.watched.convert", fail)
    assert "nothing comes out" in broken("converter").text


def test_an_erasure_that_is_late_is_told(tenant: Practice) -> None:
    assert finding("erasures").ok, finding("erasures").line
    with practice_scope(tenant.pk):
        Erasure.objects.create(
            practice=tenant, reason="staff", scan_id=uuid4(), key_id=uuid4(), prefix="a" * 32,
            requested_at=timezone.now() - timedelta(minutes=5),
        )  # fmt: skip
    assert "1 later than promised" in broken("erasures").text


@pytest.mark.usefixtures("renewed")
def test_a_database_that_came_from_elsewhere_and_old_backups_are_told() -> None:
    Home.objects.update(since=timezone.now() - timedelta(days=90))
    assert finding("drill").ok is False
    assert "none was ever made" in broken("drill").text
    DrillResult.objects.create(
        backup_id=uuid4(), backup_made_at=timezone.now(), passed=False, problem="A key was lost."
    )
    assert "A key was lost." in broken("drill").text
    DrillResult.objects.create(
        backup_id=uuid4(), backup_made_at=timezone.now(), passed=True,
        at=timezone.now() + timedelta(seconds=1),
    )  # fmt: skip
    assert finding("drill").ok
    assert "none was ever made" in broken("erasure drill").text
    ErasureDrill.objects.create(passed=False, problem="The key still opens.")
    assert "The key still opens." in broken("erasure drill").text
    ErasureDrill.objects.create(passed=True, at=timezone.now() + timedelta(seconds=1))
    assert finding("erasure drill").ok
    assert broken("backups").text
    Home.objects.all().delete()
    assert "restored from a backup" in broken("ledger").text


def test_an_entry_that_waits_for_the_ledger_is_told(tenant: Practice) -> None:
    with practice_scope(tenant.pk):
        LedgerNote.objects.create(practice_id=tenant.pk, key_id=uuid4())
    assert "1 on their way" in finding("ledger").text
    with practice_scope(tenant.pk):
        LedgerNote.objects.update(made_at=timezone.now() - timedelta(minutes=5))
    assert "1 erasures have not been written" in broken("ledger").text


def test_a_log_whose_end_is_missing_is_told(tenant: Practice) -> None:
    with practice_scope(tenant.pk):
        for _ in range(2):
            record(Action.REPORT_VIEWED, who=SYSTEM, object_id=uuid4())
    make_checkpoint()
    assert finding("checkpoints").ok, finding("checkpoints").line
    assert finding("log").ok, finding("log").line
    with superuser_connection() as server:
        server.execute("SET session_replication_role = replica")
        server.execute(
            "DELETE FROM audit_entry WHERE sequence = (SELECT max(sequence) FROM audit_entry)"
        )
    assert f"practice {tenant.pk}: the chain does not end" in broken("log").text
    with superuser_connection() as server:
        server.execute("SET session_replication_role = replica")
        server.execute(
            "UPDATE audit_head SET sequence = e.sequence, hash = e.hash FROM audit_entry e"
            " WHERE e.sequence = (SELECT max(sequence) FROM audit_entry)"
        )
    assert "which is gone" in broken("log").text
