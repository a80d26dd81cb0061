"""Captures from folders: the right mesh, its material and texture, values that never change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dermalia.sandbox.isemeco import captured_from_folder, captures_from_folder
from dermalia.sandbox.isemeco.folder import METRICS, ZONES

POLYGONS = b"ply\nformat ascii 1.0\nelement vertex 3\nelement face 1\nend_header\n"
CLOUD = POLYGONS.replace(b"face 1", b"face 0")
SCANS = Path(os.environ.get("DERMALIA_SCANS", Path(__file__).parents[3] / "shared" / "scans"))


def fill(folder: Path, **files: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("_", ".", 1)).write_bytes(content)
    return folder


def names(folder: Path) -> list[tuple[str, str]]:
    return [(file.name, file.kind) for file in captured_from_folder(folder).files]


OBJ = b"mtllib ./skin.mtl\r\nv 0 0 0\n"
MTL = b"newmtl a\n  map_Kd C:\\tex\\skin.jpg\n"


def test_a_textured_obj_comes_before_everything(tmp_path: Path) -> None:
    fill(tmp_path, face_obj=OBJ, skin_mtl=MTL, skin_jpg=b"j", other_jpg=b"o", big_glb=b"x" * 9999)
    assert names(tmp_path) == [
        ("face.obj", "mesh"),
        ("skin.mtl", "material"),
        ("skin.jpg", "texture"),
    ]


def test_a_glb_comes_before_an_obj_without_texture(tmp_path: Path) -> None:
    fill(tmp_path, face_obj=OBJ, face_glb=b"glTF", face_ply=POLYGONS)
    assert names(tmp_path) == [("face.glb", "mesh")]


def test_the_larger_of_two_equals_wins(tmp_path: Path) -> None:
    fill(tmp_path, small_glb=b"x", large_glb=b"xx")
    assert names(tmp_path) == [("large.glb", "mesh")]


def test_a_texture_the_material_misses_is_guessed_by_name(tmp_path: Path) -> None:
    fill(tmp_path, face_obj=OBJ, skin_mtl=b"newmtl a\n", normal_png=b"n", colour_png=b"c")
    assert ("colour.png", "texture") in names(tmp_path)


def test_an_obj_alone_is_a_scan_too(tmp_path: Path) -> None:
    assert names(fill(tmp_path, face_obj=b"v 0 0 0\n")) == [("face.obj", "mesh")]


def test_a_ply_needs_faces(tmp_path: Path) -> None:
    fill(tmp_path, cloud_ply=CLOUD)
    with pytest.raises(ValueError, match="no OBJ, GLB or PLY"):
        captured_from_folder(tmp_path)
    fill(tmp_path, face_ply=POLYGONS)
    assert names(tmp_path) == [("face.ply", "mesh")]


def test_a_folder_of_folders_gives_each_its_name(tmp_path: Path) -> None:
    fill(tmp_path / "b", face_glb=b"b")
    fill(tmp_path / "a", face_glb=b"a")
    fill(tmp_path / "notes", readme_txt=b"")
    assert list(captures_from_folder(tmp_path)) == ["a", "b"]
    assert list(captures_from_folder(tmp_path / "a")) == ["a"]


def test_no_scan_and_no_folder_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="or right under it"):
        captures_from_folder(tmp_path)
    with pytest.raises(NotADirectoryError):
        captures_from_folder(tmp_path / "missing")


def test_made_up_values_depend_on_the_mesh_alone(tmp_path: Path) -> None:
    one = captured_from_folder(fill(tmp_path / "a", face_glb=b"one"))
    same = captured_from_folder(fill(tmp_path / "b", other_glb=b"one"))
    other = captured_from_folder(fill(tmp_path / "c", face_glb=b"two"))
    assert one.measurements == same.measurements != other.measurements
    assert len(one.measurements) == len(METRICS) * len(ZONES)
    assert all(15 <= measure.value <= 85 for measure in one.measurements)


@pytest.mark.skipif(not SCANS.is_dir(), reason="no folder of real scans here")
def test_real_scans_are_found_whole() -> None:
    captures = captures_from_folder(SCANS)
    mannequin = {file.name: file.kind for file in captures["mannequin"].files}
    assert mannequin == {
        "sven_mesh.obj": "mesh",
        "sven_mesh.mtl": "material",
        "sven_texture.jpg": "texture",
    }
    assert [file.kind for file in captures["ict_neutral"].files] == ["mesh", "material"]
