"""Ways of writing the same thing that real exporters use, read without a child process."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from scans.conversion import ConversionError, ErrorCode, images, obj

from . import support
from .support import loaded

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nvn 0 0 1\n"


def read(text: str) -> obj.ObjFile:
    return obj.read(text.encode(), most=1000)


@pytest.mark.parametrize(
    "faces",
    [
        "f 1 2 3 4",
        "f 1/1 2/2 3/3 4/4",
        "f 1//1 2//1 3//1 4//1",
        "f 1/1/1 2/2/1 3/3/1 4/4/1",
        "f -4/-4/-1 -3/-3/-1 -2/-2/-1 -1/-1/-1",
        "f 1 2 3\nf 1 3 4",
        "f 1 2 \\\n 3 4",
        "  f\t1 2 3 4  ",
        "f 1 2 3 4\r",
        "usemtl a\ng left\nf 1 2 3\ns off\no other\nusemtl b\nf 1 3 4",
        "f 1 2 3 4\n# v nan f 9 9 9\nl 1 2\np 1",
    ],
)
def test_an_obj_square_is_two_triangles_however_it_is_written(faces: str) -> None:
    assert len(read(SQUARE + faces).triangles) == 2
    mesh = loaded((SQUARE + faces).encode()).mesh
    assert len(mesh.faces) == 2
    assert np.allclose(mesh.normals, [0, 0, 1], atol=1e-3)


@pytest.mark.parametrize(
    "faces",
    [
        "f 1 2 5",
        "f 1/5 2/1 3/1",
        "f 1//2 2//1 3//1",
        "f -5 1 2",
        "f 1 2",
        "f 1/1/1/1 2 3",
        "f /1 2 3",
        "f 1-2 2 3",
        "f 1.0 2 3",
        "f 1 2 3x",
        "f 1 2 12345678901",
        "f -1 -2 -3\nv 0 0 0\nf - 1 2",
    ],
)
def test_an_obj_face_that_points_nowhere_is_refused(faces: str) -> None:
    with pytest.raises(ConversionError) as caught:
        read(SQUARE + faces)
    assert caught.value.code is ErrorCode.UNREADABLE_MESH


def test_a_relative_index_counts_from_its_own_line() -> None:
    assert read("v 0 0 0\nv 1 0 0\nv 0 1 0\nf -1 -2 -3\nv 0 0 1\nf -4 -3 -1\n").triangles.shape == (
        2,
        3,
    )
    with pytest.raises(ConversionError):
        read("v 0 0 0\nv 1 0 0\nf -1 -2 -3\nv 0 1 0\n")


def test_numbers_may_have_exponents() -> None:
    mesh = loaded(b"v 0e0 0 0\nv 1.5E+02 0 0\nv 0 1.5e-02 0\nf 1 2 3\n").mesh
    assert np.allclose(np.ptp(mesh.positions, axis=0), [150, 0.015, 0])


def test_vertex_colours_of_an_obj_become_linear() -> None:
    mesh = loaded(b"v 0 0 0 1 0 0\nv 1 0 0 0.5 0 0\nv 0 1 0 0 0 0\nf 1 2 3\n").mesh
    assert mesh.colors is not None
    assert sorted(mesh.colors[:, 0] / 65535) == pytest.approx([0, 0.214, 1], abs=0.01)


def test_vertex_colours_may_be_bytes() -> None:
    mesh = loaded(b"v 0 0 0 255 0 0\nv 1 0 0 128 0 0\nv 0 1 0 0 0 0\nf 1 2 3\n").mesh
    assert mesh.colors is not None
    assert sorted(mesh.colors[:, 0] / 65535) == pytest.approx([0, 0.2158, 1], abs=0.001)


def test_old_line_ends_and_third_texture_coordinates_are_read() -> None:
    text = "v 0 0 0 1\nv 1 0 0 1\nv 0 1 0 1\nvt 0 0 0\nvt 1 0 0\nvt 0 1 0\nf 1/1 2/2 3/3\n"
    for end in ("\n", "\r\n", "\r", "\n\n", " \n\t"):
        mesh = loaded(text.replace("\n", end).encode()).mesh
        assert mesh.uv is not None
        assert mesh.positions.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
        assert mesh.uv.tolist() == [[0, 1], [1, 1], [0, 0]]
        assert mesh.colors is None


def test_corners_without_coordinates_or_normals_go_beside_others_with_them() -> None:
    raw = loaded((SQUARE + "f 1/1/1 2/2/1 3/3/1\nf 1 3 4").encode()).raw
    assert raw.uv is not None
    assert raw.uv[raw.faces[0]].tolist() == [[0, 1], [1, 1], [1, 0]]
    assert raw.normals is not None
    assert np.allclose(raw.normals, [0, 0, 1])


def test_a_position_has_a_vertex_for_each_of_its_texture_coordinates() -> None:
    raw = loaded((SQUARE + "f 1/1 2/2 3/3\nf 1/2 3/4 4/4").encode()).raw
    assert len(raw.positions) == 6
    assert raw.uv is not None
    assert raw.uv[raw.faces].tolist() == [[[0, 1], [1, 1], [1, 0]], [[1, 1], [0, 0], [0, 0]]]
    assert raw.positions[raw.faces[:, 0]].tolist() == [[0, 0, 0], [0, 0, 0]]


def test_a_polygon_of_any_size_becomes_a_fan() -> None:
    corners = 5000
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    vertices = "".join(f"v {np.cos(a):.6f} {np.sin(a):.6f} 0\n" for a in angles)
    text = vertices + "f " + " ".join(str(i + 1) for i in range(corners)) + "\n"
    mesh = loaded(text.encode()).mesh
    assert len(mesh.faces) == corners - 2
    assert np.allclose(mesh.normals, [0, 0, 1])


def test_relative_indices_count_over_blocks_of_text() -> None:
    count = 40_000  # more than a block holds
    text = "".join(
        f"v {i} {i % 7} 0\nv {i} {i % 7} 1\nv {i}.5 3 0.5\nf -1 -2 -3\n" for i in range(count)
    )
    file = obj.read(text.encode(), most=count)
    v, _, _ = file.corners
    assert np.array_equal(v.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3)[:, ::-1])


def test_materials_change_over_blocks_of_text() -> None:
    faces = "f 1 2 3\n" * 70_000
    text = "v 0 0 0\nv 1 0 0\nv 0 1 0\n" + faces + "usemtl a\n" + faces + "usemtl b\n" + faces
    file = obj.read(text.encode(), most=1_000_000)
    assert file.names == (b"a", b"b")
    assert np.bincount(file.materials + 1).tolist() == [70_000] * 3


def test_obj_ply_and_glb_of_one_head_agree() -> None:
    read = [
        loaded(support.obj_bytes(2000)),
        loaded(support.ply_bytes(2000, colored=False)),
        loaded(support.head_glb(2000)),
    ]
    assert len({len(each.raw.faces) for each in read}) == 1
    assert len({len(each.mesh.faces) for each in read}) == 1
    sizes = [np.ptp(each.mesh.positions, axis=0) for each in read]
    assert np.allclose(sizes[0], sizes[1], atol=1e-3)
    assert np.allclose(sizes[0], sizes[2] * 1000, atol=1e-3)
    assert read[0].mesh.uv is not None
    assert read[2].mesh.uv is not None
    order = [np.lexsort(each.mesh.uv.T) for each in (read[0], read[2]) if each.mesh.uv is not None]
    assert np.allclose(read[0].mesh.uv[order[0]], read[2].mesh.uv[order[1]], atol=1e-5)


@pytest.mark.parametrize(
    ("image", "mode"),
    [
        (Image.fromarray(np.full((8, 8), 51 * 257, np.uint16)), "L"),
        (Image.new("L", (8, 8), 51), "L"),
        (Image.new("LA", (8, 8), (102, 128)), "L"),
        (Image.new("RGB", (8, 8), (51, 51, 51)), "RGB"),
        (Image.new("RGBA", (8, 8), (102, 102, 102, 128)), "RGB"),
        (Image.new("L", (8, 8), 51).convert("P"), "RGB"),
    ],
    ids=["16 bits", "grey", "grey with alpha", "colour", "colour with alpha", "palette"],
)
def test_every_way_of_storing_an_overlay_gives_its_level(image: Image.Image, mode: str) -> None:
    decoded = images.decode_overlay(support.image_bytes(image, "PNG"), size=64)
    assert decoded.mode == mode
    assert np.abs(np.asarray(decoded).astype(int) - 51).max() <= 1


def test_a_texture_in_cmyk_becomes_rgb() -> None:
    data = support.image_bytes(support.skin(64).convert("CMYK"), "JPEG")
    assert images.decode_texture(data, size=32).mode == "RGB"
    assert images.decode_texture(data, size=32).size == (32, 32)
