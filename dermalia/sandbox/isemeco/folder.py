"""Captures from folders of real scans: OBJ with MTL and pictures, GLB, or PLY.

Such folders carry no measurements. The values made up here depend on nothing but the mesh, so
that the same folder always reports the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from dermalia.sandbox.isemeco.captured import File, Measure, Recording

METRICS = ("wrinkles", "pores", "pigmentation", "redness", "hydration")
ZONES = (
    "face",
    "forehead",
    "left_eye",
    "right_eye",
    "nose",
    "left_cheek",
    "right_cheek",
    "chin",
)
MEDIA_TYPES = {
    ".obj": "model/obj",
    ".mtl": "model/mtl",
    ".glb": "model/gltf-binary",
    ".ply": "model/ply",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
}
_PICTURES = frozenset({".jpg", ".jpeg", ".png"})
_COLOUR_HINT = re.compile(r"col|albedo|diff|base|texture", re.IGNORECASE)


def captured_from_folder(path: Path) -> Recording:
    """The scan in one folder. Raises ValueError when there is no mesh in it."""
    files = sorted(
        file for file in path.iterdir() if file.is_file() and file.suffix.lower() in MEDIA_TYPES
    )
    mesh = max(files, key=lambda file: _preference(file, files), default=None)
    if mesh is None or _preference(mesh, files)[0] == 0:
        raise ValueError(f"There is no OBJ, GLB or PLY mesh in {path}.")
    chosen = tuple(_parts(mesh, files))
    return Recording(chosen, made_up_measurements(chosen[0].data))


def captures_from_folder(path: Path) -> dict[str, Recording]:
    """The scans in a folder, or in the folders right under it, by folder name.

    Raises ValueError when there is none, NotADirectoryError when ``path`` is no folder.
    """
    if not path.is_dir():
        raise NotADirectoryError(f"{path} is not a folder.")
    found: dict[str, Recording] = {}
    for folder in (path, *sorted(child for child in path.iterdir() if child.is_dir())):
        try:
            found[folder.name] = captured_from_folder(folder)
        except ValueError:
            continue
    if not found:
        raise ValueError(f"There is no OBJ, GLB or PLY mesh in {path} or right under it.")
    return found


def made_up_measurements(mesh: bytes) -> tuple[Measure, ...]:
    """One value between 15.0 and 85.0 per metric and zone, drawn from the mesh's digest."""
    seed = hashlib.sha256(mesh).digest()
    measures = []
    for metric in METRICS:
        for zone in ZONES:
            draw = hashlib.sha256(seed + f"{metric}/{zone}".encode()).digest()
            measures.append(Measure(metric, zone, (150 + int.from_bytes(draw[:4]) % 701) / 10))
    return tuple(measures)


def _preference(file: Path, files: list[Path]) -> tuple[int, int]:
    """Textured OBJ, then GLB, bare OBJ, PLY with faces; the larger file among equals."""
    size = file.stat().st_size
    match file.suffix.lower():
        case ".obj":
            return (4 if any(part.kind == "texture" for part in _parts(file, files)) else 2), size
        case ".glb":
            return 3, size
        case ".ply" if _has_faces(file):
            return 1, size
        case _:
            return 0, size


def _has_faces(ply: Path) -> bool:
    with ply.open("rb") as stream:
        header = stream.read(64 * 1024).partition(b"end_header")[0]
    return re.search(rb"^element face [1-9]", header, re.MULTILINE) is not None


def _parts(mesh: Path, files: list[Path]) -> Iterator[File]:
    """The mesh, the material it names, and the pictures that the material names."""
    yield _read(mesh, "mesh")
    if mesh.suffix.lower() != ".obj":
        return
    by_name = {file.name: file for file in files}
    material = _named_in(mesh, b"mtllib", by_name)
    if material is None:
        return
    yield _read(material, "material")
    texture = _named_in(material, b"map_Kd", by_name) or _likely_colour(files)
    if texture is not None:
        yield _read(texture, "texture", light="white")


def _named_in(file: Path, keyword: bytes, by_name: dict[str, Path]) -> Path | None:
    """The first file of the folder that a ``keyword name`` line mentions."""
    pattern = rb"^[ \t]*" + re.escape(keyword) + rb"[ \t]+(.+?)[ \t\r]*$"
    for found in re.finditer(pattern, file.read_bytes(), re.MULTILINE):
        name = found[1].decode("utf-8", "replace").replace("\\", "/").rsplit("/", 1)[-1]
        if name in by_name:
            return by_name[name]
    return None


def _likely_colour(files: list[Path]) -> Path | None:
    pictures = [file for file in files if file.suffix.lower() in _PICTURES]
    hinted = [file for file in pictures if _COLOUR_HINT.search(file.stem)]
    if hinted:
        return hinted[0]
    return pictures[0] if len(pictures) == 1 else None


def _read(file: Path, kind: str, light: str | None = None) -> File:
    return File(file.name, kind, MEDIA_TYPES[file.suffix.lower()], file.read_bytes(), light)
