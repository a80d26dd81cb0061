"""One export, whatever its form: its manifest, its files, and whether it is complete."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from scans.folder.archive import Archive
from scans.folder.directory import Directory
from scans.folder.errors import Damaged, ExportRefused, NotThere, _
from scans.folder.limits import MAX_BYTES, MAX_MANIFEST_BYTES
from scans.folder.names import MANIFEST, key_of
from scans.isemeco.contract import AssetFile, ScanManifest
from scans.isemeco.parsing import parse


class Files(Protocol):
    """Files by key of their name; `changed_at` is the latest time any was written or changed."""

    changed_at: float

    def sizes(self) -> dict[str, int]: ...
    def open(self, key: str) -> AbstractContextManager[Iterator[bytes]]: ...


class Export:
    """An export whose manifest has been read."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._sizes = files.sizes()
        self.manifest, self.dropped = _manifest_of(files, self._sizes)

    @property
    def changed_at(self) -> float:
        """When any of its files was last written or changed, in seconds since 1970."""
        return self._files.changed_at

    @property
    def quiet_seconds(self) -> float:
        """How long ago it changed. A time in the future is a clock's fault, and counts alike."""
        return abs(time.time() - self.changed_at)

    @property
    def holds_more(self) -> bool:
        """Whether there are files in it that its manifest does not name."""
        named = {MANIFEST, *(key_of(asset.name) for asset in self.manifest.assets)}
        return not named.issuperset(self._sizes)

    def require_complete(self) -> None:
        """Raises NotThere while a file is missing or has another size than the manifest says."""
        if any(self._sizes.get(key_of(a.name)) != a.bytes for a in self.manifest.assets):
            raise NotThere(_("The export is not complete: a file is missing or too short."))

    def require_sound(self) -> None:
        """Reads every file. Raises Damaged when one is not what the manifest says."""
        for asset in self.manifest.assets:
            digest = hashlib.sha256()
            with self.open(asset) as pieces:
                for piece in pieces:
                    digest.update(piece)
            if digest.hexdigest() != asset.sha256:
                raise Damaged(_("A file of the export is damaged: its checksum is another."))

    @contextmanager
    def open(self, asset: AssetFile) -> Iterator[Iterator[bytes]]:
        """Exactly as many bytes as the manifest says. Raises NotThere; the pieces raise Damaged."""
        with self._files.open(key_of(asset.name)) as pieces:
            yield _exactly(pieces, asset.bytes)


@contextmanager
def open_export(path: Path) -> Iterator[Export]:
    """The export at ``path``, a folder or a ZIP file.

    Raises NotThere while it has no manifest, or goes away; ExportRefused for what it must not
    hold and for a manifest that breaks the contract.
    """
    if path.suffix.lower() != ".zip":
        yield Export(Directory(path))
        return
    archive = Archive(path)
    try:
        yield Export(archive)
    finally:
        archive.close()


def _manifest_of(files: Files, sizes: dict[str, int]) -> tuple[ScanManifest, int]:
    size = sizes.get(MANIFEST)
    if size is None:
        raise NotThere(_("The export has no manifest yet."))
    if size > MAX_MANIFEST_BYTES:
        raise ExportRefused(_("The manifest of the export is far too long."))
    body = bytearray()
    with files.open(MANIFEST) as pieces:
        for piece in pieces:
            body += piece
            if len(body) > MAX_MANIFEST_BYTES:
                raise ExportRefused(_("The manifest of the export is far too long."))
    manifest, dropped = parse(
        ScanManifest, bytes(body), what="The manifest of the export", error=ExportRefused
    )
    if sum(asset.bytes for asset in manifest.assets) > MAX_BYTES:
        raise ExportRefused(_("The export is larger than a scan can be."))
    keys = [key_of(asset.name) for asset in manifest.assets]
    if len(set(keys)) < len(keys) or MANIFEST in keys:
        raise ExportRefused(_("The manifest of the export names a file twice."))
    return manifest, dropped


def _exactly(pieces: Iterator[bytes], length: int) -> Iterator[bytes]:
    received = 0
    for piece in pieces:
        received += len(piece)
        if received > length:
            raise Damaged(_("A file of the export is longer than its manifest says."))
        yield piece
    if received < length:
        raise Damaged(_("A file of the export is shorter than its manifest says."))
