"""The sealed object format, attacked."""

import os
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermalia.sealing import chunks
from dermalia.sealing.chunks import CHUNK, HEADER, TAG, SealBroken

KEY = os.urandom(32)
NAME = "aa/bb"
PLAIN = os.urandom(3 * CHUNK + 777)
SEALED_CHUNK = CHUNK + TAG


def sealed(plain: bytes = PLAIN, key: bytes = KEY, name: str = NAME) -> bytes:
    return b"".join(chunks.seal(key, name, [plain], len(plain)))


def opened(data: bytes, key: bytes = KEY, name: str = NAME) -> bytes:
    header, body = data[: HEADER.size], data[HEADER.size :]
    length = chunks.plaintext_length(header)
    return b"".join(chunks.unseal(key, name, header, [body], start=0, stop=length))


@given(
    length=st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5]),
    piece=st.integers(1, 3 * CHUNK),
)
def test_what_was_sealed_in_any_pieces_opens_again(length: int, piece: int) -> None:
    plain = os.urandom(length)
    pieces = [plain[at : at + piece] for at in range(0, length, piece)]
    data = b"".join(chunks.seal(KEY, NAME, pieces, length))
    assert len(data) == chunks.sealed_size(length)
    assert opened(data) == plain


@given(a=st.integers(0, len(PLAIN)), b=st.integers(0, len(PLAIN)))
def test_any_range_is_read_from_its_own_chunks_alone(a: int, b: int) -> None:
    start, stop = sorted((a, b))
    data = sealed()
    span = chunks.span(len(PLAIN), start, stop)
    fetched = data[span.start : span.stop]
    assert len(fetched) <= (stop - start) + 2 * SEALED_CHUNK
    got = b"".join(chunks.unseal(KEY, NAME, data[: HEADER.size], [fetched], start=start, stop=stop))
    assert got == PLAIN[start:stop]


def flip(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def swap_first_two_chunks(data: bytes) -> bytes:
    first, second = HEADER.size, HEADER.size + SEALED_CHUNK
    third = second + SEALED_CHUNK
    return data[:first] + data[second:third] + data[first:second] + data[third:]


@pytest.mark.parametrize(
    "tamper",
    [
        lambda data: flip(data, 5),
        lambda data: flip(data, 40),
        lambda data: flip(data, HEADER.size + 10),
        lambda data: flip(data, len(data) - 1),
        lambda data: data[:-1],
        lambda data: data[: HEADER.size + 2 * SEALED_CHUNK],
        lambda data: data[: HEADER.size],
        swap_first_two_chunks,
        lambda data: data + data[-SEALED_CHUNK:],
        lambda data: sealed()[: HEADER.size] + data[HEADER.size :],
    ],
    ids=[
        "salt bit",
        "length bit",
        "chunk bit",
        "tag bit",
        "cut by a byte",
        "cut at a chunk's edge",
        "header only",
        "chunks swapped",
        "chunk added",
        "another object's header",
    ],
)
def test_tampered_bytes_never_open(tamper: Callable[[bytes], bytes]) -> None:
    with pytest.raises(SealBroken):
        opened(tamper(sealed()))


def test_another_report_s_key_opens_nothing() -> None:
    with pytest.raises(SealBroken):
        opened(sealed(), key=os.urandom(32))


def test_an_object_moved_to_another_name_does_not_open() -> None:
    with pytest.raises(SealBroken):
        opened(sealed(), name="aa/cc")


@pytest.mark.parametrize("declared", [len(PLAIN) - 1, len(PLAIN) + 1, CHUNK, 10 * CHUNK])
def test_a_stream_of_another_length_than_declared_is_refused(declared: int) -> None:
    with pytest.raises(ValueError, match="stream"):
        list(chunks.seal(KEY, NAME, [PLAIN], declared))


def test_sealing_the_same_bytes_twice_gives_different_bytes() -> None:
    assert sealed() != sealed()


def test_a_large_object_sealed_by_threads_opens_in_order() -> None:
    plain = os.urandom(chunks.WORTH_THREADS + 3 * chunks.CHUNK + 5)
    pieces = [plain[at : at + 100_003] for at in range(0, len(plain), 100_003)]
    header, *body = chunks.seal(KEY, NAME, pieces, len(plain))
    opened = chunks.unseal(KEY, NAME, bytes(header), body, start=0, stop=len(plain))
    assert b"".join(opened) == plain


def test_sealing_that_nobody_wants_any_more_leaves_no_thread() -> None:
    length = 20 * chunks.WORTH_THREADS
    sealing = chunks.seal(KEY, NAME, (bytes(chunks.CHUNK) for _ in range(10_000)), length)
    next(sealing), next(sealing)
    assert any(thread.name.startswith("seal") for thread in threading.enumerate())
    sealing.close()
    assert not any(thread.name.startswith("seal") for thread in threading.enumerate())
