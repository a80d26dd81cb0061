"""Keys: an access on record opens them, one deleted row ends them."""

import json
import os
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured

from audit.access import Access, record_access
from audit.chain import SYSTEM
from audit.models import Entry
from audit.words import Action
from dermalia.sealing import keys, objects
from dermalia.sealing.chunks import SealBroken
from dermalia.sealing.keyring import KeyRefused, Keyring
from dermalia.sealing.models import LedgerEntry, PracticeKey, ReportKey
from dermalia.tenancy import practice_scope
from practices.models import Practice

pytestmark = pytest.mark.usefixtures("scope")


def access() -> Access:
    return record_access(Action.SCAN_VIEWED, who=SYSTEM)


def test_unlocking_leaves_an_entry() -> None:
    key_id = keys.create_report_key()
    before = Entry.objects.count()
    keys.unlock(key_id, access=access())
    assert Entry.objects.count() == before + 1


def test_an_access_without_an_entry_cannot_be_made(practice: Practice) -> None:
    key_id = keys.create_report_key()
    with pytest.raises(PermissionError):
        keys.unlock(key_id, access=Access(entry_id=1, practice_id=practice.pk))


def test_an_access_in_another_practice_s_log_unlocks_nothing(other_practice: Practice) -> None:
    with practice_scope(other_practice.pk):
        elsewhere = access()
    with pytest.raises(PermissionError):
        keys.unlock(keys.create_report_key(), access=elsewhere)


def test_a_text_opens_under_its_own_name_only() -> None:
    key = keys.unlock(keys.create_report_key(), access=access())
    sealed = key.seal_text("Testperson Ä", name="identity.first_name")
    assert key.open_text(sealed, name="identity.first_name") == "Testperson Ä"
    with pytest.raises(SealBroken):
        key.open_text(sealed, name="identity.email")


def test_a_wrapped_key_moved_to_another_report_is_refused() -> None:
    first, second = keys.create_report_key(), keys.create_report_key()
    moved = ReportKey.objects.get(pk=first)
    ReportKey.objects.filter(pk=second).update(wrapped=moved.wrapped)
    with pytest.raises(KeyRefused):
        keys.unlock(second, access=access())


def test_a_wrapped_key_moved_to_another_practice_is_refused(other_practice: Practice) -> None:
    stolen = PracticeKey.objects.get()
    with practice_scope(other_practice.pk):
        PracticeKey.objects.update(wrapped=stolen.wrapped)
        with pytest.raises(KeyRefused):
            keys.create_report_key()


def test_a_destroyed_key_is_gone_and_in_the_ledger() -> None:
    key_id = keys.create_report_key()
    assert keys.destroy(key_id) is True
    assert keys.destroy(key_id) is False
    assert list(LedgerEntry.objects.values_list("key_id", flat=True)) == [key_id]
    with pytest.raises(keys.KeyDestroyed):
        keys.unlock(key_id, access=access())


def test_an_unknown_key_reads_as_destroyed() -> None:
    with pytest.raises(keys.KeyDestroyed):
        keys.unlock(uuid4(), access=access())


def test_storage_holds_nothing_of_what_was_put() -> None:
    key = keys.unlock(keys.create_report_key(), access=access())
    plain = b"a face nobody else may see " * 10_000
    name = objects.new_name(objects.new_prefix())
    objects.put(key, name, [plain], length=len(plain))
    stored = objects._storage().bucket.Object(name).get()["Body"].read()
    assert b"a face" not in stored
    assert objects.read_all(key, name) == plain


def test_an_object_copied_over_another_does_not_open() -> None:
    key = keys.unlock(keys.create_report_key(), access=access())
    prefix = objects.new_prefix()
    first, second = objects.new_name(prefix), objects.new_name(prefix)
    for name in (first, second):
        objects.put(key, name, [name.encode()], length=len(name))
    bucket = objects._storage().bucket
    bucket.put_object(Key=second, Body=bucket.Object(first).get()["Body"].read())
    with pytest.raises(SealBroken):
        objects.read_all(key, second)


def test_deleting_a_prefix_takes_unfinished_uploads_with_it() -> None:
    key = keys.unlock(keys.create_report_key(), access=access())
    prefix = objects.new_prefix()
    objects.put(key, objects.new_name(prefix), [b"x"], length=1)
    storage = objects._storage()
    storage.connection.meta.client.create_multipart_upload(
        Bucket=storage.bucket_name, Key=objects.new_name(prefix)
    )
    assert not objects.is_empty(prefix)
    assert objects.delete_prefix(prefix) == 1
    assert objects.is_empty(prefix)


def test_a_stream_that_breaks_off_leaves_no_object() -> None:
    key = keys.unlock(keys.create_report_key(), access=access())
    prefix = objects.new_prefix()
    with pytest.raises(ValueError, match="declared"):
        objects.put(key, objects.new_name(prefix), [os.urandom(100)], length=20_000_000)
    assert objects.is_empty(prefix)


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (None, 0o600, "cannot be read"),
        ("{}", 0o600, "cannot be read"),
        (json.dumps({"current": 2, "keys": {"1": "A" * 43 + "="}}), 0o600, "incomplete"),
        (json.dumps({"current": 1, "keys": {"1": "c2hvcnQ="}}), 0o600, "incomplete"),
        (json.dumps({"current": 1, "keys": {"1": "A" * 43 + "="}}), 0o644, "open to others"),
    ],
)
def test_a_doubtful_keyring_refuses_to_start(
    tmp_path: Path, content: str | None, mode: int, says: str
) -> None:
    file = tmp_path / "keyring.json"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    with pytest.raises(ImproperlyConfigured, match=says):
        Keyring.read(file)
