"""Django's storage interface: what goes through it is sealed, or does not go."""

import os
import random

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from audit.access import record_access
from audit.chain import SYSTEM
from audit.words import Action
from dermalia.sealing import keys, objects
from dermalia.sealing.chunks import CHUNK, SealBroken
from dermalia.sealing.storage import SealedStorage

pytestmark = pytest.mark.usefixtures("scope")

PLAIN = os.urandom(5 * CHUNK + 17)


@pytest.fixture
def storage(scope: None) -> SealedStorage:
    key = keys.unlock(
        keys.create_report_key(), access=record_access(Action.SCAN_VIEWED, who=SYSTEM)
    )
    bucket = storages["objects"]
    assert isinstance(bucket, SealedStorage)
    return bucket.under(key, objects.new_prefix())


def bucket_of(storage: SealedStorage) -> dict[str, bytes]:
    found = storage.bucket.objects.filter(Prefix=storage.folder)
    return {entry.key: entry.get()["Body"].read() for entry in found}


def test_without_a_key_nothing_is_stored_and_nothing_opened(services: object) -> None:
    with pytest.raises(PermissionError, match="only sealed objects"):
        storages["objects"].save("face.glb", ContentFile(b"a face"))
    with pytest.raises(PermissionError, match="only sealed objects"):
        storages["objects"].open("face.glb").read()


def test_what_was_saved_reads_back_and_the_bucket_tells_nothing(storage: SealedStorage) -> None:
    name = storage.save("face of Testperson.glb", ContentFile(PLAIN))
    assert storage.open(name).read() == PLAIN
    assert storage.size(name) == len(PLAIN)
    held = bucket_of(storage)
    assert list(held) == [name]
    assert "face" not in name
    assert PLAIN[:64] not in held[name]


def test_the_same_name_twice_is_two_objects(storage: SealedStorage) -> None:
    first, second = (storage.save("a", ContentFile(b)) for b in (b"one", b"two"))
    assert [storage.open(name).read() for name in (first, second)] == [b"one", b"two"]


def test_reading_anywhere_gives_what_is_there(storage: SealedStorage) -> None:
    chance = random.Random(7)
    name = storage.save("a", ContentFile(PLAIN))
    with storage.open(name) as file:
        for _ in range(20):
            at, count = chance.randrange(len(PLAIN) + 10), chance.randrange(3 * CHUNK)
            file.seek(at)
            assert file.read(count) == PLAIN[at : at + count]
        assert file.seek(-5, os.SEEK_END) == len(PLAIN) - 5
        assert file.read() == PLAIN[-5:]


def test_an_empty_file_stays_empty(storage: SealedStorage) -> None:
    name = storage.save("a", ContentFile(b""))
    assert storage.open(name).read() == b""


def test_a_flipped_bit_is_noticed_while_reading(storage: SealedStorage) -> None:
    name = storage.save("a", ContentFile(PLAIN))
    stored = bytearray(bucket_of(storage)[name])
    stored[-20] ^= 1
    storage.bucket.put_object(Key=name, Body=bytes(stored))
    with storage.open(name) as file, pytest.raises(SealBroken):
        file.read()


def test_there_is_no_address_and_no_appending(storage: SealedStorage) -> None:
    name = storage.save("a", ContentFile(b"x"))
    with pytest.raises(NotImplementedError):
        storage.url(name)
    with pytest.raises(ValueError, match="written whole"):
        storage.open(name, "ab")
