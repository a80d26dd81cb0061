"""Script modules that need no browser, run by Node."""

import itertools
import json
import math
import subprocess
from typing import Any

import pytest

from tests.frontend.conftest import ROOT


def run(module: str, expression: str) -> Any:
    """The JSON value of an expression over the module's exports, as ``m``."""
    source = f"import * as m from './frontend/js/viewer/{module}.js';"
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
    assert tuple(run("words", f"m.describe({json.dumps(pose)})").values()) == view


def test_the_overlay_scale_rises_evenly_in_lightness() -> None:
    table = run("cividis", "[...m.cividisTable(256)]")
    colors = [table[i : i + 4] for i in range(0, len(table), 4)]
    assert (colors[0], colors[-1]) == ([0, 32, 77, 255], [255, 234, 70, 255])
    lightness = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b, _ in colors]
    steps = [after - before for before, after in itertools.pairwise(lightness)]
    # Channels are whole numbers, so that a step may miss by a rounding.
    assert min(steps) > -0.5
    assert max(steps) < 1.5
