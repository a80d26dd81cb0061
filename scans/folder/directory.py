"""An export that is a folder: only plain files of its own are opened, and never through a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from scans.folder.errors import ExportRefused, NotThere, _, nameless
from scans.folder.limits import MAX_DEPTH, MAX_FILES, PIECE_BYTES
from scans.folder.names import by_key, is_litter

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A named pipe would hold whoever opens it until somebody writes.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class _Member:
    place: tuple[str, ...]
    bytes: int


class Directory:
    """The files of an export folder by key of their name, folders within it flattened.

    Raises ExportRefused for links, devices, pipes, too many or equally named files; NotThere
    when the folder goes away meanwhile.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.changed_at = 0.0
        self._count = 0
        try:
            self._members = by_key(self._walk(self._open_folder(()), ()))
        except OSError as fault:
            raise NotThere(_("The export cannot be read.")) from nameless(fault)

    def sizes(self) -> dict[str, int]:
        """Bytes of each file, by key."""
        return {key: member.bytes for key, member in self._members.items()}

    @contextmanager
    def open(self, key: str) -> Iterator[Iterator[bytes]]:
        """A file in pieces. Raises NotThere."""
        if key not in self._members:
            raise NotThere(_("A file of the export is missing."))
        try:
            descriptor = self._open_file(self._members[key].place)
        except OSError as fault:
            raise NotThere(_("A file of the export cannot be read.")) from nameless(fault)
        with _closing(descriptor):
            yield _pieces(descriptor)

    def _walk(self, folder: int, place: tuple[str, ...]) -> Iterator[tuple[str, _Member]]:
        with _closing(folder):
            self._note(os.fstat(folder))
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in islice(entries, 2 * MAX_FILES + 1))
            if len(names) > 2 * MAX_FILES:
                raise ExportRefused(_("The export holds too many files."))
            for name in names:
                if is_litter(name):
                    continue
                self._count += 1
                if self._count > MAX_FILES:
                    raise ExportRefused(_("The export holds too many files."))
                yield from self._member(folder, (*place, name))

    def _member(self, folder: int, place: tuple[str, ...]) -> Iterator[tuple[str, _Member]]:
        about = os.stat(place[-1], dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(about.st_mode):
            if len(place) > MAX_DEPTH:
                raise ExportRefused(_("The export holds folders within folders."))
            yield from self._walk(self._open_folder(place), place)
            return
        _require_plain(about)
        self._note(about)
        yield place[-1], _Member(place, about.st_size)

    def _note(self, about: os.stat_result) -> None:
        # Tools that copy keep the time of writing; the time of change they cannot set.
        self.changed_at = max(self.changed_at, about.st_mtime, about.st_ctime)

    def _open_folder(self, place: tuple[str, ...]) -> int:
        descriptor = os.open(self._path, _FOLDER)
        for name in place:
            with _closing(descriptor):
                descriptor = os.open(name, _FOLDER, dir_fd=descriptor)
        return descriptor

    def _open_file(self, place: tuple[str, ...]) -> int:
        folder = self._open_folder(place[:-1])
        with _closing(folder):
            descriptor = os.open(place[-1], _FILE, dir_fd=folder)
        try:
            _require_plain(os.fstat(descriptor))
        except ExportRefused:
            os.close(descriptor)
            raise
        return descriptor


def open_plain(path: Path) -> int:
    """A descriptor of a plain file, not through a link. Raises OSError, ExportRefused."""
    descriptor = os.open(path, _FILE)
    try:
        _require_plain(os.fstat(descriptor))
    except ExportRefused:
        os.close(descriptor)
        raise
    return descriptor


def _require_plain(about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise ExportRefused(_("The export holds a link, a device or a pipe."))
    if about.st_nlink > 1:
        raise ExportRefused(_("The export holds a file that has another name elsewhere."))


def _pieces(descriptor: int) -> Iterator[bytes]:
    while piece := os.read(descriptor, PIECE_BYTES):
        yield piece


@contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)
