"""Sending an export from any byte on, read from live data while it is sent.

A folder is always made from its beginning, and what the reader has already is dropped: so each
file's CRC is known when its turn comes, and so it is for the directory at the end.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from django.db.models import Q
from django.db.models.functions import Now

from audit.access import record_access
from audit.chain import Who, record
from audit.words import Action, Count
from dermalia.sealing.chunks import SealBroken
from dermalia.sealing.keys import KeyDestroyed, UnlockedKey, unlock, unlock_secrets
from dermalia.tenancy import practice_scope
from exports import zip64
from exports.domain import tail
from exports.domain.checks import Check, packed
from exports.domain.contents import pieces
from exports.domain.plan import Item, items_of
from exports.models import Export, Folder

logger = logging.getLogger(__name__)
BLANKS = bytes(64 * 1024)


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder whose key is open."""

    folder: Folder
    items: list[Item]
    key: UnlockedKey


def may_resume(export: Export, start: int) -> bool:
    """Whether what follows ``start`` still fits what was sent before; in the practice's scope.

    Only the end depends on what was erased meanwhile.
    """
    if export.tail_at is None or export.tail_folders is None or start <= export.tail_at:
        return True
    return export.tail_folders == Folder.objects.filter(export=export).count()


def send(export: Export, *, who: Who, start: int, stop: int) -> Iterator[bytes | memoryview]:
    """Bytes ``[start, stop)`` of an export that is ready; run it outside of any scope.

    Raises:
        ExportChanged: a report was erased while the list of contents was sent; begin again.
    """
    with practice_scope(export.practice_id):
        record(
            Action.EXPORT_TAKEN,
            who=who,
            object_id=export.pk,
            counts={Count.BYTES: stop - start},
        )
    yield from _cut(_made(export, who, start, stop), start, stop)
    if stop == export.length:
        with practice_scope(export.practice_id):
            Export.objects.filter(pk=export.pk, delivered_at=None).update(delivered_at=Now())


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Something made whole that begins at a place of the file."""

    at: int
    pieces: Iterator[bytes | memoryview]


def _cut(stretches: Iterator[_Stretch], start: int, stop: int) -> Iterator[bytes | memoryview]:
    for stretch in stretches:
        at = stretch.at
        for piece in stretch.pieces:
            lower, upper = max(start - at, 0), min(stop - at, len(piece))
            at += len(piece)
            if lower < upper:
                yield memoryview(piece)[lower:upper]


def _made(export: Export, who: Who, start: int, stop: int) -> Iterator[_Stretch]:
    """What covers the range, in order; blanks stand where a folder was erased."""
    assert export.tail_at is not None, "only what is ready is sent"
    at = start
    while at < min(stop, export.tail_at):
        folder = _folder_at(export, at)
        begins = min(folder.position, export.tail_at) if folder else export.tail_at
        if begins > at:
            yield _Stretch(at, _blanks(begins - at))
            at = begins
            continue
        assert folder is not None, "what begins before the end is a folder"
        yield _Stretch(folder.position, _folder(export, folder.pk, folder.length, who))
        at = folder.position + folder.length
    if stop > export.tail_at:
        yield _Stretch(export.tail_at, _tail(export, who, start))


def _folder_at(export: Export, at: int) -> Folder | None:
    """The folder that holds a byte, or the next one behind it."""
    with practice_scope(export.practice_id):
        rows = Folder.objects.filter(export=export).only("position", "length")
        before = rows.filter(position__lte=at).order_by("-position").first()
        if before is not None and at < before.position + before.length:
            return before
        return rows.filter(position__gt=at).order_by("position").first()


def _folder(export: Export, folder_id: int, length: int, who: Who) -> Iterator[bytes | memoryview]:
    """A folder's files as the ZIP holds them; blanks if it is erased by now."""
    opened = _open(export, folder_id, who)
    if opened is None:
        yield from _blanks(length)
        return
    at, checks = tail.moment_of(export), []
    for item in opened.items:
        yield zip64.header(item.path, at=at)
        content = _Content(item, export, opened.key)
        yield from content
        yield zip64.descriptor(crc=content.crc, size=item.size)
        checks.append(Check(content.whole, content.crc))
    with practice_scope(export.practice_id):
        Folder.objects.filter(pk=opened.folder.pk).update(checks=packed(checks))


def _open(export: Export, folder_id: int, who: Who) -> Opened | None:
    with practice_scope(export.practice_id):
        folder = Folder.objects.select_related("scan").filter(pk=folder_id).first()
        if folder is None:
            return None
        if folder.scan is None:
            key = unlock_secrets()
            return Opened(folder, items_of(folder, key), key)
        access = record_access(Action.SCAN_EXPORTED, who=who, object_id=folder.scan.pk)
        try:
            key = unlock(folder.scan.key_id, access=access)
        except KeyDestroyed:
            folder.delete()  # the ledger knows better: it is as good as erased
            return None
        return Opened(folder, items_of(folder, key), key)


class _Content:
    """A file's bytes on their way, as many as planned; blanks for what cannot be had.

    Attributes:
        crc: of what was sent, once all of it was.
        whole: False if there are blanks in it.
    """

    def __init__(self, item: Item, export: Export, key: UnlockedKey) -> None:
        self._item, self._export, self._key = item, export, key
        self.crc, self.whole = 0, True

    def __iter__(self) -> Iterator[bytes | memoryview]:
        left = self._item.size
        try:
            for piece in pieces(self._item, export=self._export, key=self._key):
                fitting = memoryview(piece)[:left]
                self.whole = self.whole and len(fitting) == len(piece)
                left -= len(fitting)
                self.crc = crc32(fitting, self.crc)
                yield fitting
        except (FileNotFoundError, SealBroken) as error:
            # The rest of the practice's data must not wait for one file.
            logger.error("export %s: %s", self._export.pk, type(error).__name__)
        self.whole = self.whole and left == 0
        for blanks in _blanks(left):
            self.crc = crc32(blanks, self.crc)
            yield blanks


def _tail(export: Export, who: Who, start: int) -> Iterator[bytes | memoryview]:
    _read_unread(export, who)
    with practice_scope(export.practice_id):
        access = record_access(Action.EXPORT_PREPARED, who=who, object_id=export.pk)
        if export.tail_at is not None and start <= export.tail_at:
            count = Folder.objects.filter(export=export).count()
            Export.objects.filter(pk=export.pk).update(tail_folders=count)
    yield from tail.pieces(export, access=access)


def _read_unread(export: Export, who: Who) -> None:
    """Read what was never sent whole: somebody asked for the end alone."""
    unread = Q(export=export, checks=None)
    while True:
        with practice_scope(export.practice_id):
            folder = Folder.objects.filter(unread).order_by("number").first()
        if folder is None:
            return
        for _ in _folder(export, folder.pk, folder.length, who):
            pass


def _blanks(length: int) -> Iterator[bytes | memoryview]:
    while length > 0:
        piece = memoryview(BLANKS)[:length]
        length -= len(piece)
        yield piece
