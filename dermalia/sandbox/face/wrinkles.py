"""Lines of the face: forehead, frown, crow's feet, under the eyes, nasolabial, around the mouth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dermalia.sandbox.face.atlas import Atlas, FrontMap
from dermalia.sandbox.face.raster import blank, dots, enlarge, texel_radii
from dermalia.sandbox.face.solids import Array, gauss
from dermalia.sandbox.face.traits import Traits

_SPACING = 0.22  # millimetres between the dots of a line


class Line(NamedTuple):
    """A line through control points (x, y), its half-width (mm) and depth (0..1)."""

    path: tuple[tuple[float, float], ...]
    width: float
    depth: float


def _forehead(rng: np.random.Generator) -> list[Line]:
    lines = []
    for height in (31.0, 38.0, 45.5, 53.0):
        y = height + rng.uniform(-1.2, 1.2)
        half, dip = rng.uniform(26, 44), rng.uniform(1.0, 3.5)
        shift = rng.uniform(-7, 7)
        xs = np.linspace(-half, half, 9) + shift
        ys = y - dip * np.cos(xs / half * 2.2) + rng.normal(0, 0.5, 9)
        lines.append(Line(tuple(zip(xs, ys, strict=True)), 0.46, rng.uniform(0.45, 0.9)))
    return lines


def _sided(rng: np.random.Generator, side: float) -> list[Line]:
    """Lines of one half of the face."""

    def line(points: list[tuple[float, float]], width: float, depth: float) -> Line:
        loose = [(side * (x + rng.normal(0, 0.5)), y + rng.normal(0, 0.4)) for x, y in points]
        return Line(tuple(loose), width, depth * rng.uniform(0.75, 1.1))

    feet = [
        line([(49, 3), (54, 7), (59, 12)], 0.40, 0.55),
        line([(50, 0), (56, 1.5), (62, 4)], 0.40, 0.70),
        line([(50, -4), (56, -6), (62, -7)], 0.42, 0.75),
        line([(48.5, -8), (54, -12), (59, -16)], 0.40, 0.55),
    ]
    eye = [
        line([(20, -13), (27, -18), (35, -19), (43, -15)], 0.34, 0.55),
        line([(25, -14), (32, -15.5), (40, -13)], 0.26, 0.40),
        line([(21, -17), (29, -23.5), (38, -26)], 0.34, 0.40),
    ]
    mouth = [
        line([(18.5, -43), (22, -50), (27, -58), (31, -66), (33, -72)], 0.60, 0.95),
        line([(28, -73), (30.5, -80), (31, -87)], 0.50, 0.60),
    ]
    frown = [line([(5, 9), (5.8, 16), (5.0, 23)], 0.40, 0.60)]
    return feet + eye + mouth + frown


def _sample(line: Line) -> tuple[Array, Array, Array]:
    """Points along a line and the fading of both ends."""
    knots = np.array(line.path)
    t = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(knots, axis=0).T))])
    n = max(8, int(t[-1] / _SPACING))
    at = np.linspace(0.0, t[-1], n)
    # Rounded corners: the average of the polyline over a sliding window.
    window = np.linspace(-0.12, 0.12, 9)[:, None] * t[-1]
    x, y = (np.interp(at + window, t, knots[:, k]).mean(0).astype(np.float32) for k in (0, 1))
    end = np.minimum(at, t[-1] - at) / t[-1]
    fade = np.sin(np.clip(end / 0.45, 0.0, 1.0) * np.pi / 2) ** 1.5
    return x, y, fade.astype(np.float32)


def _fine_lines(atlas: Atlas) -> Array:
    """Where lines too fine to draw one by one are dense, 0..1."""
    ax, y = np.abs(atlas.x), atlas.y
    patches = (
        (0.0, 42.0, 44.0, 17.0, 0.66),
        (56.0, -2.0, 10.0, 17.0, 0.85),
        (32.0, -18.0, 16.0, 7.0, 0.68),
        (27.0, -60.0, 9.0, 18.0, 0.50),
        (0.0, 14.0, 9.0, 10.0, 0.48),
        (28.0, -84.0, 8.0, 9.0, 0.36),
    )
    bells = [
        h * gauss((ax - x) / rx, 1.0) * gauss((y - cy) / ry, 1.0) for x, cy, rx, ry, h in patches
    ]
    density: Array = np.maximum.reduce(bells)
    return density


def wrinkle_field(atlas: Atlas, front: FrontMap, traits: Traits, size: int) -> Array:
    """Depth of lines, 0..1: a sharp furrow in a soft fold."""
    rng = np.random.default_rng([traits.seed, 5])
    amount = traits.severity.wrinkles
    lines = _forehead(rng) + _sided(rng, 1.0) + _sided(rng, -1.0)
    fine, halo = blank(size), blank(atlas.size)
    parts = [(line, *_sample(line)) for line in lines]
    x = np.concatenate([p[1] for p in parts])
    y = np.concatenate([p[2] for p in parts])
    fade = np.concatenate([p[3] for p in parts])
    width = np.concatenate([np.full(len(p[1]), p[0].width, np.float32) for p in parts])
    depth = np.concatenate([np.full(len(p[1]), p[0].depth, np.float32) for p in parts])
    depth = np.clip(depth * (0.20 + 1.0 * amount), 0.0, 1.0)
    places = np.arange(0, len(x) + 9, 9)
    uneven = np.interp(np.arange(len(x)), places, rng.uniform(0.7, 1.0, len(places)))
    row, column = front.find(x, y)
    tall, wide = texel_radii(atlas, row, column, width * (0.5 + 0.6 * fade), size)
    dots(fine, row, column, tall, wide, (depth * fade * uneven).astype(np.float32))
    few = slice(None, None, 4)
    tall, wide = texel_radii(atlas, row[few], column[few], np.full_like(x, 5.5)[few], atlas.size)
    dots(halo, row[few], column[few], tall, wide, (0.8 * depth * fade)[few])
    soft = np.maximum(halo * np.float32(1 / 255), (0.1 + 0.9 * amount) * _fine_lines(atlas))
    return enlarge(soft, size) + fine * np.float32(0.75 / 255)
