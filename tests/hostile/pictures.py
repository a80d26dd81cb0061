"""Images written byte by byte: PNG chunks, JPEG segments, and files that are two things at once."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from collections.abc import Iterable
from typing import Any

from tests.conversion.support import skin

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE = 0, 2, 3


def chunk(kind: bytes, data: bytes = b"", *, length: int | None = None) -> bytes:
    """A PNG chunk with a right checksum; ``length`` stands instead of the honest one."""
    size = len(data) if length is None else length
    return struct.pack(">I", size) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int,
    height: int,
    *,
    depth: int = 8,
    color: int = GREY,
    interlace: int = 0,
    data: bytes | None = None,
    before: Iterable[bytes] = (),
    after: Iterable[bytes] = (),
) -> bytes:
    """A black PNG. ``data`` stands for the packed pixels; chunks go before and after them."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    packed = zlib.compress(_rows(width, height, depth, color)) if data is None else data
    chunks = [chunk(b"IHDR", header), *before, chunk(b"IDAT", packed), *after, chunk(b"IEND")]
    return PNG_SIGNATURE + b"".join(chunks)


def _rows(width: int, height: int, depth: int, color: int) -> bytes:
    channels = 3 if color == RGB else 1
    return bytes((1 + (width * channels * depth + 7) // 8) * height)


@functools.cache
def photo(kind: str = "JPEG", size: int = 64, mode: str = "RGB", **options: Any) -> bytes:
    """A small honest picture in any format that Pillow writes."""
    file = io.BytesIO()
    skin(size).convert(mode).save(file, kind, **options)
    return file.getvalue()


def jpeg_segments(data: bytes) -> list[tuple[int, bytes]]:
    """The segments of a JPEG up to the first scan's header: marker and content."""
    place = 2
    found: list[tuple[int, bytes]] = []
    while True:
        marker, length = struct.unpack_from(">xBH", data, place)
        if marker == 0xDA:
            return found
        found.append((marker, data[place + 4 : place + 2 + length]))
        place += 2 + length


def segment(marker: int, content: bytes, *, length: int | None = None) -> bytes:
    """A JPEG segment; ``length`` stands instead of the honest one."""
    size = len(content) + 2 if length is None else length
    return struct.pack(">BBH", 0xFF, marker, size) + content


def with_segment(data: bytes, marker: int, content: bytes, **lies: Any) -> bytes:
    """A JPEG with one more segment at its beginning."""
    return data[:2] + segment(marker, content, **lies) + data[2:]


def many_scans(edge: int, scans: int) -> bytes:
    """A progressive JPEG of few bytes that makes a decoder go over all its blocks again and again.

    The first scan gives each block's mean, each of the others one bit of refinement and nothing
    in it: runs of blocks without any coefficient.
    """
    blocks = (edge // 8) ** 2
    head = b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64)
    head += segment(0xC2, struct.pack(">BHHBBBB", 8, edge, edge, 1, 1, 0x11, 0))
    # One code, of one bit, for "no difference"; for the rest one code for a run of 16384 blocks.
    head += segment(0xC4, b"\x00" + bytes([1] + [0] * 15) + b"\x00")
    head += segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\xe0")
    means = segment(0xDA, b"\1\1\0\0\0\0") + b"\0" * ((blocks + 7) // 8)
    nothing = segment(0xDA, b"\1\1\0\1\x3f\0") + _runs(blocks)
    return head + means + nothing * scans + b"\xff\xd9"


def _runs(blocks: int) -> bytes:
    """End-of-band runs of 16384 blocks each: the code "0", then 14 bits that say no more."""
    bits = "0" * 15 * -(-blocks // 16384)
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
