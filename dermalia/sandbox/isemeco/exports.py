"""Captures as a scanner without a cluster exports them: a folder or a ZIP file per scan."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from dermalia.sandbox.isemeco import wire
from dermalia.sandbox.isemeco.captured import Captured
from dermalia.sandbox.isemeco.store import ScanStore, StoredScan

MANIFEST = "manifest.json"
DEVICE = {"serial": "SANDBOX-0001", "model": "Stand-in"}


def export_capture(
    capture: Captured,
    folder: Path,
    *,
    scan_id: str,
    zipped: bool = False,
    first_name: str | None = None,
    email: str | None = None,
    captured_at: datetime | None = None,
    more: Mapping[str, object] | None = None,
) -> Path:
    """Write an export into ``folder`` as the device does, its manifest last; where it lies.

    ``more`` goes into the manifest besides. Raises FileExistsError.
    """
    scan = ScanStore().add(
        capture,
        scan_id=scan_id,
        captured_at=captured_at or datetime.now(UTC).replace(microsecond=0),
        first_name=first_name,
        email=email,
    )
    files = [*_files(scan), (MANIFEST, _manifest(scan, more or {}))]
    if zipped:
        return _write_zip(folder / f"{scan_id}.zip", files)
    goal = folder / scan_id
    goal.mkdir()
    for name, data in files:
        (goal / name).write_bytes(data)
    return goal


def _files(scan: StoredScan) -> Iterator[tuple[str, bytes]]:
    for asset in scan.assets:
        yield asset.name, asset.data


def _manifest(scan: StoredScan, more: Mapping[str, object]) -> bytes:
    content = wire.manifest(
        scan, device=DEVICE, algorithm_version="sandbox-1.0.0", asset_url=lambda _: ""
    )
    for asset in cast(list[dict[str, Any]], content["assets"]):
        del asset["url"]
    return json.dumps({**content, **more}, ensure_ascii=False, indent=1).encode()


def _write_zip(goal: Path, files: list[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(goal, "x", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return goal
