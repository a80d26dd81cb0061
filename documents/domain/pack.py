"""All documents of a practice as one ZIP: readable names, and a list with each file's SHA-256."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import override

from documents.domain.catalogue import KINDS, USES, Form
from documents.domain.edition import Edition, edition_of
from documents.domain.files import Made, made
from documents.domain.practice import Stated
from reports.domain.zipped import Entry, zipped

MANIFEST = "manifest.json"
_AT_ONCE = 2  # as many as the typesetter takes


@dataclass(frozen=True, slots=True)
class Pack:
    """A complete pack.

    Attributes:
        name: of the ZIP file.
        left_out: editions that are not final; the manifest names them.
    """

    name: str
    files: tuple[tuple[str, bytes], ...]
    left_out: tuple[Edition, ...]
    at: datetime

    def pieces(self) -> Iterator[bytes]:
        """The ZIP file; equal packs give equal bytes."""
        return zipped((Entry(path, [data]) for path, data in self.files), at=self.at)


def pack_of(stated: Stated, *, language: str) -> Pack:
    """Every document in every language, and the agreement as it was accepted. In the scope.

    Args:
        language: of the folders' names.

    Raises:
        PdfError: a document could not be made; there is no pack with a hole in it.
    """
    editions = [edition_of(kind, variant, stated) for kind in KINDS for variant in kind.variants]
    final = [edition for edition in editions if edition.final]
    makers = [_maker(edition, form) for edition in final for form in edition.kind.forms]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        done = list(pool.map(lambda make: make(), makers))
    files = [(f"{_folder(one.edition, language)}/{one.name}", one) for one in done]
    left_out = tuple(edition for edition in editions if not edition.final)
    listed = [(path, one.content, one.edition) for path, one in files]
    contents = [(path, content) for path, content, _edition in listed]
    if stated.acceptance is not None:
        contents.append(_accepted(stated, language))
    contents.append((MANIFEST, _manifest(contents, [row[2] for row in listed], left_out)))
    at = max(edition.as_of for edition in editions)
    return Pack(
        name=f"dermalia-documents-{at:%Y-%m-%d}.zip",
        files=tuple(contents),
        left_out=left_out,
        at=datetime(at.year, at.month, at.day),  # noqa: DTZ001  (a ZIP knows no zone)
    )


def _maker(edition: Edition, form: Form) -> Callable[[], Made]:
    return lambda: made(edition, form)


def _folder(edition: Edition, language: str) -> str:
    with override(language):
        number = list(USES).index(edition.kind.use) + 1
        return f"{number} {USES[edition.kind.use]}"


def _accepted(stated: Stated, language: str) -> tuple[str, bytes]:
    row = stated.acceptance
    assert row is not None
    with override(language):
        folder = f"1 {USES[KINDS[0].use]}"
    return (
        f"{folder}/dermalia-agreement-accepted-{row.accepted_at:%Y-%m-%d}.pdf",
        bytes(row.document),
    )


def _manifest(
    contents: Iterable[tuple[str, bytes]], editions: list[Edition], left_out: Iterable[Edition]
) -> bytes:
    files = []
    for number, (path, content) in enumerate(contents):
        entry = {
            "path": path,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        if number < len(editions):
            edition = editions[number]
            entry |= {
                "document": edition.kind.key,
                "language": edition.variant,
                "version": edition.version,
                "text_sha256": edition.digest,
            }
        files.append(entry)
    told = {
        "schema": "dermalia/documents/1",
        "files": files,
        "not_final": sorted({edition.kind.key for edition in left_out}),
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"
