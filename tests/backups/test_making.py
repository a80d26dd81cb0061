"""Making a backup: whole, sealed, signed, and nothing half when it breaks off."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from pytest_django import Settings

from audit.chain import OPERATOR
from audit.models import Entry
from audit.signing import signing_keys
from audit.words import Action
from backups import recipients, shelf
from backups.domain import housekeeping, making, outbox
from backups.domain.restoring import check
from backups.domain.schedule import Busy, alone, now
from backups.dump import DumpFailed, count_rows, program
from backups.kinds import Kind
from backups.manifest import Manifest, ManifestRefused, read
from backups.recipients import KeysMissing
from backups.stream import BackupDamaged, WrongKey, unseal
from dermalia.tenancy import practice_scope
from practices.models import Practice
from tests.backups.conftest import back_up, names, plaintext, spelled_out, stored
from tests.conftest import (
    process_environment,
    superuser_connection,
)
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("committed")


def overwrite(manifest: Manifest, content: bytes) -> None:
    shelf._storage().bucket.put_object(Key=manifest.payload, Body=content)


def test_each_kind_holds_its_own_schema_and_nothing_of_the_other(practice: Practice) -> None:
    made = back_up()
    assert "public.practices_practice" in made[Kind.DATA].rows
    assert not [table for table in made[Kind.DATA].rows if not table.startswith("public.")]
    assert "keystore.report_key" in made[Kind.KEYSTORE].rows
    assert not [table for table in made[Kind.KEYSTORE].rows if not table.startswith("keystore.")]
    data, keystore = (spelled_out(plaintext(made[kind])) for kind in Kind)
    assert b"COPY keystore." not in data
    assert b"COPY public." not in keystore


def test_the_manifest_counts_every_row(practice: Practice) -> None:
    made = back_up()
    assert made[Kind.DATA].rows["public.practices_practice"] == 1
    assert made[Kind.KEYSTORE].rows["keystore.practice_key"] == 1
    with practice_scope(practice.pk):
        entry = Entry.objects.get(action=Action.BACKUP_MADE, object_id=made[Kind.DATA].id)
    assert entry.counts == {
        "bytes": made[Kind.DATA].size,
        "rows": sum(made[Kind.DATA].rows.values()),
    }


@pytest.fixture
def held_back() -> Iterator[None]:
    """The role of backups, with row-level security in its way."""
    with superuser_connection() as server:
        server.execute("ALTER ROLE dermalia_backup NOBYPASSRLS")
    yield
    # Another connection: emptying the database ends every one that is open.
    with superuser_connection() as server:
        server.execute("ALTER ROLE dermalia_backup BYPASSRLS")


@pytest.mark.usefixtures("held_back")
def test_a_role_that_is_held_back_makes_no_backup(practice: Practice) -> None:
    with pytest.raises(DumpFailed, match="row-level security"):
        back_up()
    assert names() == []


@pytest.mark.usefixtures("practice", "held_back")
def test_a_dump_that_row_level_security_emptied_is_found_by_its_count(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pg_dump can be told to be content with what it may see; it then ends well, and empty."""
    real = program("pg_dump")
    (tmp_path / "pg_restore").symlink_to(program("pg_restore"))
    content = tmp_path / "pg_dump"
    content.write_text(f'#!/bin/sh\nexec {real} --enable-row-security "$@"\n')
    content.chmod(0o755)
    settings.POSTGRES_PROGRAMS = str(tmp_path)
    # The same role counts as little; what is really there a superuser counted.
    monkeypatch.setattr(
        making,
        "count_rows",
        lambda alias, schema: count_rows(alias, schema) | {"public.audit_head": 1},
    )
    with pytest.raises(DumpFailed, match="audit_head has 1 rows and the dump 0"):
        back_up()
    assert names() == []


def test_a_dump_with_other_rows_than_the_database_is_refused(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = count_rows
    monkeypatch.setattr(
        making,
        "count_rows",
        lambda alias, schema: counted(alias, schema) | {"public.practices_practice": 2},
    )
    with pytest.raises(DumpFailed, match="practices_practice has 2 rows and the dump 1"):
        back_up()
    assert names() == []


def test_a_backup_that_breaks_off_leaves_nothing(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*args: object, **kwargs: object) -> Iterator[bytes]:
        yield bytes(3_000_000)
        raise DumpFailed("in the middle")

    monkeypatch.setattr(making, "dump", cut_off)
    with pytest.raises(DumpFailed, match="in the middle"):
        back_up()
    assert names() == []


def test_what_a_killed_backup_left_is_cleared_away(practice: Practice) -> None:
    back_up()
    left = shelf._storage().bucket.put_object(Key="data/left.sealed", Body=b"half")
    assert left.key in names()
    at = now()
    assert shelf.clear_abandoned(now=at) == 0
    assert shelf.clear_abandoned(now=at + 2 * shelf.ABANDONED_AFTER) == 1
    assert len(names()) == 4


def is_free() -> bool:
    try:
        with alone():
            return True
    except Busy:
        return False


def test_two_backups_at_once_are_one_too_many(practice: Practice) -> None:
    code = (
        "import sys, django; django.setup()\n"
        "from backups.domain.schedule import alone\n"
        "with alone(): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=process_environment(DJANGO_SETTINGS_MODULE="dermalia.settings"),
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(Busy):
            back_up()
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    # Postgres notices within a moment whose connection ended, and lets its lock go.
    until(is_free, "the lock of a process that is gone is held on")


@pytest.mark.parametrize("damage", ["flip", "cut", "swap", "gone"])
def test_a_damaged_backup_is_refused_in_clear_words(practice: Practice, damage: str) -> None:
    manifest = back_up()[Kind.DATA]
    content = bytearray(stored(manifest.payload))
    if damage == "flip":
        content[len(content) // 2] ^= 1
    elif damage == "cut":
        del content[-100:]
    elif damage == "swap":
        content = bytearray(stored(back_up()[Kind.DATA].payload))
    if damage == "gone":
        shelf._storage().bucket.Object(manifest.payload).delete()
    else:
        overwrite(manifest, bytes(content))
    with pytest.raises((BackupDamaged, WrongKey)) as refusal:
        check(manifest)
    assert str(refusal.value)


def test_a_manifest_that_somebody_changed_is_refused(practice: Practice) -> None:
    manifest = back_up()[Kind.DATA]
    content = json.loads(stored(manifest.name))
    content["statement"] = content["statement"].replace('"ledger":0', '"ledger":1')
    with pytest.raises(ManifestRefused, match="signature"):
        read(json.dumps(content).encode(), keys=signing_keys())
    shelf._storage().bucket.put_object(Key=manifest.name, Body=json.dumps(content).encode())
    with pytest.raises(ManifestRefused, match="is refused"):
        shelf.manifests(Kind.DATA)


def test_a_manifest_under_another_name_is_refused(practice: Practice) -> None:
    manifest = back_up()[Kind.DATA]
    moved = manifest.name.replace(manifest.name[5:13], "29991231")
    shelf._storage().bucket.put_object(Key=moved, Body=stored(manifest.name))
    with pytest.raises(ManifestRefused, match="another one's"):
        shelf.manifests(Kind.DATA)


def test_an_older_key_does_not_open_a_newer_backup(practice: Practice) -> None:
    first = back_up()[Kind.DATA]
    housekeeping.rotate(Kind.DATA, who=OPERATOR)
    second = back_up()[Kind.DATA]
    assert (first.key, second.key) == ("data-1", "data-2")
    old, new = (recipients.private_key(one.key) for one in (first, second))
    for private, manifest in ((old, second), (new, first)):
        with pytest.raises(WrongKey):
            next(unseal(private, manifest.payload, shelf.download(manifest)))


def test_the_live_keys_open_no_backup(practice: Practice, keys: Path) -> None:
    """Whoever has the machine's keyring, but not the folder of private keys, reads nothing."""
    manifest = back_up()[Kind.DATA]
    with override_settings(BACKUP_KEYS=None), pytest.raises(KeysMissing, match="not here"):
        check(manifest)
    for file in keys.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
        file.chmod(0o644)
    with pytest.raises(KeysMissing, match="open to others"):
        check(manifest)


def test_a_backup_is_made_where_no_private_key_is(practice: Practice) -> None:
    for kind in Kind:
        housekeeping.rotate(kind, who=OPERATOR)
    with override_settings(BACKUP_KEYS=None):
        manifest = back_up()[Kind.DATA]
    check(manifest)


def test_without_any_public_key_there_is_no_backup(practice: Practice) -> None:
    with (
        override_settings(BACKUP_KEYS=None),
        pytest.raises(KeysMissing, match="backup --rotate"),
    ):
        back_up()


def test_nothing_is_left_waiting_for_the_ledger_when_a_backup_begins(practice: Practice) -> None:
    back_up()
    assert outbox.publish() == 0
