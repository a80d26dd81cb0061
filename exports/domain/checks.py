"""What came of a folder's files when they were sent: whether each could be had, and its CRC-32."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

_CHECK = struct.Struct("<?L")


@dataclass(frozen=True, slots=True)
class Check:
    """Of one file; ``whole`` is False where blanks stand in its place."""

    whole: bool
    crc: int


def packed(checks: Iterable[Check]) -> bytes:
    """Five bytes for each."""
    return b"".join(_CHECK.pack(check.whole, check.crc) for check in checks)


def unpacked(data: bytes) -> list[Check]:
    return [Check(whole, crc) for whole, crc in _CHECK.iter_unpack(data)]
