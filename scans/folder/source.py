"""`FolderSource`: the exports in a watched folder, in the shape every source of scans has."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path

from scans.folder.aside import DONE, FAILED
from scans.folder.errors import (
    Damaged,
    ExportRefused,
    FolderError,
    FolderUnavailable,
    NotThere,
    _,
    nameless,
)
from scans.folder.export import Export, open_export
from scans.folder.limits import MAX_FILES, QUIET_SECONDS, STALE_SECONDS
from scans.folder.names import is_litter
from scans.isemeco.client import ScanPage
from scans.isemeco.contract import AssetFile, ScanManifest

_REMEMBERED = 1000
_sound: set[tuple[Path, float]] = set()


class Found(Enum):
    """How an export was found."""

    COMPLETE = "complete"
    GROWING = "growing"  # may still be written to
    STALE = "stale"  # incomplete, and nobody has written to it for long
    REFUSED = "refused"


@dataclass(frozen=True)
class Finding:
    """An export as it was found.

    Attributes:
        manifest: None unless it could be read.
        reason: why it is not complete.
        holds_more: it holds files that its manifest does not name.
    """

    path: Path
    found: Found
    manifest: ScanManifest | None = None
    reason: str = ""
    holds_more: bool = False


class FolderSource:
    """Lists and opens exports. Writes nothing: `scans.folder.aside` moves them."""

    def __init__(self, path: Path, *, quiet_seconds: float | None = None) -> None:
        self.path = path
        self._quiet_seconds = QUIET_SECONDS if quiet_seconds is None else quiet_seconds

    def list_scans(self, cursor: str | None = None, limit: int = 100) -> ScanPage:  # noqa: ARG002
        """Every complete export, each scan once. Raises FolderUnavailable."""
        complete = [look for look in self.findings() if look.found is Found.COMPLETE]
        names = [look.manifest.scan_id for look in complete if look.manifest is not None]
        return ScanPage(list(dict.fromkeys(names)), next_cursor="", more=False)

    def findings(self) -> Iterator[Finding]:
        """What lies in the folder. Things without a manifest are nobody's export: not told of."""
        for path in self._candidates():
            finding = self._look(path)
            if finding is not None:
                yield finding

    def manifest(self, scan_identifier: str) -> tuple[ScanManifest, int]:
        """The manifest, and how many keys of it were dropped. Raises FolderError."""
        with self._open(scan_identifier) as export:
            return export.manifest, export.dropped

    @contextmanager
    def open_asset(self, scan_identifier: str, asset: AssetFile) -> Iterator[Iterator[bytes]]:
        """The bytes of a file in pieces, exactly as many as its manifest says, or Damaged."""
        with self._open(scan_identifier) as export:
            if asset not in export.manifest.assets:
                raise NotThere(_("The export has changed while it was copied."))
            with export.open(asset) as pieces:
                yield pieces

    @contextmanager
    def _open(self, scan_identifier: str) -> Iterator[Export]:
        with open_export(self._find(scan_identifier)) as export:
            if export.manifest.scan_id != scan_identifier:
                raise NotThere(_("The export has changed while it was looked at."))
            export.require_complete()
            yield export

    def _find(self, scan_identifier: str) -> Path:
        # Whoever names exports after their scans spares us opening the others.
        paths = sorted(self._candidates(), key=lambda path: scan_identifier not in path.name)
        for path in paths:
            with suppress(FolderError), open_export(path) as export:
                if export.manifest.scan_id == scan_identifier:
                    return path
        raise NotThere(_("The export is not in the watched folder (any more)."))

    def _look(self, path: Path) -> Finding | None:
        try:
            with open_export(path) as export:
                return self._judge(path, export)
        except NotThere as gap:
            return _unfinished(path, str(gap))
        except (ExportRefused, Damaged) as refusal:
            # What is half written may look like anything.
            quiet = _quiet_seconds(path) >= self._quiet_seconds
            return Finding(path, Found.REFUSED if quiet else Found.GROWING, reason=str(refusal))

    def _judge(self, path: Path, export: Export) -> Finding:
        manifest, quiet = export.manifest, export.quiet_seconds
        try:
            export.require_complete()
            if quiet < self._quiet_seconds:
                return Finding(path, Found.GROWING, manifest)
            _require_sound_once(path, export)
        except NotThere as gap:
            found = Found.STALE if quiet > STALE_SECONDS else Found.GROWING
            return Finding(path, found, manifest, str(gap))
        except Damaged as damage:
            return Finding(path, Found.REFUSED, manifest, str(damage))
        return Finding(path, Found.COMPLETE, manifest, holds_more=export.holds_more)

    def _candidates(self) -> list[Path]:
        try:
            with os.scandir(self.path) as entries:
                found = [
                    Path(entry.path)
                    for entry in entries
                    if not is_litter(entry.name) and _may_be_export(entry)
                ]
        except OSError as fault:
            raise FolderUnavailable(
                _("The watched folder is not there, or not readable.")
            ) from nameless(fault)
        return sorted(found)


def _require_sound_once(path: Path, export: Export) -> None:
    """As `Export.require_sound`, for each state of an export once in this process.

    An export that cannot be taken in at once is looked at again every few seconds.
    """
    state = (path, export.changed_at)
    if state in _sound:
        return
    export.require_sound()
    if len(_sound) >= _REMEMBERED:
        _sound.clear()
    _sound.add(state)


def _unfinished(path: Path, reason: str) -> Finding | None:
    """A ZIP file that does not become one; a folder without a manifest is not ours to judge."""
    if path.is_dir() or _quiet_seconds(path) < STALE_SECONDS:
        return None
    return Finding(path, Found.STALE, reason=reason)


def _quiet_seconds(path: Path) -> float:
    """How long ago an export that cannot be opened, or a file right in it, changed."""
    try:
        inside = islice(path.iterdir(), MAX_FILES) if path.is_dir() else ()
        about = [each.lstat() for each in (path, *inside)]
    except OSError:
        return 0.0
    times: list[float] = [at for each in about for at in (each.st_mtime, each.st_ctime)]
    return abs(time.time() - max(times))


def _may_be_export(entry: os.DirEntry[str]) -> bool:
    if entry.name.lower().endswith(".zip"):
        return entry.is_file(follow_symlinks=False)
    return entry.name not in (DONE, FAILED) and entry.is_dir(follow_symlinks=False)
