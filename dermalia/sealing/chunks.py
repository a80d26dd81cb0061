"""DM1, the format of a sealed object: AES-256-GCM in chunks that can be read by range.

Layout: a header of 64 bytes (magic, salt, plaintext length, zeros), then chunks of 64 KiB of
plaintext, each followed by its 16-byte tag. Each object has its own key (HKDF-SHA256 of the
report key, the header's random salt and the object's name), so that a counter is a safe nonce.
The header is every chunk's associated data and the last chunk is marked in its nonce: a bit
flip, a cut, a swap of chunks or of whole objects fails authentication. The construction is
that of Hoang, Reyhanitabar, Rogaway and Vizár's STREAM ("Online Authenticated-Encryption and
its Nonce-Reuse Misuse-Resistance", CRYPTO 2015).
"""

import os
import struct
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"DM1\0"
HEADER = struct.Struct(">4s32sQ20x")
CHUNK = 64 * 1024
TAG = 16
SEALED_CHUNK = CHUNK + TAG
BATCH = 16  # chunks handed on at a time: fewer, larger pieces
AHEAD = 4  # batches sealed while earlier ones are on their way to storage
WORTH_THREADS = 4 * 1024 * 1024

Piece = bytes | bytearray | memoryview


class SealBroken(Exception):
    """The bytes are not what was sealed under this key and name."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a sealed object that cover a range of its plaintext.

    Attributes:
        start, stop: the half-open byte range to fetch from storage.
        first_chunk: number of the first chunk in it.
    """

    start: int
    stop: int
    first_chunk: int


def sealed_size(length: int) -> int:
    """Bytes on storage for ``length`` bytes of plaintext."""
    return HEADER.size + length + _chunks(length) * TAG


def seal(
    key: bytes, name: str, plaintext: Iterable[Piece], length: int
) -> Generator[Piece, None, None]:
    """Seal a stream whose length is known beforehand.

    Args:
        key: the report key, 32 bytes.
        name: the object's name in storage, bound into its key.
        plaintext: pieces of any size, not to be changed once handed over.
        length: their sum in bytes.

    Yields:
        The header, then up to a megabyte at a time. Each piece is a buffer of its own and is
        never written to again.

    Raises:
        ValueError: if the stream is longer or shorter than ``length``.
    """
    header = HEADER.pack(MAGIC, os.urandom(32), length)
    yield header
    batches = _batches_to_seal(_cipher(key, name, header), header, plaintext, length)
    if length > WORTH_THREADS:
        # The cipher lets go of the interpreter, so that sealing hides behind writing.
        yield from _ahead(batches)
    else:
        yield from (batch() for batch in batches)


def plaintext_length(header: bytes) -> int:
    """The length a header states; trustworthy only once a chunk was opened with it.

    Raises:
        SealBroken: if it is not a header.
    """
    if len(header) != HEADER.size or not header.startswith(MAGIC):
        raise SealBroken("not a sealed object")
    length: int = HEADER.unpack(header)[2]
    return length


def span(length: int, start: int, stop: int) -> Span:
    """What to fetch so that plaintext ``[start, stop)`` can be opened.

    Raises:
        ValueError: if the range is not within the object.
    """
    if not 0 <= start <= stop <= length:
        raise ValueError("the range is not within the object")
    first = start // CHUNK
    after = max(first + 1, _chunks(stop))
    return Span(
        start=HEADER.size + first * SEALED_CHUNK,
        stop=min(HEADER.size + after * SEALED_CHUNK, sealed_size(length)),
        first_chunk=first,
    )


def unseal(
    key: bytes, name: str, header: bytes, sealed: Iterable[Piece], *, start: int, stop: int
) -> Iterator[memoryview]:
    """Open the chunks of ``span(length, start, stop)`` and yield exactly that plaintext.

    Yields:
        Up to a megabyte at a time, each a view of a buffer of its own.

    Raises:
        SealBroken: at the first chunk that is not authentic.
    """
    length = plaintext_length(header)
    cipher = _cipher(key, name, header)
    number = span(length, start, stop).first_chunk
    last = _chunks(length) - 1
    opened = number * CHUNK
    for batch in _batches(sealed, BATCH * SEALED_CHUNK):
        piece = _open_batch(cipher, header, batch, number, last)
        lower, upper = max(start - opened, 0), min(stop - opened, len(piece))
        opened += len(piece)
        number += BATCH
        yield piece[lower:upper]
    if opened < stop:
        raise SealBroken("the object was cut short")


def _batches_to_seal(
    cipher: AESGCM, header: bytes, plaintext: Iterable[Piece], length: int
) -> Iterator[Callable[[], bytearray]]:
    taken, last = 0, _chunks(length) - 1
    for batch in _batches(plaintext, BATCH * CHUNK):
        number, taken = taken // CHUNK, taken + len(batch)
        if taken > length:
            raise ValueError("the stream is longer than declared")
        yield partial(_seal_batch, cipher, header, batch, number, last)
    if taken != length:
        raise ValueError("the stream is shorter than declared")


def _ahead(batches: Iterable[Callable[[], bytearray]]) -> Iterator[bytearray]:
    """The results in order, while up to ``AHEAD`` further ones are being made by two threads."""
    with ThreadPoolExecutor(2, thread_name_prefix="seal") as threads:
        waiting: deque[Future[bytearray]] = deque()
        for batch in batches:
            waiting.append(threads.submit(batch))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _seal_batch(cipher: AESGCM, header: bytes, batch: Piece, number: int, last: int) -> bytearray:
    plain = memoryview(batch)
    sealed = bytearray(len(plain) + _chunks(len(plain)) * TAG)
    into = memoryview(sealed)
    for place in range(_chunks(len(plain))):
        chunk = plain[place * CHUNK : (place + 1) * CHUNK]
        at = place * SEALED_CHUNK
        nonce = _nonce(number + place, last=number + place == last)
        cipher.encrypt_into(nonce, chunk, header, into[at : at + len(chunk) + TAG])
    return sealed


def _open_batch(cipher: AESGCM, header: bytes, batch: Piece, number: int, last: int) -> memoryview:
    sealed = memoryview(batch)
    count = max(1, -(-len(sealed) // SEALED_CHUNK))
    plain = memoryview(bytearray(max(0, len(sealed) - count * TAG)))
    for place in range(count):
        chunk = sealed[place * SEALED_CHUNK : (place + 1) * SEALED_CHUNK]
        at = place * CHUNK
        nonce = _nonce(number + place, last=number + place == last)
        try:
            cipher.decrypt_into(nonce, chunk, header, plain[at : at + len(chunk) - TAG])
        except (InvalidTag, ValueError) as error:  # ValueError: too short to carry a tag
            raise SealBroken(f"chunk {number + place} is not authentic") from error
    return plain


def _cipher(key: bytes, name: str, header: bytes) -> AESGCM:
    salt = HEADER.unpack(header)[1]
    derived = HKDF(SHA256(), 32, salt, b"dm1/object\0" + name.encode()).derive(key)
    return AESGCM(derived)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _chunks(length: int) -> int:
    # An empty object still has one chunk: its tag authenticates the emptiness.
    return max(1, -(-length // CHUNK))


def _batches(pieces: Iterable[Piece], size: int) -> Iterator[Piece]:
    """The stream in parts of exactly ``size`` bytes, the last one shorter; at least one part."""
    rest = bytearray()
    some = False
    for piece in pieces:
        view = memoryview(piece)
        if rest:
            missing = size - len(rest)
            rest += view[:missing]
            view = view[missing:]
            if len(rest) < size:
                continue
            yield rest
            some = True
        while len(view) >= size:
            yield view[:size]
            some = True
            view = view[size:]
        rest = bytearray(view)
    if rest or not some:
        yield rest
