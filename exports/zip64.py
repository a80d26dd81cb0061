"""The pieces of a ZIP64 file, each of a length that is known before any content is read.

PKWARE's APPNOTE 6.3.10: contents are stored as they are (4.4.5, method 0), names are UTF-8
(bit 11), and each file's CRC follows it (bit 3, 4.3.9), so that it can be sent while it is read.
Every size is written in 64 bits, needed or not: then lengths depend on names alone, and a file that
broke off can be made again from any byte. No library does that; Python's own ``zipfile`` reads it
in tests.
"""

import struct
from datetime import datetime

VERSION = 45  # ZIP64
ON_UNIX = 3
FLAGS = 1 << 3 | 1 << 11
STORED = 0
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF  # "see the 64-bit field"
PRIVATE = 0o100600 << 16

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_LOCAL_SIZES = struct.Struct("<HHQQ")
_DESCRIPTOR = struct.Struct("<4sLQQ")
_ENTRY = struct.Struct("<4sBBHHHHHLLLHHHHHLL")
_ENTRY_SIZES = struct.Struct("<HHQQQ")
_END64 = struct.Struct("<4sQHHLLQQQQ")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4sHHHHLLH")

DESCRIPTOR_LENGTH = _DESCRIPTOR.size
END_LENGTH = _END64.size + _LOCATOR.size + _END.size


def header_length(name: str) -> int:
    return _LOCAL.size + len(name.encode()) + _LOCAL_SIZES.size


def entry_length(name: str) -> int:
    return _ENTRY.size + len(name.encode()) + _ENTRY_SIZES.size


def file_length(name: str, size: int) -> int:
    """Bytes that a file takes before the directory: header, content, descriptor."""
    return header_length(name) + size + DESCRIPTOR_LENGTH


def header(name: str, *, at: datetime) -> bytes:
    """What precedes a file's content."""
    day, clock = _dos(at)
    encoded = name.encode()
    fixed = _LOCAL.pack(
        *(b"PK\3\4", VERSION, FLAGS, STORED, clock, day),
        *(0, FULL32, FULL32, len(encoded), _LOCAL_SIZES.size),
    )
    return fixed + encoded + _LOCAL_SIZES.pack(1, 16, 0, 0)


def descriptor(*, crc: int, size: int) -> bytes:
    """What follows a file's content."""
    return _DESCRIPTOR.pack(b"PK\7\x08", crc, size, size)


def entry(name: str, *, at: datetime, crc: int, size: int, offset: int) -> bytes:
    """A file's line in the directory; ``offset`` is where its header begins."""
    day, clock = _dos(at)
    encoded = name.encode()
    fixed = _ENTRY.pack(
        *(b"PK\1\2", VERSION, ON_UNIX, VERSION, FLAGS, STORED, clock, day, crc),
        *(FULL32, FULL32, len(encoded), _ENTRY_SIZES.size, 0, 0, 0, PRIVATE, FULL32),
    )
    return fixed + encoded + _ENTRY_SIZES.pack(1, 24, size, size, offset)


def end(*, entries: int, directory_length: int, directory_at: int) -> bytes:
    """What closes the file; follows the directory at once."""
    at = directory_at + directory_length
    return (
        _END64.pack(
            *(b"PK\6\6", _END64.size - 12, VERSION, VERSION, 0, 0),
            *(entries, entries, directory_length, directory_at),
        )
        + _LOCATOR.pack(b"PK\6\7", 0, at, 1)
        + _END.pack(b"PK\5\6", 0, 0, FULL16, FULL16, FULL32, FULL32, 0)
    )


def _dos(at: datetime) -> tuple[int, int]:
    """Date and time as MS-DOS kept them, in steps of two seconds."""
    day = (at.year - 1980) << 9 | at.month << 5 | at.day
    return day, at.hour << 11 | at.minute << 5 | at.second // 2
