"""Everything that is stored about one person's scan, as files to hand over (Art. 15 and 20).

``data.json`` says in words and numbers what the rows hold, ``report.json`` is what the PDF carries
as well, ``original/`` and ``derived/`` hold the files; ``manifest.json`` comes last, with a digest
of each.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from audit.models import Entry as LogEntry
from dermalia.sealing import objects
from dermalia.sealing.keys import UnlockedKey
from reports.domain.page import build_page
from reports.domain.zipped import Entry
from reports.models import Case, Delivery, Report, Visit
from reports.pdf.data import encode
from scans.models import Asset, Scan
from scans.queries import person

FORMAT, VERSION = "dermalia-bundle", 1
FOLDERS = {Asset.Origin.RAW: "original", Asset.Origin.DERIVED: "derived"}
# What Art. 20 tells apart: given by the person, observed of them, or made out of that.
SOURCES = {Asset.Origin.RAW: "observed", Asset.Origin.DERIVED: "derived"}
# No path, no device name and no control character comes out of what a device called its files.
HARMLESS = re.compile(r"[A-Za-z0-9ÄÖÜäöüß][\w .()-]{0,99}\.[A-Za-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the bundle; ``source`` is provided, observed or derived."""

    path: str
    media_type: str
    source: str
    pieces: Iterable[bytes | memoryview]


def bundle(*, report: Report, key: UnlockedKey) -> Iterator[Entry]:
    """The entries of the ZIP; every row is read now, files when their turn comes.

    Args:
        report: with its scan and practice, in the practice's scope.
    """
    page = build_page(scan=report.scan, report=report, key=key, file_url=lambda _asset: "")
    parts = [
        Part("data.json", "application/json", "provided", [_json(_data(report, key))]),
        Part(
            "report.json",
            "application/json",
            "observed",
            [encode(scan=report.scan, page=page, key=key)],
        ),
        *_files(report.scan, key),
    ]
    return _with_manifest(parts)


def _with_manifest(parts: list[Part]) -> Iterator[Entry]:
    listed: list[dict[str, Any]] = []
    for part in parts:
        seen = _Seen(part.pieces)
        yield Entry(part.path, seen)
        listed.append(
            {
                "path": part.path,
                "media_type": part.media_type,
                "origin": part.source,
                "bytes": seen.bytes,
                "sha256": seen.digest.hexdigest(),
            }
        )
    content = {"format": FORMAT, "version": VERSION, "files": listed}
    yield Entry("manifest.json", [_json(content)])


class _Seen:
    """Pieces on their way past, counted and hashed."""

    def __init__(self, pieces: Iterable[bytes | memoryview]) -> None:
        self._pieces, self.bytes, self.digest = pieces, 0, hashlib.sha256()

    def __iter__(self) -> Iterator[bytes | memoryview]:
        for piece in self._pieces:
            self.bytes += len(piece)
            self.digest.update(piece)
            yield piece


def _files(scan: Scan, key: UnlockedKey) -> Iterator[Part]:
    taken: set[str] = set()
    assets = Asset.objects.filter(scan=scan, stored_at__isnull=False).order_by("origin", "name")
    for asset in assets:
        origin = Asset.Origin(asset.origin)
        path = f"{FOLDERS[origin]}/{_file_name(asset, key)}"
        if path.casefold() in taken:
            path = f"{FOLDERS[origin]}/{asset.pk}"
        taken.add(path.casefold())
        pieces = objects.read(key, asset.object_name)
        yield Part(path, asset.media_type, SOURCES[origin], pieces)


def _file_name(asset: Asset, key: UnlockedKey) -> str:
    """As the device called it, where that is harmless: its files refer to each other by name."""
    called = asset.called(key)
    return called if HARMLESS.fullmatch(called) else str(asset.pk)


def _data(report: Report, key: UnlockedKey) -> dict[str, Any]:
    practice, who = report.practice, person(scan=report.scan, key=key)
    return {
        "format": FORMAT,
        "version": VERSION,
        "controller": {
            "name": practice.name,
            "street": practice.street,
            "postal_code": practice.postal_code,
            "city": practice.city,
            "phone": practice.phone,
            "email": practice.email,
        },
        "person": {"first_name": who.first_name or None, "email": who.email or None},
        "report": {
            "id": str(report.pk),
            "purpose": report.purpose,
            "language": report.language,
            "created_at": _moment(report.created_at),
            "released_at": _moment(report.released_at),
            "opened_at": _moment(report.opened_at),
            "erased_on": _moment(report.due_on),
        },
        "mails": [
            {"queued_at": _moment(mail.created_at), "sent_at": _moment(mail.sent_at)}
            for mail in Delivery.objects.filter(report=report).order_by("created_at")
        ],
        "visits": [
            {
                "at": _moment(visit.at),
                "network": visit.network,
                "browser": visit.browser,
                "device": visit.device,
            }
            for visit in Visit.objects.filter(report=report).order_by("at")
        ],
        "requests": [
            _case(case, key) for case in Case.objects.filter(report=report).order_by("opened_at")
        ],
        "log": _log(report),
    }


def _case(case: Case, key: UnlockedKey) -> dict[str, Any]:
    return {
        "id": str(case.pk),
        "kind": case.kind,
        "state": case.state,
        "reason": case.reason or None,
        "opened_by": case.opened_by,
        "opened_at": _moment(case.opened_at),
        "due_on": _moment(case.due_on),
        "closed_at": _moment(case.closed_at),
        "message": case.message.open(key) if case.message is not None else None,
    }


def _log(report: Report) -> list[dict[str, Any]]:
    """When what was done, and in which role: who works for the practice is nobody else's data."""
    told = LogEntry.objects.filter(object_id__in=[report.pk, report.scan_id]).order_by("sequence")
    return [
        {"at": _moment(entry.at), "action": entry.action, "role": entry.actor} for entry in told
    ]


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


def _moment(at: datetime | date | None) -> str | None:
    return at.isoformat() if at is not None else None
