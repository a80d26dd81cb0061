"""A watched folder with exports of a small made-up scan."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from dermalia.sandbox.isemeco.captured import File, Measure, Recording
from scans.folder import FolderSource

MESH = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n" * 50
RECORDING = Recording(
    (
        File("face.obj", "mesh", "model/obj", MESH),
        File("skin.jpg", "texture", "image/jpeg", bytes(range(256)) * 300, light="white"),
    ),
    (Measure("wrinkles", "forehead", 42.5),),
)


def manifest_of(path: Path) -> dict[str, Any]:
    return json.loads((path / "manifest.json").read_text())  # type: ignore[no-any-return]


def rewrite(path: Path, **replaced: Any) -> None:
    """Replace keys of the export's manifest."""
    (path / "manifest.json").write_text(json.dumps(manifest_of(path) | replaced))


def entry(name: str, data: bytes, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "mesh",
        "media_type": "model/obj",
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    } | more


def manifest(*entries: dict[str, Any], scan_id: str = "scan-1") -> bytes:
    content = {
        "scan_id": scan_id,
        "device": {"serial": "D-1", "model": "M"},
        "captured_at": "2026-05-26T09:30:00+02:00",
        "algorithm_version": "1",
        "measurements": [],
        "assets": list(entries),
    }
    return json.dumps(content).encode()


def zip_of(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def read(source: FolderSource, scan_id: str) -> dict[str, bytes]:
    """Every file of an export, as the source hands it on."""
    found, _ = source.manifest(scan_id)
    files = {}
    for asset in found.assets:
        with source.open_asset(scan_id, asset) as pieces:
            files[asset.name] = b"".join(pieces)
    return files
