"""PLY in its three encodings, with the properties that scanners and MeshLab write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scans.conversion import ConversionError, ErrorCode

from .exporters import BLUE, CORNERS, POINTS, RED, named_texture, ply
from .support import loaded
from .test_coats import colors_seen, dressed

ORDERS = ["ascii", "<", ">"]
XYZ = [("float", "x"), ("float", "y"), ("float", "z")]
INDICES = "list uchar int vertex_indices"
TRIANGLES: list[Any] = [[[0, 1, 2]], [[0, 2, 3]]]
SQUARE = POINTS.tolist()
FROM_BELOW = [(u, 1 - v) for u, v in CORNERS.tolist()]


def square(order: str, **changes: Any) -> bytes:
    parts = {"vertex": XYZ, "rows": SQUARE, "face": [INDICES], "faces": TRIANGLES}
    return ply(order, **{**parts, **changes})


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("face", "faces"),
    [
        ([INDICES], TRIANGLES),
        (["list uchar uint vertex_index"], [[[0, 1, 2, 3]]]),
        (["uchar flags", INDICES, "float quality"], [[7, [0, 1, 2], 0.5], [7, [0, 2, 3], 0.25]]),
        (["list uchar float weights", INDICES], [[[], [0, 1, 2]], [[0.5, 1.0], [0, 2, 3]]]),
        ([INDICES], [[[0, 1]], [[0, 1, 2]], [[0, 2, 3]], [[]]]),
    ],
)
def test_a_square_is_two_triangles(order: str, face: list[str], faces: list[Any]) -> None:
    mesh = loaded(square(order, face=face, faces=faces)).mesh
    assert np.array_equal(mesh.positions[mesh.faces], POINTS[[[0, 1, 2], [0, 2, 3]]])
    assert np.allclose(mesh.normals, [0, 0, 1])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("names", [("s", "t"), ("u", "v"), ("texture_u", "texture_v")])
def test_texture_coordinates_of_vertices(order: str, names: tuple[str, str]) -> None:
    vertex = [*XYZ, ("double", "quality"), *(("float", name) for name in names)]
    rows = [[*point, 1.5, *uv] for point, uv in zip(SQUARE, FROM_BELOW, strict=True)]
    mesh = loaded(square(order, vertex=vertex, rows=rows)).mesh
    assert mesh.uv is not None
    assert np.allclose(mesh.uv, CORNERS)


@pytest.mark.parametrize("order", ORDERS)
def test_texture_coordinates_of_faces_and_their_texture_files(order: str) -> None:
    face = [INDICES, "list uchar float texcoord", "int texnumber"]
    ring = [value for uv in FROM_BELOW for value in uv]
    faces = [
        [[0, 1, 2], ring[:6], 0],
        [[0, 2, 3], ring[:2] + ring[4:], 1],
    ]
    data = square(order, face=face, faces=faces).replace(
        b"comment made for a test", b"comment TextureFile a.png\ncomment TextureFile sub/b.png"
    )
    mesh = loaded(data).mesh
    assert mesh.uv is not None
    assert np.allclose(mesh.uv[mesh.faces], CORNERS[[[0, 1, 2], [0, 2, 3]]])
    result = dressed(data, named_texture("a.png", RED), named_texture("b.png", BLUE))
    assert colors_seen(result) == {RED: 0.5, BLUE: 0.5}


@pytest.mark.parametrize(
    ("kind", "full"), [("uchar", 255), ("ushort", 65535), ("float", 1.0), ("float", 255.0)]
)
@pytest.mark.parametrize("order", ORDERS)
def test_vertex_colours_in_bytes_words_and_fractions(order: str, kind: str, full: float) -> None:
    vertex = [*XYZ, *((kind, name) for name in ("red", "green", "blue"))]
    rows = [[*point, full, 0, 0] for point in SQUARE]
    mesh = loaded(square(order, vertex=vertex, rows=rows)).mesh
    assert mesh.colors is not None
    assert mesh.colors.tolist() == [[65535, 0, 0]] * 4


def test_ascii_lines_may_end_as_on_any_system() -> None:
    for end in (b"\r\n", b"\r"):
        assert len(loaded(square("ascii").replace(b"\n", end)).mesh.faces) == 2


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"element vertex 4", b"element vertex 40"),
        (b"element face 2", b"element face 4000000000"),
        (b"element face 2", b"element face -2"),
        (b"property float x", b"property text x"),
        (b"property float x", b"property float q"),
        (b"list uchar int", b"list float int"),
        (b" 1.0\n", b" 2.0\n"),
        (b"end_header", b"end_headr"),
        (b"comment", b"remark"),
    ],
)
def test_a_header_that_lies_is_refused(order: str, old: bytes, new: bytes) -> None:
    data = square(order)
    assert old in data
    with pytest.raises(ConversionError) as caught:
        loaded(data.replace(old, new, 1))
    assert caught.value.code in {ErrorCode.UNREADABLE_MESH, ErrorCode.EMPTY_MESH}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("faces", [[[[0, 1, 4]]], [[[0, 1, -1]]]])
def test_a_face_that_points_nowhere_is_refused(order: str, faces: list[Any]) -> None:
    with pytest.raises(ConversionError) as caught:
        loaded(square(order, faces=faces))
    assert caught.value.code is ErrorCode.UNREADABLE_MESH


def test_every_way_of_cutting_a_file_off_is_an_error_or_the_whole_mesh() -> None:
    for order in ORDERS:
        data = square(order, faces=[[[0, 1, 2]], [[0, 2, 3, 1]], [[1, 2, 3]]])
        for length in range(3, len(data)):
            try:
                mesh = loaded(data[:length]).mesh
            except ConversionError:
                continue
            assert order == "ascii"
            assert length == len(data) - 1
            assert len(mesh.faces) == 4
