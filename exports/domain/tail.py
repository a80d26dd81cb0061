"""The end of an export: its manifest, and ZIP's own directory.

Both are made when they are sent, because a report may be erased after the export was planned. Then
its folder is left out, and what was reserved for it is filled with blanks, so that nothing moves.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zlib import crc32

from django.db.models import QuerySet, Sum

from audit.access import Access
from dermalia.sealing.keys import UnlockedKey, unlock_many, unlock_secrets
from dermalia.tenancy import practice_scope
from exports import zip64
from exports.domain.checks import Check, unpacked
from exports.domain.plan import Item, folder_path, items_of
from exports.models import Export, Folder

NAME = "manifest.json"
FORMAT, SCHEMA_VERSION = "dermalia-export", "1.0"
# What is reserved in the manifest: for its beginning, for each folder, and to name gaps.
HEAD_ROOM, LINE_ROOM, GAPS_ROOM = 512, 180, 64 * 1024
AT_ONCE = 200

Opened = tuple[Folder, list[Item], list[Check]]


class ExportChanged(Exception):
    """A report was erased while the end was sent: what was sent of it no longer fits."""


def length(export: Export) -> int:
    """Bytes of it all, whatever is erased later; in the practice's scope."""
    room = zip64.file_length(NAME, _manifest_room(export)) + zip64.entry_length(NAME)
    return room + _directory_length(Folder.objects.filter(export=export)) + zip64.END_LENGTH


def pieces(export: Export, *, access: Access) -> Iterator[bytes]:
    """All of it, once every folder has its checks; call and run it outside of any scope.

    Raises:
        ExportChanged: see there.
    """
    assert export.tail_at is not None, "only what is ready has an end"
    at = moment_of(export)
    with practice_scope(export.practice_id):
        live = Folder.objects.filter(export=export)
        numbers = list(live.order_by("number").values_list("number", flat=True))
        entries_length = _directory_length(live)
    manifest = _manifest(export, numbers, access)
    directory_length = entries_length + zip64.entry_length(NAME)
    directory_at = export.length - zip64.END_LENGTH - directory_length
    yield zip64.header(NAME, at=at)
    yield manifest
    yield zip64.descriptor(crc=crc32(manifest), size=len(manifest))
    yield bytes(directory_at - export.tail_at - zip64.file_length(NAME, len(manifest)))
    count = 0
    for opened in _opened(export, numbers, access):
        lines = list(_lines(opened, at))
        count += len(lines)
        yield b"".join(lines)
    yield zip64.entry(NAME, at=at, crc=crc32(manifest), size=len(manifest), offset=export.tail_at)
    yield zip64.end(entries=count + 1, directory_length=directory_length, directory_at=directory_at)


def moment_of(export: Export) -> datetime:
    """The time every file in it bears: UTC, as ZIP knows no zones."""
    return export.as_of.astimezone(UTC)


def _lines(opened: Opened, at: datetime) -> Iterator[bytes]:
    folder, items, checks = opened
    offset = folder.position
    for item, check in zip(items, checks, strict=True):
        yield zip64.entry(item.path, at=at, crc=check.crc, size=item.size, offset=offset)
        offset += item.length


def _opened(export: Export, numbers: Sequence[int], access: Access) -> Iterator[Opened]:
    """The folders with their plans and checks, a few at a time."""
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        with practice_scope(export.practice_id):
            rows = Folder.objects.filter(export=export, number__in=some).select_related("scan")
            folders = list(rows.order_by("number"))
            keys = _keys(folders, access)
        if len(folders) < len(some) or len(keys) < len(folders):
            raise ExportChanged
        for folder, key in zip(folders, keys, strict=True):
            yield folder, items_of(folder, key), unpacked(bytes(folder.checks or b""))


def _keys(folders: Sequence[Folder], access: Access) -> list[UnlockedKey]:
    """One for each folder; fewer where one was destroyed meanwhile."""
    wanted = [folder.scan.key_id if folder.scan else None for folder in folders]
    opened = unlock_many([key_id for key_id in wanted if key_id], access=access)
    practice = unlock_secrets()
    keys = [opened.get(key_id) if key_id else practice for key_id in wanted]
    return [key for key in keys if key is not None]


def _manifest(export: Export, numbers: Sequence[int], access: Access) -> bytes:
    """Each folder with the digest of its own manifest, what is erased, and what could not be had.

    JSON, filled up with blanks to the length that is reserved for it.
    """
    told = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "export": str(export.pk),
        "as_of": export.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "practice": _practice_line(export),
    }
    head = json.dumps(told, ensure_ascii=False)[:-1]
    folders = ",\n".join(_folder_lines(export, set(numbers)))
    gaps, left_out = _gaps(export, access)
    text = f'{head},\n"folders": [\n{folders}\n],\n"gaps": {gaps},\n"more_gaps": {left_out}\n'
    encoded = text.encode()
    return encoded + b" " * (_manifest_room(export) - len(encoded) - 1) + b"}"


def _practice_line(export: Export) -> dict[str, object]:
    with practice_scope(export.practice_id):
        row = Folder.objects.get(export=export, number=0)
    return {"files": row.files, "bytes": row.bytes, "sha256": bytes(row.digest).hex()}


def _folder_lines(export: Export, live: set[int]) -> Iterator[str]:
    with practice_scope(export.practice_id):
        rows = Folder.objects.filter(export=export, number__gt=0)
        facts = {
            number: (files, size, bytes(digest).hex())
            for number, files, size, digest in rows.values_list(
                "number", "files", "bytes", "digest"
            )
            if number in live
        }
    for number in range(1, export.folders + 1):
        told: dict[str, object] = {"path": folder_path(number)}
        if number in facts:
            told["files"], told["bytes"], told["sha256"] = facts[number]
        else:
            told["erased"] = True
        yield json.dumps(told)


def _gaps(export: Export, access: Access) -> tuple[str, int]:
    """The paths of files that could not be had, as JSON, and how many more found no room."""
    with practice_scope(export.practice_id):
        rows = Folder.objects.filter(export=export, checks__isnull=False)
        all_checks = rows.order_by("number").values_list("number", "checks").iterator()
        holed = [
            number
            for number, checks in all_checks
            if not all(check.whole for check in unpacked(bytes(checks or b"")))
        ]
    named: list[str] = []
    room, left_out = GAPS_ROOM - 100, 0
    for _, items, checks in _opened(export, holed, access):
        for item, check in zip(items, checks, strict=True):
            if check.whole:
                continue
            path = json.dumps(item.path)
            room -= len(path) + 2
            if room < 0:
                left_out += 1
            else:
                named.append(path)
    return f"[{', '.join(named)}]", left_out


def _manifest_room(export: Export) -> int:
    return HEAD_ROOM + LINE_ROOM * export.folders + GAPS_ROOM


def _directory_length(folders: QuerySet[Folder]) -> int:
    return int(folders.aggregate(sum=Sum("directory"))["sum"] or 0)
