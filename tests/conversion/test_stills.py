"""The still pictures: views, overlays and close-ups."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermalia.sandbox.face import ZONES as DRAWN_ZONES
from dermalia.sandbox.face import make_capture
from scans.conversion import Conversion, ConversionError, ErrorCode, Profile, SourceFile, convert
from scans.conversion.camera import close_up
from scans.conversion.color import LINEAR
from scans.conversion.heat import STOPS
from scans.conversion.mesh import Mesh
from scans.conversion.surface import Surface, Texture
from scans.conversion.zones import ZONES

from . import support

ROOT = Path(__file__).resolve().parents[2]
SMALL = Profile(triangles=20_000, texture_size=512, still_width=200, still_height=250, zone_size=96)

PLATE = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32) / np.float32(10)
FORWARD = np.array([[0, 0, 1]] * 4, np.float32)


@pytest.fixture(scope="module")
def face() -> list[SourceFile]:
    made = make_capture(seed=1, triangles=20_000, texture_size=512, overlay_size=512)
    return [SourceFile(f.name, f.kind, f.light, f.metric, f.data) for f in made.files]


@pytest.fixture(scope="module")
def converted(face: list[SourceFile]) -> Conversion:
    return convert(face, profile=SMALL)


def pixels(conversion: Conversion, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    data = next(output.data for output in conversion.outputs if output.name == name)
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def covered(conversion: Conversion, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Where the picture shows the model rather than the light backdrop."""
    mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    mask = pixels(conversion, name).min(axis=2) < 190
    return mask


def test_the_levels_of_the_zones_are_those_of_the_contract() -> None:
    assert ZONES == DRAWN_ZONES


def test_profiles_look_to_the_sides_the_subject_looks_to(converted: Conversion) -> None:
    """From the subject's left the face looks to the picture's left, and the other way round."""
    rows = slice(90, 130)  # between brow and mouth
    left = covered(converted, "still-left_side.webp")[rows]
    right = covered(converted, "still-right_side.webp")[rows]
    front = covered(converted, "still-front.webp")[rows]

    def middle(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
        return float(np.flatnonzero(mask.any(axis=0)).mean())

    assert abs(middle(front) - 100) < 6
    assert abs((middle(left) - 100) + (middle(right) - 100)) < 6
    assert (left ^ right[:, ::-1]).mean() < 0.03  # a bust is nearly its own mirror image
    # The nose stands out: the outline on the side it points to is less even than the nape's.
    columns = [np.flatnonzero(row)[0] for row in left], [np.flatnonzero(row)[-1] for row in left]
    assert np.std(columns[0]) > np.std(columns[1])


def test_stills_and_3d_view_share_their_scale() -> None:
    script = (ROOT / "frontend/js/viewer/scale.js").read_text()
    table = re.search(r"const STOPS = \[(.*?)\];", script, re.DOTALL)
    assert table is not None
    numbers = [int(number, 16) for number in re.findall(r"0x([0-9a-f]{2})", table.group(1))]
    assert numbers == [channel for stop in STOPS for channel in stop]


def test_an_overlay_lies_over_the_front_in_colours_that_rise_with_its_levels(
    converted: Conversion,
) -> None:
    plain, heat = (
        pixels(converted, f"still-front{name}.webp") for name in ("", "-hydration_proxy")
    )
    changed = np.abs(plain - heat).max(axis=2) > 25
    assert 0.1 < changed.mean() < 0.6
    beside = changed & ~covered(converted, "still-front.webp")
    assert beside.mean() < 0.01  # the outline's pixels are part skin, part backdrop
    # On plaster: teal where much was measured, warm and light where nothing was.
    teal = (heat[..., 2] > heat[..., 0] + 25) & changed
    assert teal[60:160].mean() > 0.05
    skin = changed & (plain[..., 0] > plain[..., 2] + 20) & ~teal
    assert (plain[skin][:, 0] - plain[skin][:, 2]).mean() > 25
    assert np.abs(heat[skin][:, 0] - heat[skin][:, 2]).mean() < 25


def test_every_zone_gets_a_close_up(converted: Conversion) -> None:
    views = [o.view for o in converted.outputs if o.view and o.view.startswith("zone-")]
    assert views == [f"zone-{zone}" for zone in ZONES]
    for view in views:
        picture = pixels(converted, f"still-{view}.webp")
        assert picture.shape == (96, 96, 3)
        assert covered(converted, f"still-{view}.webp").mean() > 0.5
    left, right = (pixels(converted, f"still-zone-{side}_eye.webp") for side in ("left", "right"))
    assert np.abs(left - right[:, ::-1]).mean() < 25


def test_zones_keep_their_levels_exactly(face: list[SourceFile], converted: Conversion) -> None:
    source = next(file.data for file in face if file.kind == "zones")
    result = next(output for output in converted.outputs if output.kind == "zones")
    assert result.media_type == "image/webp"
    with Image.open(io.BytesIO(source)) as before, Image.open(io.BytesIO(result.data)) as after:
        assert (np.asarray(before.convert("L")) == np.asarray(after.convert("L"))).all()


def test_large_zones_are_made_smaller_without_mixing_levels() -> None:
    levels = np.kron(np.array([[1, 7], [0, 4]], np.uint8), np.ones((700, 700), np.uint8))
    zones = SourceFile(
        "zones.png", "zones", None, None, support.image_bytes(Image.fromarray(levels), "PNG")
    )
    result = convert([support.mesh(support.obj_bytes(2000)), zones], profile=support.QUICK)
    data = next(output.data for output in result.outputs if output.kind == "zones")
    after = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert after.shape == (support.QUICK.overlay_size,) * 2
    assert set(np.unique(after)) == {0, 1, 4, 7}


def test_two_files_of_zones_are_refused() -> None:
    zones = SourceFile("z", "zones", None, None, support.image_bytes(support.skin(64), "PNG"))
    with pytest.raises(ConversionError) as caught:
        convert([support.mesh(support.obj_bytes(2000)), zones, zones])
    assert caught.value.code is ErrorCode.BAD_REQUEST


def test_a_texture_is_read_between_its_texels_in_linear_light() -> None:
    picture = support.skin(16)
    light = LINEAR[np.asarray(picture)]
    texture = Texture.of(picture)
    centres = (np.array([[3, 5], [15, 0], [0, 15]], np.float32) + np.float32(0.5)) / np.float32(16)
    assert np.allclose(texture.at(centres.T).T, light[[5, 0, 15], [3, 15, 0]], atol=1e-4)
    between = texture.at(np.array([[4 / 16], [8 / 16]], np.float32))[:, 0]
    assert np.allclose(between, light[7:9, 3:5].mean(axis=(0, 1)), atol=1e-4)
    beyond = texture.at(np.array([[-3.0, 2.0], [-3.0, 2.0]], np.float32)).T
    assert np.allclose(beyond, [light[0, 0], light[15, 15]], atol=1e-4)


def test_the_inside_of_a_scan_is_darker_than_its_outside() -> None:
    """A scan that is open behind shows its back to a camera that looks in."""
    front, back = (
        close_up(points, normals, width=40, height=40)
        for points, normals in ((PLATE, FORWARD), (PLATE, -FORWARD))
    )
    mesh = Mesh(PLATE, np.array([[0, 1, 2], [0, 2, 3]], np.uint32), FORWARD)
    surface = Surface.of(mesh, None)
    half = np.full(1, 0.25, np.float32)
    outside, inside = (
        surface.lit_for(camera).look(np.zeros(1, np.int32), half, half).light[0]
        for camera in (front, back)
    )
    assert outside == pytest.approx(1, abs=0.01)
    assert inside == pytest.approx(0.35, abs=0.01)


def test_stills_can_be_left_out(face: list[SourceFile]) -> None:
    profile = Profile(triangles=20_000, texture_size=256, stills=False)
    assert all(output.kind != "still" for output in convert(face, profile=profile).outputs)


@pytest.mark.parametrize("normal", [(0, 0, 1), (1, 0, 0), (0, 1, 0), (-0.5, -0.8, 0.1)])
def test_a_close_up_is_upright_and_holds_every_point(normal: tuple[float, float, float]) -> None:
    points = np.random.default_rng(1).normal(size=(200, 3)).astype(np.float32) * 0.01
    camera = close_up(points, np.array([normal], np.float32), width=300, height=200)
    assert np.allclose(camera.axes @ camera.axes.T, np.eye(3))
    assert np.linalg.det(camera.axes) == pytest.approx(1)
    assert camera.axes[0, 1] == pytest.approx(0)  # its right is level
    assert camera.axes[1, 1] > 0.9
    top, bottom, left, right = camera.bounds(points)
    assert top > 0
    assert bottom < 200
    assert left > 0
    assert right < 300
