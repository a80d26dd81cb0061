"""The sealed stream: what was sealed comes out again, and nothing else ever does."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from backups import stream
from backups.stream import BackupDamaged, WrongKey, seal, unseal

PRIVATE = X25519PrivateKey.generate()
NAME = "data/20261121T120000Z-demo.sealed"
HEADER = 4 + 2 + 80


def sealed(plaintext: bytes, name: str = NAME) -> bytes:
    return b"".join(seal(PRIVATE.public_key(), name, [plaintext]))


def opened(content: bytes, private: X25519PrivateKey = PRIVATE, name: str = NAME) -> bytes:
    return b"".join(unseal(private, name, [content]))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK", 16)


@pytest.mark.parametrize("size", [0, 1, stream.CHUNK - 1, stream.CHUNK, 2 * stream.CHUNK + 1])
def test_what_is_sealed_opens(size: int) -> None:
    plaintext = bytes(range(256)) * (size // 256 + 1)
    assert opened(sealed(plaintext[:size])) == plaintext[:size]


@given(st.lists(st.binary(max_size=70), max_size=8), st.integers(1, 90))
def test_it_does_not_matter_how_it_is_cut(pieces: list[bytes], step: int) -> None:
    content = b"".join(seal(PRIVATE.public_key(), NAME, pieces))
    parts = [content[at : at + step] for at in range(0, len(content), step)]
    assert b"".join(unseal(PRIVATE, NAME, parts)) == b"".join(pieces)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(WrongKey):
        opened(sealed(b"a dump"), private=X25519PrivateKey.generate())


def test_it_opens_under_its_own_name_only() -> None:
    with pytest.raises(WrongKey):
        opened(sealed(b"a dump"), name=NAME.replace("data", "keystore"))


@pytest.mark.usefixtures("small_chunks")
def test_every_flipped_bit_is_found() -> None:
    content = sealed(b"forty bytes of a dump, in three chunks..")
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises((BackupDamaged, WrongKey)):
            opened(bytes(changed))


@pytest.mark.usefixtures("small_chunks")
def test_every_cut_is_found_also_at_the_edge_of_a_chunk() -> None:
    content = sealed(b"forty bytes of a dump, in three chunks..")
    for length in range(len(content)):
        with pytest.raises((BackupDamaged, WrongKey)):
            opened(content[:length])


@pytest.mark.usefixtures("small_chunks")
def test_swapped_repeated_and_added_chunks_are_found() -> None:
    content = sealed(b"forty bytes of a dump, in three chunks..")
    header, body = content[:HEADER], content[HEADER:]
    first, second, last = body[:32], body[32:64], body[64:]
    assert opened(header + first + second + last)
    for order in ([second, first, last], [first, first, second, last], [first, second, last, last]):
        with pytest.raises(BackupDamaged):
            opened(header + b"".join(order))


def test_nothing_is_handed_out_before_it_is_authentic() -> None:
    content = bytearray(sealed(bytes(stream.CHUNK + 1)))
    content[HEADER] ^= 1
    with pytest.raises(BackupDamaged):
        next(unseal(PRIVATE, NAME, [bytes(content)]))
