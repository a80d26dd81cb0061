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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"DM1\0"
HEADER = struct.Struct(">4s32sQ20x")
CHUNK = 64 * 1024
TAG = 16


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


def seal(key: bytes, name: str, plaintext: Iterable[bytes], length: int) -> Iterator[bytes]:
    """Seal a stream whose length is known beforehand.

    Args:
        key: the report key, 32 bytes.
        name: the object's name in storage, bound into its key.
        plaintext: pieces of any size.
        length: their sum in bytes.

    Raises:
        ValueError: if the stream is longer or shorter than ``length``.
    """
    header = HEADER.pack(MAGIC, os.urandom(32), length)
    cipher = _cipher(key, name, header)
    last = _chunks(length) - 1
    yield header
    number = -1
    for number, chunk in enumerate(_rechunk(plaintext)):
        if number > last:
            raise ValueError("the stream is longer than declared")
        if len(chunk) != _chunk_length(length, number):
            raise ValueError("the stream is not as long as declared")
        yield cipher.encrypt(_nonce(number, last=number == last), chunk, header)
    if number != last:
        raise ValueError("the stream is shorter than declared")


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
    sealed_chunk = CHUNK + TAG
    return Span(
        start=HEADER.size + first * sealed_chunk,
        stop=min(HEADER.size + after * sealed_chunk, sealed_size(length)),
        first_chunk=first,
    )


def unseal(
    key: bytes, name: str, header: bytes, sealed: Iterable[bytes], *, start: int, stop: int
) -> Iterator[bytes]:
    """Open the chunks of ``span(length, start, stop)`` and yield exactly that plaintext.

    Raises:
        SealBroken: at the first chunk that is not authentic.
    """
    length = plaintext_length(header)
    cipher = _cipher(key, name, header)
    first = span(length, start, stop).first_chunk
    last = _chunks(length) - 1
    opened = start - start % CHUNK
    for number, chunk in enumerate(_rechunk(sealed, CHUNK + TAG), start=first):
        try:
            piece = cipher.decrypt(_nonce(number, last=number == last), chunk, header)
        except Exception as error:  # InvalidTag, or a chunk too short to carry a tag
            raise SealBroken(f"chunk {number} is not authentic") from error
        lower, upper = max(start - opened, 0), min(stop - opened, len(piece))
        opened += len(piece)
        yield piece[lower:upper]
    if opened < stop:
        raise SealBroken("the object was cut short")


def _cipher(key: bytes, name: str, header: bytes) -> AESGCM:
    salt = HEADER.unpack(header)[1]
    derived = HKDF(SHA256(), 32, salt, b"dm1/object\0" + name.encode()).derive(key)
    return AESGCM(derived)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _chunks(length: int) -> int:
    # An empty object still has one chunk: its tag authenticates the emptiness.
    return max(1, -(-length // CHUNK))


def _chunk_length(length: int, number: int) -> int:
    return min(CHUNK, length - number * CHUNK)


def _rechunk(pieces: Iterable[bytes], size: int = CHUNK) -> Iterator[bytes]:
    buffer = bytearray()
    sent = False
    for piece in pieces:
        buffer += piece
        while len(buffer) >= size:
            yield bytes(buffer[:size])
            sent = True
            del buffer[:size]
    if buffer or not sent:
        yield bytes(buffer)
