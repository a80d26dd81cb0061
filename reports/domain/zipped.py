"""A ZIP file that is sent while it is made: of its content, one piece at a time is in memory."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zipfile import ZIP_STORED, ZipFile, ZipInfo

Pieces = Iterable[bytes | memoryview]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to come: its path in the ZIP, and its bytes, which are read when its turn comes."""

    path: str
    pieces: Pieces


class _Outbox(io.RawIOBase):
    """Takes what the ZIP writes, until it is sent on."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # any buffer, as the base class says
        self._written.append(piece)
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._written)
        self._written.clear()
        return taken


def zipped(entries: Iterable[Entry], *, at: datetime) -> Iterator[bytes]:
    """The bytes of a ZIP64 file with these entries, uncompressed.

    Args:
        at: the time every entry bears.
    """
    outbox = _Outbox()
    with ZipFile(outbox, "w", ZIP_STORED) as archive:
        for entry in entries:
            info = ZipInfo(entry.path, at.timetuple()[:6])
            with archive.open(info, "w", force_zip64=True) as file:
                for piece in entry.pieces:
                    file.write(piece)
                    yield outbox.take()
            yield outbox.take()
    yield outbox.take()
