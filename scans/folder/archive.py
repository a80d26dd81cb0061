"""An export that is a ZIP file: looked at before it is unpacked, and unpacked in memory only."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from scans.folder.directory import open_plain
from scans.folder.errors import Damaged, ExportRefused, NotThere, _, nameless
from scans.folder.limits import MAX_BYTES, MAX_FILES, MAX_RATIO, PIECE_BYTES
from scans.folder.names import by_key, is_litter

# APPNOTE.TXT 4.3.16: signature, disks, entries twice, size and place of the directory, comment.
_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\x05\x06"
# 4.3.14 and 4.3.15: the same in 64 bits, of which the library takes the numbers if it is there.
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_LOCATOR64_SIGNATURE = b"PK\x06\x07"
_LOCAL_HEADER_BYTES = 30
_DIRECTORY_BYTES = 256 * 1024
_SMALL = 64 * 1024  # a few equal bytes compress better than any bomb, and harm nobody
_ENCRYPTED = 0x1 | 0x40
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# Places and sizes of an archive's own choice make the library seek where no file system can.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
    OverflowError,
    OSError,
)


class Archive:
    """The files of a ZIP by key of their name, folders within it flattened.

    Raises ExportRefused for encrypted, linked, too many, too large or equally named members and
    for anything that unpacks to far more than it is; NotThere while the file is not complete.
    """

    def __init__(self, path: Path) -> None:
        try:
            descriptor = open_plain(path)
        except OSError as fault:
            raise NotThere(_("The export cannot be read.")) from nameless(fault)
        file = os.fdopen(descriptor, "rb")
        try:
            about = os.fstat(descriptor)
            self.changed_at = max(about.st_mtime, about.st_ctime)
            _require_small_directory(file, about.st_size)
            self._archive = zipfile.ZipFile(file)
            self._members = by_key(_checked(self._archive.infolist()))
        except _BROKEN:
            file.close()
            # The library's own errors quote names out of the archive.
            raise NotThere(_("The ZIP file is damaged, or not complete yet.")) from None
        except BaseException:
            file.close()
            raise
        self._file = file

    def close(self) -> None:
        """Let go of the file."""
        self._archive.close()
        self._file.close()

    def sizes(self) -> dict[str, int]:
        """Bytes of each file once unpacked, by key, as the archive states them."""
        return {key: member.file_size for key, member in self._members.items()}

    @contextmanager
    def open(self, key: str) -> Iterator[Iterator[bytes]]:
        """A file in pieces. Raises NotThere; the pieces raise Damaged."""
        if key not in self._members:
            raise NotThere(_("A file of the export is missing."))
        try:
            unpacked = self._archive.open(self._members[key])
        except _BROKEN:
            raise Damaged(_("A file in the ZIP file is damaged.")) from None
        with unpacked:
            yield _pieces(unpacked, self._members[key].file_size)


def _require_small_directory(file: IO[bytes], size: int) -> None:
    """The library reads the whole directory before anybody can ask how long it is."""
    if size < _END.size:
        raise NotThere(_("The ZIP file is not complete yet."))
    file.seek(size - _END.size)
    fields = _END.unpack(file.read(_END.size))
    if fields[0] != _END_SIGNATURE or fields[-1] != 0:
        raise NotThere(_("The ZIP file is not complete yet, or ends in something else."))
    for entries, directory_bytes in (fields[4:6], _end64(file, size)):
        if entries > 2 * MAX_FILES or directory_bytes > _DIRECTORY_BYTES:
            raise ExportRefused(_("The ZIP file holds too many files."))
    file.seek(0)


def _end64(file: IO[bytes], size: int) -> tuple[int, int]:
    """Entries and directory bytes as a ZIP64 end gives them; zeros where there is none."""
    tail = _END64.size + _LOCATOR64.size
    if size < tail + _END.size:
        return 0, 0
    file.seek(size - _END.size - tail)
    record, locator = file.read(_END64.size), file.read(_LOCATOR64.size)
    if not locator.startswith(_LOCATOR64_SIGNATURE):
        return 0, 0
    _signature, *_versions, entries, directory_bytes, _place = _END64.unpack(record)
    return entries, directory_bytes


def _checked(members: list[zipfile.ZipInfo]) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    kept = [
        member
        for member in members
        if not member.filename.endswith(("/", "\\")) and not is_litter(member.filename)
    ]
    if len(kept) > MAX_FILES:
        raise ExportRefused(_("The ZIP file holds too many files."))
    if sum(member.file_size for member in kept) > MAX_BYTES:
        raise ExportRefused(_("The ZIP file unpacks to more than a scan can be."))
    _require_apart(members)
    for member in kept:
        _require_harmless(member)
        yield member.filename, member


def _require_apart(members: list[zipfile.ZipInfo]) -> None:
    """Members that share bytes are how a small archive holds any amount of them."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < 0:
            raise zipfile.BadZipFile("a file begins before the archive")
        if member.header_offset < end:
            raise ExportRefused(_("The ZIP file unpacks to far more than it is."))
        end = member.header_offset + _LOCAL_HEADER_BYTES + member.compress_size


def _require_harmless(member: zipfile.ZipInfo) -> None:
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise ExportRefused(_("The ZIP file holds a link, a device or a pipe."))
    if member.flag_bits & _ENCRYPTED:
        raise ExportRefused(_("The ZIP file is encrypted."))
    if member.compress_type not in _METHODS:
        raise ExportRefused(_("The ZIP file is packed in a way that is not supported."))
    if member.file_size > _SMALL + MAX_RATIO * member.compress_size:
        raise ExportRefused(_("The ZIP file unpacks to far more than it is."))


def _pieces(unpacked: IO[bytes], size: int) -> Iterator[bytes]:
    """At most ``size`` bytes, whatever is packed in there."""
    left = size
    while left > 0:
        try:
            piece = unpacked.read(min(PIECE_BYTES, left))
        except _BROKEN:
            raise Damaged(_("A file in the ZIP file is damaged.")) from None
        if not piece:
            return
        left -= len(piece)
        yield piece
