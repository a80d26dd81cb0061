"""Everything that is stored about one person's scan, as files to hand over (Art. 15 and 20).

``data.json`` says in words and numbers what the rows hold, ``report.json`` is what the PDF carries
as well, ``original/`` and ``derived/`` hold the files, ``schema/`` describes the JSON, and
``manifest.json`` lists each file with its digest. docs/exports.md has the whole picture.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dermalia.sealing import objects
from dermalia.sealing.keys import UnlockedKey
from reports.domain import fhir
from reports.domain.bundle_data import describe
from reports.domain.page import build_page
from reports.domain.zipped import Entry
from reports.models import Report
from reports.pdf.data import encode
from scans.models import Asset, Scan

MANIFEST, MANIFEST_FORMAT, SCHEMA_VERSION = "manifest.json", "dermalia-manifest", "1.0"
ENCLOSED = Path(__file__).parent.parent / "enclosed"
SCHEMAS = ("data", "report", "manifest")
JSON = "application/json"
FOLDERS = {Asset.Origin.RAW: "original", Asset.Origin.DERIVED: "derived"}
# What Art. 20 tells apart: given by the person, observed of them, or made out of that.
PROVIDED, OBSERVED, DERIVED = "provided", "observed", "derived"
SOURCES = {Asset.Origin.RAW: OBSERVED, Asset.Origin.DERIVED: DERIVED}
# No path, no device name and no control character comes out of what a device called its files.
HARMLESS = re.compile(r"[A-Za-z0-9ÄÖÜäöüß][\w .()-]{0,99}\.[A-Za-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the bundle; ``origin`` is provided, observed or derived.

    Attributes:
        content: its bytes, or the row of the sealed file.
    """

    path: str
    media_type: str
    origin: str
    content: bytes | Asset

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.bytes

    @property
    def sha256(self) -> str:
        """Of the content; for a sealed file as it was when it was stored."""
        if isinstance(self.content, bytes):
            return hashlib.sha256(self.content).hexdigest()
        return bytes(self.content.sha256 or b"").hex()

    def pieces(self, key: UnlockedKey) -> Iterable[bytes | memoryview]:
        """The bytes, opened while they are taken."""
        if isinstance(self.content, bytes):
            return [self.content]
        return objects.read(key, self.content.object_name)


@dataclass(frozen=True, slots=True)
class Missing:
    """A file that belongs into the bundle and could not be had; ``why`` is a word."""

    path: str
    why: str


def parts_of(
    *,
    scan: Scan,
    report: Report | None,
    key: UnlockedKey,
    documents: Mapping[str, Asset],
    as_fhir: bool = False,
) -> list[Part]:
    """The files of one scan but for the manifest, in a stable order, in the practice's scope.

    Args:
        documents: the PDFs by language.
        as_fhir: with the same facts as a FHIR R4 bundle.
    """
    texts = [Part("data.json", JSON, PROVIDED, as_json(describe(scan, report, key)))]
    if scan.state == Scan.State.READY and report is not None:
        page = build_page(scan=scan, report=report, key=key, file_url=lambda _asset: "")
        texts.append(Part("report.json", JSON, OBSERVED, encode(scan=scan, page=page, key=key)))
    pdfs = [
        Part(f"report-{language}.pdf", document.media_type, DERIVED, document)
        for language, document in sorted(documents.items())
    ]
    parts = [*texts, *pdfs, *_files(scan, key)]
    if as_fhir and report is not None:
        files = [fhir.File(part.path, part.media_type, part.size) for part in parts]
        made = fhir.bundle(scan=scan, report=report, key=key, files=files)
        parts.append(Part("fhir.json", "application/fhir+json", DERIVED, as_json(made)))
    return parts


def enclosed() -> list[Part]:
    """What explains the rest: plain words in both languages, and the schemas."""
    return [
        *(
            Part(name, "text/plain", DERIVED, (ENCLOSED / name).read_bytes())
            for name in ("README.txt", "LIESMICH.txt")
        ),
        *schemas(),
    ]


def schemas() -> list[Part]:
    """The JSON Schemas of ``data.json``, ``report.json`` and ``manifest.json``."""
    names = [f"{name}.schema.json" for name in SCHEMAS]
    return [
        Part(f"schema/{name}", "application/schema+json", DERIVED, (ENCLOSED / name).read_bytes())
        for name in names
    ]


def entries(
    parts: Sequence[Part], *, key: UnlockedKey, missing: Sequence[Missing] = ()
) -> Iterator[Entry]:
    """The entries of a ZIP: the files, each read when its turn comes, then their manifest.

    The manifest's digests are of what was sent.
    """
    listed: list[dict[str, Any]] = []
    for part in parts:
        seen = _Seen(part.pieces(key))
        yield Entry(part.path, seen)
        listed.append(_line(part, seen.bytes, seen.digest.hexdigest()))
    yield Entry(MANIFEST, [as_json(_manifest(listed, missing))])


def manifest_of(parts: Sequence[Part], missing: Sequence[Missing] = ()) -> bytes:
    """The manifest as the rows know it, before anything is read."""
    return as_json(_manifest([_line(part, part.size, part.sha256) for part in parts], missing))


def as_json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


def _manifest(listed: list[dict[str, Any]], missing: Sequence[Missing]) -> dict[str, Any]:
    return {
        "format": MANIFEST_FORMAT,
        "schema_version": SCHEMA_VERSION,
        "files": listed,
        "missing": [{"path": each.path, "why": each.why} for each in missing],
    }


def _line(part: Part, length: int, digest: str) -> dict[str, Any]:
    return {
        "path": part.path,
        "media_type": part.media_type,
        "origin": part.origin,
        "bytes": length,
        "sha256": digest,
    }


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
    stored = Asset.objects.filter(scan=scan, stored_at__isnull=False)
    for asset in stored.exclude(kind=Asset.Kind.PDF).order_by("-origin", "name"):
        origin = Asset.Origin(asset.origin)
        path = f"{FOLDERS[origin]}/{_file_name(asset, key)}"
        if path.casefold() in taken:
            path = f"{FOLDERS[origin]}/{asset.pk}"
        taken.add(path.casefold())
        yield Part(path, asset.media_type, SOURCES[origin], asset)


def _file_name(asset: Asset, key: UnlockedKey) -> str:
    """As the device called it, where that is harmless: its files refer to each other by name."""
    called = asset.called(key)
    return called if HARMLESS.fullmatch(called) else str(asset.pk)
