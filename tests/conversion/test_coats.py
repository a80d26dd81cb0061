"""Several materials and images become one: every triangle keeps its colour."""

from __future__ import annotations

import io
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from scans.conversion import ConversionError, ErrorCode, Limits, SourceFile, coats, convert, meshes
from scans.conversion.notes import Note

from . import support
from .exporters import BLUE, GREEN, RED, named_texture
from .support import material, mesh

SIZE = 512
# Two squares side by side, each over the whole of its image.
SQUARES = (
    b"v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 2 0 0\nv 2 1 0\n"
    b"vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
    b"usemtl left\nf 1/1 2/2 3/3 4/4\nusemtl right\nf 2/1 5/2 6/3 3/4\n"
)
BOTH = b"newmtl left\nmap_Kd a.png\nnewmtl right\nmap_Kd b.png\n"


def dressed(data: bytes, *others: SourceFile, with_overlay: bool = False) -> coats.Dressed:
    raw = meshes.read(mesh(data), others, Limits())
    textures = [file for file in others if file.kind == "texture"]
    return coats.dress(raw, textures, others=with_overlay)


def colors_seen(result: coats.Dressed, layer: int = 0) -> dict[tuple[int, ...], float]:
    """The shares of the triangles that show each colour, over all of their area, with a filter
    as large as a texel of a picture eight times smaller."""
    raw = result.mesh
    assert raw.uv is not None
    image = result.layers[layer].picture.decode(size=SIZE)
    small = image.resize((image.width // 8, image.height // 8), Image.Resampling.BOX)
    seen: Counter[tuple[int, ...]] = Counter()
    for weights in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0.4, 0.3, 0.3)):
        for uv in np.einsum("c,mcu->mu", weights, raw.uv[raw.faces]):
            for picture in (image, small):
                seen[sampled(picture, uv)] += 1
    return {color: count / seen.total() for color, count in seen.items()}


def sampled(image: Image.Image, uv: np.ndarray) -> tuple[int, ...]:
    column, row = np.minimum((uv * image.size).astype(int), np.array(image.size) - 1)
    pixel = image.getpixel((int(column), int(row)))
    assert isinstance(pixel, tuple)
    return pixel


def half(*colors: tuple[int, int, int]) -> dict[tuple[int, ...], float]:
    return {color: 1 / len(colors) for color in colors}


def test_two_images_become_one_atlas_without_bleeding() -> None:
    result = dressed(
        SQUARES, material(BOTH), named_texture("a.png", RED), named_texture("b.png", BLUE)
    )
    assert colors_seen(result) == half(RED, BLUE)
    assert [layer.label for layer in result.layers] == ["white"]
    assert result.mesh.notes == ()


def test_each_part_of_an_image_keeps_its_place_in_the_atlas() -> None:
    quarters = Image.new("RGB", (64, 64), RED)
    quarters.paste(GREEN, (32, 0, 64, 32))
    quarters.paste(BLUE, (0, 32, 32, 64))
    files = [
        SourceFile("a.png", "texture", None, None, support.image_bytes(quarters, "PNG")),
        named_texture("b.png", BLUE),
    ]
    result = dressed(SQUARES, material(BOTH), *files)
    image = result.layers[0].picture.decode(size=SIZE)
    raw = result.mesh
    assert raw.uv is not None
    left = raw.uv[np.unique(raw.faces[:2])]
    low, high = left.min(axis=0), left.max(axis=0)
    at = {share: tuple(low + (high - low) * share) for share in ((0.25, 0.25), (0.75, 0.25))}
    assert sampled(image, np.array(at[0.25, 0.25])) == RED
    assert sampled(image, np.array(at[0.75, 0.25])) == GREEN  # top right: u = 1, v = 1 in OBJ
    assert sampled(image, low + (high - low) * (0.25, 0.75)) == BLUE


def test_a_material_without_an_image_shows_its_colour() -> None:
    mtl = material(b"newmtl left\nmap_Kd a.png\nnewmtl right\nKd 0 0 1\n")
    assert colors_seen(dressed(SQUARES, mtl, named_texture("a.png", RED))) == half(RED, (0, 0, 255))


def test_lights_overlays_and_colours_share_the_layout_of_one_image() -> None:
    mtl = material(b"newmtl left\nmap_Kd a.png\nnewmtl right\nKd 0 0 1\n")
    lights = [named_texture("a.png", RED, "white"), named_texture("u.png", GREEN, "uv")]
    result = dressed(SQUARES, mtl, *lights, with_overlay=True)
    assert [layer.label for layer in result.layers] == ["white", "uv"]
    assert colors_seen(result, 0) == half(RED, (0, 0, 255))
    assert colors_seen(result, 1) == half(GREEN, (0, 0, 255))
    shade = result.fitted(
        Image.new("L", (64, 64), 200), size=SIZE, resample=Image.Resampling.LANCZOS
    )
    raw = result.mesh
    assert raw.uv is not None
    middles = raw.uv[raw.faces].mean(axis=1)
    levels = [shade.getpixel((int(u * SIZE), int(v * SIZE))) for u, v in middles]
    assert levels == [200, 200, 0, 0]


@pytest.mark.parametrize(
    ("mtl", "names"),
    [
        (b"newmtl left\nmap_Kd -s 1 1 1 -clamp on C:\\export\\My Skin.PNG\n", ["my skin.png"]),
        (b"newmtl left\r\n\tmap_Kd ./tex/a.png\r\nnewmtl right\r\n\tmap_Kd tex/a.png", ["A.png"]),
        (b"newmtl other\nmap_Kd b.png\n", ["a.png"]),
        (None, ["a.png"]),
        (b"", ["a.png"]),
        (b"newmtl left\nmap_Kd gone.png\n", ["a.png"]),
    ],
)
def test_one_texture_is_worn_however_materials_speak_of_it(
    mtl: bytes | None, names: list[str]
) -> None:
    files = [named_texture(name, RED) for name in names]
    result = dressed(SQUARES, *([] if mtl is None else [material(mtl)]), *files)
    assert colors_seen(result) == {RED: 1.0}


def test_a_missing_material_file_is_noted() -> None:
    result = dressed(b"mtllib scan.mtl\n" + SQUARES)
    assert result.mesh.notes == (Note.MATERIAL_MISSING,)
    assert result.layers == ()


def test_missing_textures_leave_plain_colour_and_a_note() -> None:
    assert dressed(SQUARES, material(BOTH)).mesh.notes == (Note.TEXTURE_MISSING,)
    result = dressed(SQUARES, material(BOTH), named_texture("a.png", RED))
    assert result.mesh.notes == (Note.TEXTURE_MISSING,)
    seen = colors_seen(result)
    assert seen.pop(RED) == 0.5
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("names", "lights", "overlay"),
    [
        (["a.png", "b.png"], [None, None], True),
        (["a.png", "b.png", "c.png"], [None, None, "uv"], False),
        (["a.png", "b.png"], ["white", "uv"], False),
        (["c.png"], [None], False),
    ],
)
def test_images_that_cannot_be_told_apart_are_refused(
    names: list[str], lights: list[str | None], overlay: bool
) -> None:
    files = [named_texture(n, RED, light) for n, light in zip(names, lights, strict=True)]
    with pytest.raises(ConversionError) as caught:
        dressed(SQUARES, material(BOTH), *files, with_overlay=overlay)
    assert caught.value.code is ErrorCode.SEVERAL_ATLASES


def test_the_same_light_may_have_a_texture_for_each_material() -> None:
    files = [named_texture("a.png", RED, "uv"), named_texture("b.png", BLUE, "uv")]
    result = convert([mesh(SQUARES), material(BOTH), *files], profile=support.QUICK)
    assert [output.name for output in result.outputs][:2] == ["model.glb", "layer-uv.avif"]


def test_an_image_moved_by_whole_images_is_the_same_image() -> None:
    corners = b"vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1"
    moved = SQUARES.replace(corners, b"vt 2 -3\nvt 3 -3\nvt 3 -2\nvt 2 -2")
    plain, shifted = (dressed(data, named_texture("a.png", RED)).mesh for data in (SQUARES, moved))
    assert plain.uv is not None
    assert shifted.uv is not None
    assert np.allclose(plain.uv[plain.faces], shifted.uv[shifted.faces], atol=1e-5)


def test_an_image_that_lies_across_its_edge_is_refused_and_a_rim_is_not() -> None:
    def with_right(edge: bytes) -> bytes:
        return SQUARES.replace(b"vt 1 0\nvt 1 1", b"vt %s 0\nvt %s 1" % (edge, edge))

    with pytest.raises(ConversionError) as caught:
        dressed(with_right(b"1.6"), named_texture("a.png", RED))
    assert caught.value.code is ErrorCode.TEXTURE_REPEATS
    rim = dressed(with_right(b"1.004"), named_texture("a.png", RED)).mesh
    assert rim.uv is not None
    assert rim.uv.max() == 1


def test_textures_of_a_mesh_without_coordinates_are_a_gallery() -> None:
    files = [
        mesh(support.ply_bytes(2000, colored=False)),
        named_texture("a.png", RED, "white"),
        SourceFile("front.jpg", "image", None, None, support.image_bytes(support.skin(64), "JPEG")),
    ]
    result = convert(files, profile=support.QUICK)
    assert result.notes[0] == Note.TEXTURE_UNPLACED
    pictures = [output for output in result.outputs if output.kind == "image"]
    assert [output.name for output in pictures] == ["image-1.avif", "image-2.avif"]
    assert [Image.open(io.BytesIO(each.data)).size for each in pictures] == [(64, 64)] * 2
    assert not any(output.kind == "layer" for output in result.outputs)
