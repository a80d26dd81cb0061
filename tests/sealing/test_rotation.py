"""Rotating keys: nothing is lost, whenever it is cut off; nothing old opens afterwards."""

import io
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError
from django.test import override_settings
from pytest_django import Settings

from audit.access import record_access
from audit.chain import OPERATOR, SYSTEM
from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.resend import ResendStandIn
from dermalia.sealing import keys, objects, rotation
from dermalia.sealing.boot import require_fitting_root_keys
from dermalia.sealing.keyring import KeyRefused, Keyring
from dermalia.sealing.models import LedgerEntry, PracticeKey, ReportKey, SecretsKey
from dermalia.sealing.roots import root_keys
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from tests.conftest import superuser_connection
from website.domain.inquiries import ask, deliver_waiting

pytestmark = pytest.mark.usefixtures("committed", "keyring")


@pytest.fixture
def keyring(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A keyring file of this test's own."""
    path = tmp_path / "keyring.json"
    Keyring(current=1, keys={1: bytes(range(32))}).write(path)
    settings.KEYRING_FILE = path
    root_keys.cache_clear()
    yield path
    root_keys.cache_clear()


@pytest.fixture
def practice(committed: None, keyring: Path) -> Practice:
    return create_practice(name="Demo practice", email="practice@example.org")


@pytest.fixture
def other_practice(committed: None, keyring: Path) -> Practice:
    return create_practice(name="Another practice", email="another@example.org")


def seal(practice: Practice) -> tuple[UUID, str]:
    """A report key, and an object sealed under it."""
    with practice_scope(practice.pk):
        key_id = keys.create_report_key()
        name = objects.new_name(objects.new_prefix())
        objects.put(unlock(key_id), name, [b"a face"], length=6)
    return key_id, name


def unlock(key_id: UUID) -> keys.UnlockedKey:
    return keys.unlock(key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))


def read(practice: Practice, sealed: tuple[UUID, str]) -> bytes:
    with practice_scope(practice.pk):
        return objects.read_all(unlock(sealed[0]), sealed[1])


def run(*words: str) -> str:
    said = io.StringIO()
    call_command("keys", *words, stdout=said)
    return said.getvalue()


def test_rotating_the_root_key_leaves_objects_alone_and_readable(
    practice: Practice, other_practice: Practice, keyring: Path
) -> None:
    sealed = seal(practice)
    before = stored(sealed)
    assert "2 practice keys wrapped by root key 2" in run("rotate")
    assert (stored(sealed), read(practice, sealed)) == (before, b"a face")
    assert rotation.usage().practice_keys == {2: 2}
    assert "may be retired" in run("status")
    run("retire", "1")
    assert Keyring.read(keyring).keys.keys() == {2}
    assert read(practice, sealed) == b"a face"


def stored(sealed: tuple[UUID, str]) -> bytes:
    answer: bytes = objects._storage().bucket.Object(sealed[1]).get()["Body"].read()
    return answer


def test_a_root_key_in_use_cannot_be_retired(practice: Practice, keyring: Path) -> None:
    rotation.add_root_version(keyring)
    with pytest.raises(CommandError, match="still wraps 1 practice keys"):
        run("retire", "1")
    with pytest.raises(CommandError, match="cannot be taken out"):
        run("retire", "2")
    assert Keyring.read(keyring).keys.keys() == {1, 2}


def test_a_rotation_cut_off_between_practices_is_finished_later(
    practice: Practice, other_practice: Practice, keyring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = [(owner, seal(owner)) for owner in (practice, other_practice)]
    rotation.add_root_version(keyring)
    rotation._rewrap_practice(practice.pk)
    assert rotation.usage().practice_keys == {1: 1, 2: 1}
    assert [read(owner, one) for owner, one in sealed] == [b"a face"] * 2
    assert "To be wrapped anew: 1 practice keys" in run("status")
    assert "1 practice keys wrapped" in run("rewrap")
    assert [read(owner, one) for owner, one in sealed] == [b"a face"] * 2


def test_processes_that_run_already_know_the_new_root_key(
    practice: Practice, keyring: Path
) -> None:
    running = root_keys()
    assert running.current == 1
    rotation.add_root_version(keyring)
    assert running.current == 2


def test_rotating_a_practice_key_rewraps_every_key_of_it(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    sealed = [seal(practice) for _ in range(5)]
    with practice_scope(practice.pk):
        secret = keys.unlock_secrets().secret
    assert "practice 1: 6 keys" in run("rotate-practice", str(practice.pk)).replace(
        f"practice {practice.pk}:", "practice 1:"
    )
    assert [read(practice, one) for one in sealed] == [b"a face"] * 5
    with practice_scope(practice.pk):
        assert keys.unlock_secrets().secret == secret
        assert Entry.objects.get(action=Action.KEYS_ROTATED).counts == {"keys": 6}
        assert [row.version for row in PracticeKey.objects.all()] == [2]
        assert {row.practice_key_version for row in ReportKey.objects.all()} == {2}


def test_a_practice_rotation_cut_off_half_way_is_finished_later(practice: Practice) -> None:
    sealed = [seal(practice) for _ in range(4)]
    with practice_scope(practice.pk):
        keys.create_practice_key()
    rotation._rewrap_batch(practice.pk, size=2)
    late = seal(practice)
    assert [read(practice, one) for one in [*sealed, late]] == [b"a face"] * 5
    assert rotation.unfinished_rotations() == [practice.pk]
    run("rewrap")
    assert rotation.unfinished_rotations() == []
    assert [read(practice, one) for one in [*sealed, late]] == [b"a face"] * 5


def test_a_practice_key_that_still_wraps_something_cannot_be_deleted(practice: Practice) -> None:
    seal(practice)
    with pytest.raises(IntegrityError, match="wrapped_by"), practice_scope(practice.pk):
        PracticeKey.objects.all().delete()


def test_an_unknown_practice_is_named() -> None:
    with pytest.raises(CommandError, match="no practice 4711"):
        run("rotate-practice", "4711")


def test_an_old_wrapped_key_put_back_after_rotation_opens_nothing(
    practice: Practice, keyring: Path
) -> None:
    key_id, _ = seal(practice)
    with practice_scope(practice.pk):
        old_outer = PracticeKey.objects.get()
        old = ReportKey.objects.get(pk=key_id)
    rotation.rotate_practice(practice_id=practice.pk)
    # The row alone, claiming the new version: bound to the old one.
    with practice_scope(practice.pk):
        ReportKey.objects.filter(pk=key_id).update(wrapped=old.wrapped)
        with pytest.raises(KeyRefused):
            unlock(key_id)
    # The row and the practice key it was wrapped by, after the root key was retired.
    run("rotate")
    run("retire", "1")
    with practice_scope(practice.pk):
        old_outer.save(force_insert=True)
        ReportKey.objects.filter(pk=key_id).update(wrapped=old.wrapped, practice_key_version=1)
        with pytest.raises(KeyRefused, match="no root key version 1"):
            unlock(key_id)


def test_a_destroyed_key_put_back_from_a_backup_stays_closed(practice: Practice) -> None:
    key_id, _ = seal(practice)
    with practice_scope(practice.pk):
        row = ReportKey.objects.get(pk=key_id)
        keys.destroy(key_id)
        row.save(force_insert=True)
        with pytest.raises(keys.KeyDestroyed):
            unlock(key_id)


def test_a_tampered_key_stops_its_practice_s_rotation_and_loses_nothing(
    practice: Practice,
) -> None:
    good, bad = seal(practice), seal(practice)
    with practice_scope(practice.pk):
        ReportKey.objects.filter(pk=bad[0]).update(wrapped=bytes(60))
    with pytest.raises(CommandError, match=str(bad[0])):
        run("rotate-practice", str(practice.pk))
    assert read(practice, good) == b"a face"


def test_destroying_a_practice_s_keys_closes_everything_of_it(
    practice: Practice, other_practice: Practice
) -> None:
    mine, theirs = [seal(practice) for _ in range(3)], seal(other_practice)
    with practice_scope(practice.pk):
        keys.unlock_secrets()
        assert keys.destroy_practice(who=OPERATOR) == 3
        for key_id, _ in mine:
            with pytest.raises(keys.KeyDestroyed):
                unlock(key_id)
        assert LedgerEntry.objects.count() == 3 + 1  # the practice's own keys, as one
        assert not SecretsKey.objects.exists()
        assert not PracticeKey.objects.exists()
    assert read(other_practice, theirs) == b"a face"


def test_the_keyring_of_another_installation_refuses_to_start(
    practice: Practice, keyring: Path
) -> None:
    require_fitting_root_keys()
    Keyring(current=1, keys={1: bytes(32)}).write(keyring)
    with pytest.raises(ImproperlyConfigured, match="another installation"):
        require_fitting_root_keys()


def test_a_keyring_older_than_the_database_refuses_to_start(
    practice: Practice, keyring: Path
) -> None:
    older = Keyring.read(keyring)
    run("rotate")
    older.write(keyring)
    with pytest.raises(ImproperlyConfigured, match="lack version 2"):
        require_fitting_root_keys()
    with pytest.raises(CommandError, match="not at hand"):
        run("status")


def test_a_keyring_is_replaced_whole_and_stays_private(keyring: Path) -> None:
    rotation.add_root_version(keyring)
    assert keyring.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in keyring.parent.iterdir()] == ["keyring.json"]


def test_no_root_key_is_retired_while_a_practice_key_is_being_made(keyring: Path) -> None:
    """What the lock is for: the row is not visible yet, and its root key would be gone."""
    practice = create_practice(name="Demo practice", email="practice@example.org")
    rotation.add_root_version(keyring)
    with superuser_connection() as waiting, practice_scope(practice.pk):
        keys.create_practice_key()
        waiting.execute("SET lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            waiting.execute("SELECT pg_advisory_xact_lock(%s)", [0x4445524D])


def test_keys_outside_of_the_keystore_count_and_are_wrapped_anew(
    practice: Practice, keyring: Path
) -> None:
    ask(name="Demo", email="demo@example.org", text="A question", language="en")
    rotation.add_root_version(keyring)
    rotation.rewrap_practice_keys()
    assert "1 others" in run("status")
    assert "may be retired" not in run("status")
    with pytest.raises(CommandError, match="still wraps 1 keys of questions"):
        run("retire", "1")
    assert "1 other keys wrapped" in run("rewrap")
    run("retire", "1")
    with (
        ResendStandIn(api_key="re_for_this_test") as mailbox,
        override_settings(
            SANDBOX_ORIGINS=[mailbox.url], RESEND_URL=mailbox.url, RESEND_API_KEY="re_for_this_test"
        ),
    ):
        assert deliver_waiting() == 1
    assert "A question" in (mailbox.mails[0].text or "")
