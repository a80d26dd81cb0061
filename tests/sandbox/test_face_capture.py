"""A synthetic capture: files, overlays and values tell the same story."""

from __future__ import annotations

import dataclasses
import io
import subprocess
import sys
import time

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dermalia.sandbox.face import METRICS, OVERALL, ZONES, Capture, make_capture
from dermalia.sandbox.face.atlas import Atlas, FrontMap, make_atlas
from dermalia.sandbox.face.metrics import make_fields, zone_value
from dermalia.sandbox.face.obj import grid_normals, grid_size
from dermalia.sandbox.face.raster import Noise
from dermalia.sandbox.face.shape import sculpt
from dermalia.sandbox.face.traits import Severity, draw_traits
from dermalia.sandbox.face.zones import stretch, zone_masks

SEED, TRIANGLES, TEXTURE, OVERLAY = 5, 8_000, 512, 256


@pytest.fixture(scope="module")
def capture() -> Capture:
    return make_capture(seed=SEED, triangles=TRIANGLES, texture_size=TEXTURE, overlay_size=OVERLAY)


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    rows, columns = grid_size(TRIANGLES)
    points = sculpt(draw_traits(SEED).shape, rows=rows, columns=columns)
    return make_atlas(points, grid_normals(points), 128)


def _pixels(capture: Capture, name: str) -> NDArray[np.uint8]:
    data = next(file.data for file in capture.files if file.name == name)
    return np.asarray(Image.open(io.BytesIO(data)))


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = (
        make_capture(seed=3, triangles=2_000, texture_size=128, overlay_size=64) for _ in range(2)
    )
    assert first == second


def test_another_seed_gives_another_shape_skin_and_values() -> None:
    one, other = (
        make_capture(seed=seed, triangles=2_000, texture_size=128, overlay_size=64)
        for seed in (3, 4)
    )
    by_name = {file.name: file.data for file in other.files}
    same = {file.name for file in one.files if file.data == by_name[file.name]}
    assert same == {"scan.mtl"}
    assert one.measurements != other.measurements


def test_another_sitting_is_the_same_person_with_other_values() -> None:
    size = {"triangles": 2_000, "texture_size": 128, "overlay_size": 64}
    first, again, later = (make_capture(seed=3, sitting=sitting, **size) for sitting in (0, 0, 1))
    assert first == again
    names = {file.name for file in first.files}
    assert {file.name for file in later.files} == names
    alike = {a.name for a, b in zip(first.files, later.files, strict=True) if a.data == b.data}
    assert {"scan.mtl", "zones.png"} <= alike
    assert not {name for name in names if name.startswith(("texture", "overlay"))} & alike
    pairs = list(zip(first.measurements, later.measurements, strict=True))
    assert all((a.metric, a.zone) == (b.metric, b.zone) for a, b in pairs)
    changes = [abs(a.value - b.value) for a, b in pairs if a.zone == OVERALL]
    assert min(changes) > 0
    assert max(changes) < 30
    one, other = draw_traits(3), draw_traits(3, 1)
    assert (one.shape, one.tone, one.cap_hue) == (other.shape, other.tone, other.cap_hue)


def test_files_are_what_their_media_types_say(capture: Capture) -> None:
    listed = {(f.name, f.kind, f.light, f.metric, f.media_type) for f in capture.files}
    assert listed == {
        ("scan.obj", "mesh", None, None, "model/obj"),
        ("scan.mtl", "material", None, None, "model/mtl"),
        ("texture_white.jpg", "texture", "white", None, "image/jpeg"),
        ("texture_cross_polarised.jpg", "texture", "cross_polarised", None, "image/jpeg"),
        *((f"overlay_{m}.png", "overlay", None, m, "image/png") for m in METRICS),
        ("zones.png", "zones", None, None, "image/png"),
    }
    for file in capture.files:
        if file.kind == "texture":
            with Image.open(io.BytesIO(file.data)) as image:
                assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (TEXTURE,) * 2)
                image.load()
        elif file.kind in ("overlay", "zones"):
            with Image.open(io.BytesIO(file.data)) as image:
                assert (image.format, image.mode, image.size) == ("PNG", "L", (OVERLAY,) * 2)
                image.load()
        else:
            assert file.data.decode("ascii").endswith("\n")


def test_the_material_names_a_texture_that_is_there(capture: Capture) -> None:
    files = {file.name: file.data for file in capture.files}
    assert files["scan.obj"].startswith(b"mtllib scan.mtl\n")
    texture = files["scan.mtl"].decode().split("map_Kd ")[1].strip()
    assert texture in files


def test_every_metric_has_a_value_for_every_zone_on_the_scale(capture: Capture) -> None:
    pairs = [(m.metric, m.zone) for m in capture.measurements]
    assert pairs == [(metric, zone) for metric in METRICS for zone in (*ZONES, OVERALL)]
    for m in capture.measurements:
        assert (m.scale_min, m.scale_max) == (0.0, 100.0)
        assert m.scale_min <= m.value <= m.scale_max
        assert m.value == round(m.value, 1)


def test_values_are_the_zone_means_of_the_overlay_files(capture: Capture, atlas: Atlas) -> None:
    masks = {zone: stretch(mask, OVERLAY) for zone, mask in zone_masks(atlas).items()}
    for m in capture.measurements:
        overlay = _pixels(capture, f"overlay_{m.metric}.png")
        mean = float(overlay[masks[m.zone]].mean()) / 255 * 100
        assert m.value == pytest.approx(mean, abs=0.06), (m.metric, m.zone)


def test_overlays_show_something_on_the_face_and_nothing_behind_it(
    capture: Capture, atlas: Atlas
) -> None:
    behind = stretch(atlas.z < 0.0, OVERLAY)
    for metric in METRICS:
        overlay = _pixels(capture, f"overlay_{metric}.png")
        assert overlay.max() > 60, metric
        assert overlay[behind].max() <= 1, metric


def test_zones_do_not_overlap_and_left_is_the_subjects_own(atlas: Atlas) -> None:
    masks = zone_masks(atlas)
    times_taken = np.stack([masks[zone] for zone in ZONES]).sum(axis=0)
    assert np.array_equal(times_taken, masks[OVERALL].astype(int))
    # The subject looks along +z with y up, so its left hand points to +x.
    for part in ("eye", "cheek"):
        assert atlas.x[masks[f"left_{part}"]].min() > 0
        assert atlas.x[masks[f"right_{part}"]].max() < 0
        left, right = masks[f"left_{part}"].sum(), masks[f"right_{part}"].sum()
        assert left == pytest.approx(right, rel=0.1)
    height = {zone: float(atlas.y[masks[zone]].mean()) for zone in ZONES}
    assert height["forehead"] > height["left_eye"] > height["nose"] > height["chin"]


def test_the_left_half_of_the_overlay_is_the_left_half_of_the_mesh(capture: Capture) -> None:
    lines = next(f.data for f in capture.files if f.kind == "mesh").decode().splitlines()
    positions = [line.split()[1:] for line in lines if line.startswith("v ")]
    places = [line.split()[1:] for line in lines if line.startswith("vt ")]
    corners = [
        corner.split("/") for line in lines if line[:2] == "f " for corner in line.split()[1:]
    ]
    x = np.array([float(positions[int(v) - 1][0]) for v, _, _ in corners])
    u = np.array([float(places[int(t) - 1][0]) for _, t, _ in corners])
    off_middle = (np.abs(x) > 5) & (np.abs(u - 0.5) < 0.45)
    assert ((x > 0) == (u > 0.5))[off_middle].all()


def test_redness_in_the_overlay_is_red_in_both_textures(capture: Capture, atlas: Atlas) -> None:
    face = stretch(zone_masks(atlas)[OVERALL], OVERLAY)
    red = _pixels(capture, "overlay_redness.png").astype(float)[face]
    strength = {}
    for light in ("white", "cross_polarised"):
        texture = Image.fromarray(_pixels(capture, f"texture_{light}.jpg"))
        small = np.asarray(texture.resize((OVERLAY, OVERLAY), Image.Resampling.BOX)).astype(float)
        ratio = (small[..., 0] / small[..., 1])[face]
        assert np.corrcoef(red, ratio)[0, 1] > 0.4
        strength[light] = float(np.polyfit(red, ratio, 1)[0])
    assert strength["cross_polarised"] > strength["white"]


def test_a_stronger_trait_raises_its_own_value_and_no_other(atlas: Atlas) -> None:
    traits = draw_traits(SEED)
    front, noise = FrontMap(atlas), Noise(atlas, SEED)
    face = stretch(zone_masks(atlas)[OVERALL], 128)

    def values(severity: Severity) -> dict[str, float]:
        changed = dataclasses.replace(traits, severity=severity)
        overlays = make_fields(atlas, front, noise, changed, 128).overlays
        return {metric: zone_value(overlay, face) for metric, overlay in overlays.items()}

    mild = Severity(wrinkles=0.2, pores=0.2, pigmentation=0.2, redness=0.2, dryness=0.2)
    before = values(mild)
    for trait, metric, sign in (
        ("wrinkles", "wrinkles", 1),
        ("pores", "pores", 1),
        ("pigmentation", "pigmentation", 1),
        ("redness", "redness", 1),
        ("dryness", "hydration_proxy", -1),
    ):
        after = values(dataclasses.replace(mild, **{trait: 0.8}))
        assert sign * (after[metric] - before[metric]) > 2.0
        assert {k: v for k, v in after.items() if k != metric} == {
            k: v for k, v in before.items() if k != metric
        }


@pytest.mark.parametrize(
    "sizes",
    [
        {"triangles": 1_999},
        {"texture_size": 63},
        {"overlay_size": 63},
    ],
)
def test_sizes_too_small_for_a_face_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 2000 triangles and 64 texels"):
        make_capture(seed=1, **sizes)


def test_a_small_capture_is_quick() -> None:
    spent = []
    for _ in range(3):
        start = time.process_time()
        make_capture(seed=2, triangles=4_000, texture_size=256, overlay_size=128)
        spent.append(time.process_time() - start)
    assert min(spent) < 1.5


def test_the_face_is_made_without_django() -> None:
    code = (
        "import sys; from dermalia.sandbox.face import make_capture; "
        "make_capture(seed=1, triangles=2000, texture_size=64, overlay_size=64); "
        "from django.conf import settings; print(settings.configured)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
