"""A head stands upright and in metres, however its file counts; one that does is left alone."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from scans.conversion import Limits, meshes, pose
from scans.conversion.hints import of_comments
from scans.conversion.notes import Note
from scans.conversion.raw import Hints, RawMesh, compact

from . import support
from .conftest import real_scans

if TYPE_CHECKING:
    import numpy.typing as npt

    Rotation = npt.NDArray[np.float64]

UPRIGHT = {"mannequin": False, "lee_perry_smith": True, "ict_neutral": True}


def rotations() -> list[Rotation]:
    """The 24 ways to lay three axes along three axes without a mirror."""
    signed = [
        np.eye(3)[list(order)] * np.array(signs)[:, None]
        for order in itertools.permutations(range(3))
        for signs in itertools.product((1, -1), repeat=3)
    ]
    return [each for each in signed if np.linalg.det(each) > 0]


def faces_of(bust: RawMesh, *, nearer: float, lower: float, upper: float) -> RawMesh:
    """Cut out of a bust what a scanner sees that stands before it: open at the back."""
    low, high = bust.positions.min(axis=0), bust.positions.max(axis=0)
    middle = bust.positions[bust.faces].mean(axis=1)
    share = (middle - low) / (high - low)
    kept = (share[:, 2] > nearer) & (share[:, 1] > lower) & (share[:, 1] < upper)
    return compact(RawMesh(bust.positions, bust.faces[kept]))


@pytest.fixture(scope="module")
def shapes() -> dict[str, RawMesh]:
    """The synthetic bust, closed; its front; a face cut out of it; the bust without its bottom. In
    millimetres."""
    from dermalia.sandbox.face import make_capture

    capture = make_capture(seed=3, triangles=20_000, texture_size=64, overlay_size=64)
    obj = next(file for file in capture.files if file.kind == "mesh")
    bust = meshes.read(support.mesh(obj.data), [], Limits())
    bust = RawMesh(bust.positions, bust.faces)
    return {
        "closed head": bust,
        "open at the back": faces_of(bust, nearer=0.55, lower=-1, upper=2),
        "open face": faces_of(bust, nearer=0.55, lower=0.4, upper=0.88),
        "open below": faces_of(bust, nearer=-1, lower=0.12, upper=2),
    }


@pytest.mark.parametrize("shape", ["closed head", "open at the back", "open face", "open below"])
@pytest.mark.parametrize(("unit", "size"), [("mm", 1.0), ("cm", 0.1), ("m", 0.001)])
def test_a_head_is_turned_upright_from_any_axes_and_unit(
    shapes: dict[str, RawMesh], shape: str, unit: str, size: float
) -> None:
    # Every way in millimetres; in the others one for each axis that may be up.
    ways = rotations()
    ups = {tuple(each[:, 1].tolist()): each for each in ways}
    for turned in ways if unit == "mm" else ups.values():
        positions = (shapes[shape].positions @ turned.T * size).astype(np.float32)
        found = pose.find(RawMesh(positions, shapes[shape].faces))
        assert np.allclose(found.pose.rotation @ turned, np.eye(3))
        assert found.unit == unit
        assert found.pose.scale == pytest.approx(0.001 / size)
        up = "xyz"[int(np.abs(turned[:, 1]).argmax())]
        assert found.up == ("-" if turned[:, 1].sum() < 0 else "") + up
        assert (Note.UP_AXIS_TURNED in found.notes) == (found.up != "y")


def test_an_egg_without_a_face_is_left_as_it_is() -> None:
    raw = meshes.read(support.mesh(support.obj_bytes(8000)), [], Limits())
    assert np.array_equal(pose.find(raw).pose.rotation, np.eye(3))


@pytest.mark.parametrize("flat", range(3))
def test_what_is_flat_is_left_as_it_is(flat: int) -> None:
    points = np.random.default_rng(1).random((60, 3)).astype(np.float32)
    points[:, flat] = 0.5
    found = pose.find(RawMesh(points, np.arange(60, dtype=np.uint32).reshape(-1, 3)))
    assert np.array_equal(found.pose.rotation, np.eye(3))


@pytest.mark.parametrize("name", [name for name in UPRIGHT if name in real_scans()])
def test_a_real_scan_that_stands_upright_is_not_turned_over(name: str) -> None:
    raw = meshes.read(support.mesh(real_scans()[name][0].read_bytes()), [], Limits())
    found = pose.find(raw)
    assert found.up == "y"
    assert found.unit != "unknown"
    if UPRIGHT[name]:
        assert np.array_equal(found.pose.rotation, np.eye(3))


def sized(size: float, hints: Hints) -> pose.Placement:
    points = np.array([[0, 0, 0], [size / 2, 0, 0], [0, size, 0], [0, 0, size / 3]], np.float32)
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], np.uint32)
    return pose.find(RawMesh(points, faces, hints=hints))


@pytest.mark.parametrize(
    ("size", "said", "unit", "note"),
    [
        (250.0, None, "mm", Note.UNIT_GUESSED),
        (25.0, None, "cm", Note.UNIT_GUESSED),
        (0.25, None, "m", Note.UNIT_GUESSED),
        (0.25, 1.0, "m", None),
        (100.0, 0.01, "cm", None),
        (250.0, 1.0, "mm", Note.UNIT_CORRECTED),
        (7.0, None, "unknown", Note.SCALED_TO_HEAD),
    ],
)
def test_a_file_is_believed_about_its_unit_if_a_head_comes_of_it(
    size: float, said: float | None, unit: str, note: Note | None
) -> None:
    found = sized(size, Hints(unit=said))
    assert found.unit == unit
    assert found.notes == ((note,) if note else ())
    assert 0.08 <= size * found.pose.scale <= 1.2


@pytest.mark.parametrize(
    ("comment", "hints"),
    [
        (b"# units: mm", Hints(0.001, None)),
        (b"# File units = centimeters", Hints(0.01, None)),
        (b"# up-axis: Z", Hints(None, "z")),
        (b"# Z-up, units are meters", Hints(1.0, "z")),
        (b"# up axis is -Y", Hints(None, "-y")),
        (b"comment Y up", Hints(None, "y")),
        (b"# made with 3 units of care, set up by hand", Hints(None, None)),
        (b"# units: parsec", Hints(None, None)),
        (b"# unit mm or unit cm", Hints(None, None)),
    ],
)
def test_exporters_comments_are_understood(comment: bytes, hints: Hints) -> None:
    assert of_comments([comment]) == hints


def test_where_the_shape_says_nothing_a_comment_decides() -> None:
    assert sized(0.25, Hints(up="z")).up == "z"
    assert sized(0.25, Hints()).up == "y"
