"""Captures that every test of the area may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scans.conversion import SourceFile, prepare

from . import support

_ROOT = Path(__file__).resolve().parents[2]
_KINDS = {".obj": "mesh", ".glb": "mesh", ".mtl": "material", ".jpg": "texture"}
_SCANS = {
    "mannequin": ("sven_mesh.obj", "sven_mesh.mtl", "sven_texture.jpg"),
    "lee_perry_smith": ("LeePerrySmith.obj", "LeePerrySmith.mtl", "Map-COL.jpg"),
    "lee_perry_smith (GLB)": ("LeePerrySmith.glb",),
    "lee_perry_smith (Draco)": ("LeePerrySmith_draco_original.glb",),
    "ict_neutral": ("generic_neutral_mesh.obj", "ICTFaceModelMaterial.mtl"),
}


def scans_folder() -> Path:
    """Where real scans may lie, outside the project."""
    return Path(os.environ.get("DERMALIA_SCANS", _ROOT.parent / "shared" / "scans"))


def real_scans() -> dict[str, tuple[Path, ...]]:
    """The files of each real scan there is; none on most machines."""
    folder = scans_folder()
    found = {
        name: tuple(folder / name.partition(" ")[0] / file for file in files)
        for name, files in _SCANS.items()
    }
    return {name: files for name, files in found.items() if all(f.exists() for f in files)}


@pytest.fixture(scope="session", autouse=True)
def _prepared() -> None:
    prepare()


@pytest.fixture(scope="session")
def capture() -> list[SourceFile]:
    """A small head with a white and a polarised texture and one overlay."""
    polarised = support.skin(256).point(lambda level: level // 2)
    redness = support.skin(512).getchannel("R")
    return [
        support.mesh(support.obj_bytes(8000)),
        support.material(b"newmtl skin\nmap_Kd scan.jpg\n"),
        support.texture(support.image_bytes(polarised, "PNG"), "polarised"),
        support.texture(support.image_bytes(support.skin(1024), "JPEG"), "white"),
        support.overlay(support.image_bytes(redness, "PNG"), "redness"),
    ]


def source_files(paths: tuple[Path, ...]) -> list[SourceFile]:
    """A real scan's files as a capture."""
    return [
        SourceFile(path.name, _KINDS[path.suffix], None, None, path.read_bytes()) for path in paths
    ]
