"""glTF as phone apps and modelling programs write it: one square in all its forms."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scans.conversion import ConversionError, ErrorCode, SourceFile
from scans.conversion.raw import RawMesh

from . import support
from .exporters import BLUE, CORNERS, FACES, POINTS, RED, GltfMaker, named_texture
from .support import loaded
from .test_coats import colors_seen, dressed

ROOT = Path(__file__).resolve().parents[2]


def corners_of(raw: RawMesh) -> list[tuple[float, ...]]:
    """Position and texture coordinates at every corner, in a canonical order."""
    assert raw.uv is not None
    rows = np.column_stack([raw.positions, raw.uv])[raw.faces]
    triangles = [tuple(np.roll(t, -np.lexsort(t.T[::-1])[0], axis=0).ravel()) for t in rows]
    return sorted(tuple(np.round(each, 5).tolist()) for each in triangles)


def square() -> list[tuple[float, ...]]:
    return corners_of(
        RawMesh(POINTS, FACES.reshape(-1, 3).astype(np.uint32), uv=CORNERS.astype(np.float32))
    )


def of(make: Callable[[GltfMaker], Any]) -> GltfMaker:
    maker = GltfMaker()
    make(maker)
    return maker


def strip(maker: GltfMaker) -> None:
    maker.square(mode=5, indices=maker.array(np.array([1, 2, 0, 3], "<u2")))


def fan(maker: GltfMaker) -> None:
    maker.square(mode=6, indices=maker.array(np.array([0, 1, 2, 3], "u1")))


def unindexed(maker: GltfMaker) -> None:
    primitive = maker.square()
    del primitive["indices"]
    primitive["attributes"] = {
        "POSITION": maker.array(POINTS[FACES]),
        "TEXCOORD_0": maker.array(CORNERS[FACES]),
    }


def normalized(maker: GltfMaker) -> None:
    primitive = maker.square()
    uv = maker.array((CORNERS * 255).astype("u1"), normalized=True)
    primitive["attributes"]["TEXCOORD_0"] = uv


def interleaved(maker: GltfMaker) -> None:
    primitive = maker.square()
    view = maker.view(np.column_stack([POINTS, CORNERS]).astype("<f4").tobytes(), byteStride=20)
    for offset, (name, kind) in ((0, ("POSITION", "VEC3")), (12, ("TEXCOORD_0", "VEC2"))):
        maker.tree["accessors"].append(
            {"bufferView": view, "byteOffset": offset, "componentType": 5126, "count": 4}
            | {"type": kind}
        )
        primitive["attributes"][name] = len(maker.tree["accessors"]) - 1


def sparse(maker: GltfMaker) -> None:
    primitive = maker.square()
    accessor = maker.tree["accessors"][primitive["attributes"]["POSITION"]]
    del accessor["bufferView"]
    accessor["sparse"] = {
        "count": 3,
        "indices": {"bufferView": maker.view(b"\x01\x02\x03"), "componentType": 5121},
        "values": {"bufferView": maker.view(POINTS[1:].tobytes())},
    }


def second_coordinates(maker: GltfMaker) -> None:
    primitive = maker.square(material=maker.material(maker.embedded(RED), texCoord=1))
    attributes = primitive["attributes"]
    attributes["TEXCOORD_1"] = attributes["TEXCOORD_0"]
    attributes["TEXCOORD_0"] = maker.array(np.zeros_like(CORNERS))


def moved_coordinates(maker: GltfMaker) -> None:
    transform = {"offset": [0.5, 0], "scale": [0.5, 2.0]}
    use = {"extensions": {"KHR_texture_transform": transform}}
    primitive = maker.square(material=maker.material(maker.embedded(RED), **use))
    stored = (CORNERS - np.array([0.5, 0])) / np.array([0.5, 2.0])
    primitive["attributes"]["TEXCOORD_0"] = maker.array(stored.astype("<f4"))


def turned_coordinates(maker: GltfMaker) -> None:
    use = {"extensions": {"KHR_texture_transform": {"rotation": np.pi / 2, "offset": [0, 1]}}}
    primitive = maker.square(material=maker.material(maker.embedded(RED), **use))
    stored = np.column_stack([1 - CORNERS[:, 1], CORNERS[:, 0]])
    primitive["attributes"]["TEXCOORD_0"] = maker.array(stored.astype("<f4"))


def draco(maker: GltfMaker) -> None:
    maker.draco(maker.square())


def placed(maker: GltfMaker) -> None:
    primitive = maker.square()
    maker.tree["nodes"] = [
        {"children": [1], "translation": [1, 2, 3]},
        {"mesh": 0, "rotation": [0, 0, np.sqrt(0.5), np.sqrt(0.5)], "scale": [2, 2, 2]},
    ]
    # Undo: from (p - t) turned back by a quarter about Z and halved.
    away = (POINTS - np.array([1, 2, 3])) / 2
    stored = np.column_stack([away[:, 1], -away[:, 0], away[:, 2]])
    primitive["attributes"]["POSITION"] = maker.array(stored.astype("<f4"))


def mirrored(maker: GltfMaker) -> None:
    primitive = maker.square()
    maker.tree["nodes"] = [{"mesh": 0, "matrix": [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]}]
    primitive["attributes"]["POSITION"] = maker.array(POINTS * np.array([-1, 1, 1], "<f4"))
    primitive["indices"] = maker.array(FACES.reshape(-1, 3)[:, ::-1].ravel().copy())


def two_primitives(maker: GltfMaker) -> None:
    for part in (FACES[:3], FACES[3:]):
        maker.square(indices=maker.array(part))


def with_points_and_lines(maker: GltfMaker) -> None:
    for mode in (0, 1, 3, 4):
        maker.square(mode=mode)


def without_scenes(maker: GltfMaker) -> None:
    maker.square()
    del maker.tree["scenes"], maker.tree["scene"]


FORMS = [
    GltfMaker.square, strip, fan, unindexed, normalized, interleaved, sparse, second_coordinates,
    moved_coordinates, turned_coordinates, draco, placed, mirrored, two_primitives,
    with_points_and_lines, without_scenes,
]  # fmt: skip


@pytest.mark.parametrize("make", FORMS)
def test_a_square_is_a_square_however_it_is_written(make: Callable[[GltfMaker], Any]) -> None:
    maker = of(make)
    for data in (maker.glb(), maker.gltf()):
        raw = loaded(data).raw
        assert np.allclose(np.array(corners_of(raw)), np.array(square()), atol=1e-3)
        assert raw.normals is not None
        assert np.allclose(raw.normals, [0, 0, 1], atol=1e-5)


def test_data_and_images_may_lie_beside_under_their_bare_names() -> None:
    maker = of(lambda maker: maker.square(material=maker.material({"uri": "tex/My%20Skin.PNG"})))
    data = maker.gltf("../export/scan%20data.bin")
    side = SourceFile("Scan Data.bin", "material", None, None, bytes(maker.binary))
    skin = named_texture("my skin.png", RED)
    raw = loaded(data, side, skin).raw
    assert np.allclose(np.array(corners_of(raw)), np.array(square()), atol=1e-5)
    assert colors_seen(dressed(data, side, skin)) == {RED: 1.0}
    with pytest.raises(ConversionError) as caught:
        loaded(data, skin)
    assert caught.value.code is ErrorCode.SIDE_FILE_MISSING


def test_an_address_is_not_followed_and_its_image_is_missing() -> None:
    for uri in ("https://example.org/skin.png", "file:///etc/passwd", "c:\\skin.png"):
        maker = GltfMaker()
        maker.square(material=maker.material({"uri": uri}))
        result = dressed(maker.gltf())
        assert result.layers == ()
        assert result.mesh.notes == ("texture_missing",)


def test_several_materials_become_one_image() -> None:
    def make(maker: GltfMaker) -> None:
        for image in (maker.embedded(RED), maker.embedded(BLUE), None):
            maker.square(material=maker.material(image))

    seen = colors_seen(dressed(of(make).glb()))
    assert seen == {RED: pytest.approx(1 / 3), BLUE: pytest.approx(1 / 3), (0, 203, 0): 1 / 3}


def test_vertex_colours_are_linear_light() -> None:
    def make(maker: GltfMaker) -> None:
        colors = np.array([[1, 0, 0, 1]] * 4, "<f4")
        maker.square()["attributes"]["COLOR_0"] = maker.array(colors)
        half = np.array([[32768, 0, 0]] * 4, "<u2")
        maker.square()["attributes"]["COLOR_0"] = maker.array(half, normalized=True)

    mesh = loaded(of(make).glb()).mesh
    assert mesh.colors is not None
    assert np.unique(mesh.colors[:, 0]).tolist() == [32768, 65535]


def test_geometry_that_meshoptimizer_compressed_is_read(tmp_path: Path) -> None:
    def make(maker: GltfMaker) -> None:
        for image, part in ((maker.embedded(RED), FACES[:3]), (maker.embedded(BLUE), FACES[3:])):
            maker.square(material=maker.material(image), indices=maker.array(part))

    (tmp_path / "in.glb").write_bytes(of(make).glb())
    tool = ROOT / "node_modules" / "gltfpack" / "cli.js"
    options = ["-cc", "-noq", "-vtf"]
    subprocess.run(
        ["node", tool, "-i", "in.glb", "-o", "out.glb", *options],  # noqa: S607
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    data = (tmp_path / "out.glb").read_bytes()
    assert b"meshopt_compression" in data
    raw = loaded(data).raw
    assert np.allclose(np.array(corners_of(raw)), np.array(square()), atol=1e-3)
    assert colors_seen(dressed(data)) == {RED: 0.5, BLUE: 0.5}


@pytest.mark.parametrize(
    "change",
    [
        {"componentType": 5124},
        {"count": -1},
        {"count": 1 << 40},
        {"count": True},
        {"byteOffset": -4},
        {"bufferView": -1},
        {"type": "MAT4"},
        {"count": "4"},
        {"sparse": {"count": 1}},
    ],
)
def test_an_accessor_that_lies_is_refused(change: dict[str, Any]) -> None:
    maker = of(GltfMaker.square)
    maker.tree["accessors"][0] |= change
    with pytest.raises(ConversionError) as caught:
        loaded(maker.glb())
    assert caught.value.code in {ErrorCode.UNREADABLE_MESH, ErrorCode.TOO_LARGE}


@pytest.mark.parametrize(
    "uri", ["data:;base64,!!!", "data:", "data:;base64,AAAA", "x.bin", "http://127.0.0.1/x.bin"]
)
def test_a_buffer_out_of_reach_is_refused(uri: str) -> None:
    with pytest.raises(ConversionError) as caught:
        loaded(of(GltfMaker.square).gltf(uri))
    assert caught.value.code in {ErrorCode.UNREADABLE_MESH, ErrorCode.SIDE_FILE_MISSING}


def test_json_that_is_no_gltf_is_no_supported_format() -> None:
    with pytest.raises(ConversionError) as caught:
        loaded(b'{"name": "Demo"}')
    assert caught.value.code is ErrorCode.UNSUPPORTED_FORMAT


def test_too_many_instances_of_one_mesh_are_refused() -> None:
    maker = GltfMaker()
    points, _, faces = support.head(8000)
    maker.tree["meshes"][0]["primitives"] = [
        {"attributes": {"POSITION": maker.array(points.astype("<f4"))},
         "indices": maker.array(faces.astype("<u4").ravel())}
    ]  # fmt: skip
    maker.tree["nodes"] = [{"mesh": 0}] * 1000
    maker.tree["scenes"] = [{"nodes": list(range(1000))}]
    with pytest.raises(ConversionError) as caught:
        loaded(maker.glb())
    assert caught.value.code is ErrorCode.TOO_LARGE
