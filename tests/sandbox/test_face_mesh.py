"""The synthetic bust is a sound closed surface of a human head."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from trimesh.visual import TextureVisuals

from dermalia.sandbox.face import Capture, make_capture
from dermalia.sandbox.face.obj import corners, grid_size, weld
from dermalia.sandbox.face.shape import sculpt
from dermalia.sandbox.face.traits import draw_traits


@pytest.fixture(scope="module")
def capture() -> Capture:
    return make_capture(seed=11, triangles=10_000, texture_size=256, overlay_size=128)


@pytest.fixture(scope="module")
def mesh() -> trimesh.Trimesh:
    rows, columns = grid_size(20_000)
    vertices, triangles = weld(sculpt(draw_traits(11).shape, rows=rows, columns=columns))
    return trimesh.Trimesh(vertices, triangles, process=False)


@pytest.fixture(scope="module")
def loaded(capture: Capture, tmp_path_factory: pytest.TempPathFactory) -> trimesh.Trimesh:
    """The files as another program reads them."""
    folder = tmp_path_factory.mktemp("scan")
    for file in capture.files:
        (folder / file.name).write_bytes(file.data)
    return trimesh.load_mesh(folder / "scan.obj", process=False)


@pytest.mark.parametrize("asked", [2_000, 4_000, 20_000, 77_777, 200_000])
def test_the_triangle_count_is_within_three_per_cent_of_the_count_asked_for(asked: int) -> None:
    assert len(corners(*grid_size(asked))) == pytest.approx(asked, rel=0.03)


def test_the_surface_is_closed_and_faces_outwards(mesh: trimesh.Trimesh) -> None:
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.euler_number == 2
    assert mesh.volume > 0


def test_no_triangle_is_degenerate_and_every_number_is_finite(mesh: trimesh.Trimesh) -> None:
    assert np.isfinite(mesh.vertices).all()
    assert mesh.area_faces.min() > 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_a_head_has_human_measures_in_millimetres_whatever_the_seed(seed: int) -> None:
    rows, columns = grid_size(8_000)
    vertices, _ = weld(sculpt(draw_traits(seed).shape, rows=rows, columns=columns))
    x, y, z = vertices.T
    skull = np.abs(vertices[y > 30])
    assert 140 < 2 * skull[:, 0].max() < 170
    assert 105 < y.max() < 120
    assert 180 < z[y > 20].max() - z[y > 20].min() < 215

    tip = vertices[np.where(y > -100, z, -np.inf).argmax()]
    assert abs(tip[0]) < 3
    assert -55 < tip[1] < -30
    middle = (np.abs(x) < 6) & (z > 0)
    assert tip[2] > z[middle & (y < -60) & (y > -120)].max() + 10, "the nose stands off the chin"


def test_the_obj_text_opens_in_trimesh_with_its_texture(
    capture: Capture, loaded: trimesh.Trimesh
) -> None:
    assert len(loaded.faces) == capture.triangles
    assert isinstance(loaded.visual, TextureVisuals)
    uv = loaded.visual.uv
    assert uv.min() >= 0.0
    assert uv.max() <= 1.0
    assert loaded.visual.material.image.size == (256, 256)
    assert np.linalg.norm(loaded.vertex_normals, axis=1) == pytest.approx(1.0, abs=1e-3)


def test_normals_in_the_file_point_the_way_the_triangles_do(loaded: trimesh.Trimesh) -> None:
    given = loaded.vertex_normals[loaded.faces].mean(axis=1)
    agree = (given * loaded.face_normals).sum(axis=1) > 0
    assert agree.mean() > 0.995


def test_the_atlas_gives_most_of_its_room_to_the_face(loaded: trimesh.Trimesh) -> None:
    _, y, z = loaded.triangles_center.T
    face = (z > 10) & (y > -119) & (y < 65)
    assert isinstance(loaded.visual, TextureVisuals)
    u, v = loaded.visual.uv[loaded.faces].transpose(2, 0, 1)
    room = 0.5 * np.abs(
        (u[:, 1] - u[:, 0]) * (v[:, 2] - v[:, 0]) - (u[:, 2] - u[:, 0]) * (v[:, 1] - v[:, 0])
    )
    share_of_surface = loaded.area_faces[face].sum() / loaded.area
    share_of_room = room[face].sum() / room.sum()
    assert share_of_room > 1.8 * share_of_surface
