"""ZIP files written byte by byte, so that every field of them can lie (APPNOTE.TXT 6.3.10)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

STORED, DEFLATED = 0, 8
UTF8_NAME, ENCRYPTED, STRONG, PATCHED = 0x800, 0x1, 0x40, 0x20
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")


def deflated(data: bytes, level: int = 9) -> bytes:
    """A raw deflate stream."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@dataclass(frozen=True)
class Member:
    """A file in the archive; a field that is not None stands instead of the honest value.

    ``twin`` begins this member's local header where another member's begins, by number.
    """

    name: bytes
    data: bytes = b""
    method: int = DEFLATED
    flags: int = UTF8_NAME
    body: bytes | None = None
    size: int | None = None
    packed_size: int | None = None
    crc: int | None = None
    local_name: bytes | None = None
    mode: int = 0
    offset: int | None = None
    extra: bytes = b""
    twin: int | None = None
    needs_version: int = 20

    def packed(self) -> bytes:
        if self.body is not None:
            return self.body
        return deflated(self.data) if self.method == DEFLATED else self.data


def zip_bytes(
    members: Sequence[Member],
    *,
    before: bytes = b"",
    comment: bytes = b"",
    entries: int | None = None,
    directory_bytes: int | None = None,
    directory_offset: int | None = None,
    zip64: tuple[int, int, int] | None = None,
) -> bytes:
    """An archive. ``zip64`` adds a ZIP64 end with these entries, directory bytes and offset."""
    body = bytearray(before)
    offsets: list[int] = []
    for member in members:
        offsets.append(len(body) if member.twin is None else offsets[member.twin])
        if member.twin is None:
            body += _local(member)
    directory = b"".join(map(_central, members, offsets))
    start = len(body)
    tail = b"" if zip64 is None else _end64(start + len(directory), *zip64)
    count = len(members) if entries is None else entries
    end = _END.pack(
        b"PK\5\6",
        0,
        0,
        count,
        count,
        len(directory) if directory_bytes is None else directory_bytes,
        start if directory_offset is None else directory_offset,
        len(comment),
    )
    return bytes(body) + directory + tail + end + comment


def zip64_sizes(*values: int) -> bytes:
    """The extra field that holds what does not fit into 32 bits."""
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values)


def lying(member: Member, **fields: object) -> Member:
    """The member with other fields."""
    return replace(member, **fields)  # type: ignore[arg-type]


def _local(member: Member) -> bytes:
    name = member.name if member.local_name is None else member.local_name
    packed = member.packed()
    head = _LOCAL.pack(
        b"PK\3\4",
        member.needs_version,
        member.flags,
        member.method,
        0,
        0x21,
        zlib.crc32(member.data),
        len(packed),
        len(member.data),
        len(name),
        0,
    )
    return head + name + packed


def _central(member: Member, offset: int) -> bytes:
    packed = len(member.packed()) if member.packed_size is None else member.packed_size
    size = len(member.data) if member.size is None else member.size
    return (
        _CENTRAL.pack(
            b"PK\1\2",
            0x031E,
            member.needs_version,
            member.flags,
            member.method,
            0,
            0x21,
            zlib.crc32(member.data) if member.crc is None else member.crc,
            packed,
            size,
            len(member.name),
            len(member.extra),
            0,
            0,
            0,
            member.mode << 16,
            offset if member.offset is None else member.offset,
        )
        + member.name
        + member.extra
    )


def _end64(place: int, entries: int, directory_bytes: int, offset: int) -> bytes:
    end = _END64.pack(b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, directory_bytes, offset)
    return end + _LOCATOR64.pack(b"PK\6\7", 0, place, 1)
