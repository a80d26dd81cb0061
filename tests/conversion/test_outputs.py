"""What comes out of a conversion, looked at as a viewer would."""

from __future__ import annotations

import io
from typing import Any

import DracoPy
import numpy as np
import pytest
from PIL import Image

from scans.conversion import Conversion, Output, Profile, SourceFile, convert, glb

from . import support
from .conftest import real_scans, source_files

MODERATE = Profile(triangles=4000, still_width=160, still_height=200)


@pytest.fixture(scope="module")
def converted(capture: list[SourceFile]) -> Conversion:
    return convert(capture, profile=MODERATE)


def the(conversion: Conversion, name: str) -> Output:
    return next(output for output in conversion.outputs if output.name == name)


def picture(output: Output) -> Image.Image:
    return Image.open(io.BytesIO(output.data))


def geometry(model: Output) -> tuple[dict[str, Any], bytes, Any]:
    """The GLB's tree, its binary chunk, and its decoded Draco mesh."""
    tree, binary = glb.split(model.data)
    primitive = tree["meshes"][0]["primitives"][0]
    view = tree["bufferViews"][primitive["extensions"]["KHR_draco_mesh_compression"]["bufferView"]]
    start = view["byteOffset"]
    return tree, binary, DracoPy.decode(binary[start : start + view["byteLength"]])


def redness(image: Image.Image) -> float:
    """The share of the picture that is clearly red."""
    pixels = np.asarray(image.convert("RGB")).astype(int)
    return float(((pixels[..., 0] > 120) & (pixels[..., 1] < 60)).mean())


def test_outputs_come_in_a_fixed_order_with_their_names_and_types(converted: Conversion) -> None:
    assert [
        (o.name, o.kind, o.view, o.light, o.metric, o.media_type) for o in converted.outputs
    ] == [
        ("model.glb", "model", None, None, None, "model/gltf-binary"),
        ("layer-polarised.avif", "layer", None, "polarised", None, "image/avif"),
        ("layer-white.avif", "layer", None, "white", None, "image/avif"),
        ("overlay-redness.avif", "overlay", None, None, "redness", "image/avif"),
        ("still-front.webp", "still", "front", None, None, "image/webp"),
        ("still-front-redness.webp", "still", "front", None, "redness", "image/webp"),
        ("still-left.webp", "still", "left", None, None, "image/webp"),
        ("still-right.webp", "still", "right", None, None, "image/webp"),
        ("still-left_side.webp", "still", "left_side", None, None, "image/webp"),
        ("still-right_side.webp", "still", "right_side", None, None, "image/webp"),
    ]


def test_the_mesh_is_simplified_to_the_number_of_triangles_asked_for(converted: Conversion) -> None:
    assert converted.triangles_in == 7656
    assert 3880 <= converted.triangles <= 4000
    _, _, mesh = geometry(the(converted, "model.glb"))
    assert len(mesh.faces) == converted.triangles


def test_the_model_stands_in_metres_around_the_origin(converted: Conversion) -> None:
    _, _, mesh = geometry(the(converted, "model.glb"))
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    assert np.allclose(low + high, 0, atol=2e-4)
    assert np.allclose(high - low, [0.160, 0.2316, 0.2049], atol=1e-3)


def test_the_source_transform_places_points_of_the_raw_scan_on_the_model(
    converted: Conversion,
) -> None:
    tree, _, mesh = geometry(the(converted, "model.glb"))
    matrix = np.array(tree["nodes"][0]["extras"]["sourceTransform"]).reshape(4, 4).T
    points, _, _ = support.head(8000)
    nose = points[np.argmax(points[:, 2])]
    placed = (matrix @ [*nose, 1])[:3]
    assert np.linalg.norm(mesh.points - placed, axis=1).min() < 0.003


def test_the_texture_lies_the_right_way_round_on_the_model(converted: Conversion) -> None:
    tree, binary, mesh = geometry(the(converted, "model.glb"))
    view = tree["bufferViews"][tree["images"][0]["bufferView"]]
    start = view["byteOffset"]
    image = Image.open(io.BytesIO(binary[start : start + view["byteLength"]])).convert("RGB")
    pixels = np.asarray(image).astype(int)
    columns, rows = (np.clip(mesh.tex_coord, 0, 1) * (image.width - 1)).astype(int).T
    seen = pixels[rows, columns]
    marked = mesh.points[(seen[:, 0] > 150) & (seen[:, 1] < 60)]
    assert len(marked) > 5
    assert (marked[:, 0] > 0.01).all()  # the subject's left
    assert (marked[:, 2] > 0).all()  # in front
    assert abs(marked[:, 1].mean()) < 0.03  # half way up


def test_the_model_wears_the_white_layer(converted: Conversion) -> None:
    assert the(converted, "layer-white.avif").data in the(converted, "model.glb").data
    assert the(converted, "layer-polarised.avif").data not in the(converted, "model.glb").data


def test_the_stills_show_the_subject_s_own_left_and_right(converted: Conversion) -> None:
    left, right = (redness(picture(the(converted, f"still-{v}.webp"))) for v in ("left", "right"))
    assert left > 0.005
    assert right < 0.0005


def test_the_stills_show_a_model_in_the_middle_of_a_light_background(converted: Conversion) -> None:
    still = picture(the(converted, "still-front.webp")).convert("L")
    assert still.size == (160, 200)
    pixels = np.asarray(still)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert border.min() > 205
    assert 80 < pixels[70:130, 50:110].mean() < 200


def test_an_overlay_keeps_its_levels(converted: Conversion, capture: list[SourceFile]) -> None:
    source = Image.open(io.BytesIO(capture[-1].data)).convert("L")
    result = picture(the(converted, "overlay-redness.avif")).convert("L")
    assert result.size == source.size
    difference = np.asarray(result).astype(int) - np.asarray(source)
    assert np.abs(difference).mean() < 4


def test_the_same_files_give_the_same_bytes(
    converted: Conversion, capture: list[SourceFile]
) -> None:
    assert convert(capture, profile=MODERATE) == converted


def test_webp_can_be_chosen_for_old_browsers(capture: list[SourceFile]) -> None:
    profile = Profile(
        triangles=4000, texture_size=256, still_width=80, still_height=100, image_format="webp"
    )
    result = convert(capture, profile=profile)
    assert {o.media_type for o in result.outputs} == {"model/gltf-binary", "image/webp"}
    tree, _ = glb.split(the(result, "model.glb").data)
    assert "EXT_texture_webp" in tree["extensionsRequired"]
    assert picture(the(result, "layer-white.webp")).size == (256, 256)


def test_vertex_colours_become_linear_and_are_seen() -> None:
    result = convert([support.mesh(support.ply_bytes(8000, colored=True))], profile=support.QUICK)
    tree, _, mesh = geometry(the(result, "model.glb"))
    assert tree["meshes"][0]["primitives"][0]["attributes"].keys() == {
        "POSITION",
        "NORMAL",
        "COLOR_0",
    }
    colors = next(a["data"] for a in mesh.attributes if a.get("name") == "colors")
    # sRGB 200 and 205 are 0.5776 and 0.6105 in linear light.
    assert np.unique(colors[:, 0]) / 65535 == pytest.approx([0.5776, 0.6105], abs=0.002)
    assert redness(picture(the(result, "still-left.webp"))) > 0.2


def test_a_glb_brings_its_own_texture() -> None:
    image = support.image_bytes(support.skin(512), "JPEG")
    result = convert([support.mesh(support.head_glb(8000, image))], profile=support.QUICK)
    assert [output.name for output in result.outputs][:2] == ["model.glb", "layer-white.avif"]
    assert redness(picture(the(result, "still-left.webp"))) > 0.005


def test_a_mesh_without_a_texture_is_shown_in_plaster() -> None:
    result = convert([support.mesh(support.obj_bytes(8000, quads=True))], profile=support.QUICK)
    assert [output.kind for output in result.outputs] == ["model", *["still"] * 5]
    tree, _ = glb.split(the(result, "model.glb").data)
    assert "images" not in tree
    assert tree["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"][3] == 1


def test_the_synthetic_face_of_the_sandbox_is_converted() -> None:
    from dermalia.sandbox.face import make_capture

    made = make_capture(seed=1, triangles=20_000, texture_size=512, overlay_size=256)
    files = [SourceFile(f.name, f.kind, f.light, f.metric, f.data) for f in made.files]
    result = convert(files, profile=support.QUICK)
    assert result.triangles_in == made.triangles
    kinds = [output.kind for output in result.outputs]
    assert kinds.count("layer") == sum(f.kind == "texture" for f in made.files)
    assert kinds.count("overlay") == sum(f.kind == "overlay" for f in made.files)


@pytest.mark.parametrize("paths", real_scans().values(), ids=real_scans().keys())
def test_a_real_scan_is_converted_without_losing_triangles(paths: tuple[Any, ...]) -> None:
    files = source_files(paths)
    result = convert(files, profile=Profile(still_width=80, still_height=100))
    assert result.triangles_in > 15_000
    assert 0.99 * result.triangles_in <= result.triangles <= result.triangles_in


def test_simplification_keeps_vertices_of_the_source_exactly(capture: list[SourceFile]) -> None:
    loaded = support.loaded(capture[0].data, target=2000)
    points, _, _ = support.head(8000)
    source = {tuple(point) for point in np.round(points, 4).astype(np.float32)}
    assert {tuple(point) for point in loaded.mesh.positions} <= source
