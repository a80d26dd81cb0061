"""Script modules that need no browser, run by Node."""

import itertools
import json
import math
import subprocess
from typing import Any

import pytest

from reports.domain.color import Oklch, Rgb, contrast
from tests.frontend.conftest import ROOT


def run(module: str, expression: str) -> Any:
    """The JSON value of an expression over the module's exports, as ``m``."""
    source = f"import * as m from './frontend/js/{module}.js';"
    code = f"{source} console.log(JSON.stringify({expression}));"
    command = ["node", "--no-warnings", "--input-type=module", "--eval", code]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("azimuth", "polar", "zoom", "view"),
    [
        (0, 90, 1, ("front", "front", "")),
        (45, 90, 1, ("left", "frontLeft", "")),
        (-45, 90, 1, ("right", "frontRight", "")),
        (315, 90, 1, ("right", "frontRight", "")),
        (90, 90, 1, ("left_side", "left", "")),
        (-90, 90, 1, ("right_side", "right", "")),
        (45, 90, 0.5, ("custom", "frontLeft", "")),
        (-90, 60, 1, ("custom", "right", "fromAbove")),
        (180, 120, 1, ("custom", "back", "fromBelow")),
        (-180, 90, 1, ("custom", "back", "")),
    ],
)
def test_a_camera_pose_is_put_into_words(
    azimuth: float, polar: float, zoom: float, view: tuple[str, str, str]
) -> None:
    pose = {"azimuth": math.radians(azimuth), "polar": math.radians(polar), "zoom": zoom}
    assert tuple(run("viewer/words", f"m.describe({json.dumps(pose)})").values()) == view


def test_the_overlay_scale_falls_evenly_in_lightness_and_keeps_its_hue() -> None:
    table = run("viewer/scale", "[...m.scaleTable(256)]")
    colors = [Rgb(*table[i : i + 3]) for i in range(0, len(table), 4)]
    shades = [Oklch.of(color) for color in colors]
    steps = [before.lightness - after.lightness for before, after in itertools.pairwise(shades)]
    # Channels are whole numbers, so that a step may miss by a rounding.
    assert min(steps) > -0.002
    assert max(steps) < 0.008
    hues = [shade.hue for shade in shades if shade.chroma > 0.035]
    assert len(hues) > 128
    assert max(hues) - min(hues) < math.radians(35)
    assert contrast(colors[0], colors[-1]) > 7


@pytest.mark.parametrize(
    ("connection", "good"),
    [
        ("{effectiveType: '4g', saveData: false}", True),
        ("{effectiveType: '4g', saveData: false, type: 'wifi'}", True),
        ("{effectiveType: '4g', saveData: false, type: 'cellular'}", False),
        ("{effectiveType: '4g', saveData: true}", False),
        ("{effectiveType: '3g', saveData: false}", False),
        ("undefined", False),
    ],
)
def test_only_a_fast_connection_that_need_not_be_spared_is_good(
    connection: str, good: bool
) -> None:
    assert run("report/eager", f"m.isGood({connection})") is good


@pytest.mark.parametrize(
    ("size", "language", "words"),
    [
        (0, "de", "0 KB"),
        (382_362, "de", "373 KB"),
        (1_500_000, "de", "1,4 MB"),
        (1_500_000, "en", "1.4 MB"),
    ],
)
def test_a_size_is_written_as_its_reader_writes_it(size: int, language: str, words: str) -> None:
    assert run("report/download", f"m.size({size}, '{language}')") == words.replace(" ", "\u00a0")
