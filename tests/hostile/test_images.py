"""Images built to harm, as texture and as overlay of an honest mesh."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image

from scans.conversion import ConversionError, ErrorCode, Output
from tests.conversion.support import head_glb, mesh, obj_bytes, overlay, texture
from tests.hostile.bench import Bench, Outcome
from tests.hostile.images import CASES
from tests.hostile.outcome import MARKER, assert_hidden, assert_speaks_plainly, rows
from tests.hostile.pictures import photo, png
from tests.hostile.secrets import SECRETS

HEAD = obj_bytes(300)
CPU_SECONDS, MEGABYTES = 5.0, 420.0
PICTURES = {"model", "layer", "overlay"}


def assert_ends(outcome: Outcome, end: ErrorCode | None) -> None:
    """In the code awaited, within bounds, with a sentence and nothing of the input in it."""
    assert (outcome.code, outcome.where if end is None else "") == (end, "")
    assert outcome.cpu_seconds < CPU_SECONDS
    assert outcome.megabytes < MEGABYTES
    assert_hidden(outcome.where)
    if end is not None:
        error = ConversionError(end, where=outcome.where)
        assert error.is_permanent
        assert_speaks_plainly(error)


def assert_bare(output: Output) -> None:
    """Pixels or triangles, and nothing that came along with them."""
    assert MARKER.encode() not in output.data
    if output.media_type.startswith("image/"):
        with Image.open(io.BytesIO(output.data), formats=("AVIF", "WEBP")) as image:
            image.load()
            assert not image.getexif()
            assert set(image.info) <= {"loop", "background", "timestamp", "duration"}


@rows(CASES)
def test_a_texture_built_to_harm_is_refused_or_redrawn(name: str, bench: Bench) -> None:
    case = CASES[name]
    outcome = bench.convert([mesh(HEAD), texture(case.build())])
    assert_ends(outcome, case.end)
    assert {output.kind for output in outcome.outputs} == (
        set() if case.end else {"model", "layer"}
    )
    for output in outcome.outputs:
        assert_bare(output)


@rows(CASES)
def test_an_overlay_built_to_harm_is_refused_or_redrawn(name: str, bench: Bench) -> None:
    case = CASES[name]
    outcome = bench.convert([mesh(HEAD), overlay(case.build(), "pores")])
    assert_ends(outcome, case.end)
    for output in outcome.outputs:
        assert_bare(output)


@rows(SECRETS)
def test_what_a_picture_carries_besides_its_pixels_is_left_behind(name: str, bench: Bench) -> None:
    data = SECRETS[name]()
    assert MARKER.encode() in data or MARKER.encode("utf-16-le") in data
    files = [mesh(HEAD), texture(data, name=f"{MARKER}.jpg"), overlay(data, "pores")]
    outcome = bench.convert(files)
    assert_ends(outcome, None)
    assert len(outcome.outputs) == 3
    for output in outcome.outputs:
        assert_bare(output)
        assert MARKER.encode("utf-16-le") not in output.data


@pytest.mark.parametrize("end", [ErrorCode.UNREADABLE_IMAGE, ErrorCode.TOO_LARGE, None])
def test_a_picture_within_a_model_is_asked_the_same(bench: Bench, end: ErrorCode | None) -> None:
    name = {
        ErrorCode.UNREADABLE_IMAGE: "a drawing with a script",
        ErrorCode.TOO_LARGE: "a huge picture in colour",
        None: "a picture that is an archive too",
    }[end]
    outcome = bench.convert([mesh(head_glb(300, texture=CASES[name].build()), "scan.glb")])
    assert_ends(outcome, end)
    for output in outcome.outputs:
        assert_bare(output)


def test_a_turn_in_the_camera_data_does_not_turn_the_texture(bench: Bench) -> None:
    """Texture coordinates count in stored pixels."""
    turned = Image.Exif()
    turned[0x0112] = 6
    plain, tagged = (
        bench.convert([mesh(HEAD), texture(data)])
        for data in (photo("JPEG"), photo("JPEG", exif=turned.tobytes()))
    )
    assert [output.data for output in plain.outputs] == [output.data for output in tagged.outputs]


@pytest.mark.parametrize("use", ["texture", "overlay"])
def test_sixteen_bits_of_grey_keep_their_middle(bench: Bench, use: str) -> None:
    grey = b"".join(b"\0" + b"\x80\0" * 8 for _ in range(8))
    data = png(8, 8, depth=16, data=zlib.compress(grey))
    files = [mesh(HEAD), texture(data) if use == "texture" else overlay(data, "pores")]
    (picture,) = (each for each in bench.convert(files).outputs if each.kind != "model")
    with Image.open(io.BytesIO(picture.data), formats=("AVIF",)) as image:
        low, high = image.convert("L").getextrema()
    assert 124 <= low <= high <= 132  # type: ignore[operator]
