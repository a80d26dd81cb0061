"""Marks and noise in the atlas: soft dots, strokes made of dots, and seeded noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dermalia.sandbox.face.atlas import Atlas
from dermalia.sandbox.face.solids import Array

Bytes = NDArray[np.uint8]


def to_bytes(values: Array) -> Bytes:
    """0..1 to 0..255, rounded."""
    return (np.clip(values, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def enlarge(values: Array, size: int) -> Array:
    """Bicubic resize of a square float chart."""
    if values.shape[0] == size:
        return values
    image = Image.fromarray(values).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=np.float32)


def blank(size: int) -> Bytes:
    """An empty canvas."""
    return np.zeros((size, size), np.uint8)


def dots(
    canvas: Bytes, row: Array, column: Array, tall: Array, wide: Array, strength: Array
) -> None:
    """Draws soft dots in place, keeping the stronger value where they overlap.

    `row`, `column` are atlas shares (0..1); `tall`, `wide` radii in texels of `canvas`. Dots finer
    than a texel are drawn as faint full texels, so that small canvases keep the overall strength.
    """
    # Large and small apart: the cost of a dot grows with the largest radius drawn with it.
    order = np.argsort(tall * wide, kind="stable")
    for part in np.array_split(order, min(8, len(order))):
        _draw(canvas, *(v[part] for v in (row, column, tall, wide, strength)))


def _draw(
    canvas: Bytes, row: Array, column: Array, tall: Array, wide: Array, strength: Array
) -> None:
    size = canvas.shape[0]
    thick_tall, thick_wide = np.maximum(tall, 0.75), np.maximum(wide, 0.75)
    weight = strength * np.minimum(tall / thick_tall, 1.0) * np.minimum(wide / thick_wide, 1.0)
    r, c = row * size - 0.5, column * size - 0.5
    i0, j0 = np.rint(r).astype(np.int32), np.rint(c).astype(np.int32)
    reach = int(1.6 * thick_tall.max()) + 1, int(1.6 * thick_wide.max()) + 1
    down = np.arange(-reach[0], reach[0] + 1, dtype=np.int32)[:, None]
    along = np.arange(-reach[1], reach[1] + 1, dtype=np.int32)[:, None]
    tall_bell = 255.0 * weight * np.exp(-(((i0 + down - r) / thick_tall) ** 2))
    wide_bell = np.exp(-(((j0 + along - c) / thick_wide) ** 2)).astype(np.float32)
    i, j = i0 + down, (j0 + along) % size
    tall_bell = np.where((i >= 0) & (i < size), tall_bell, 0.0).astype(np.float32)
    start = np.clip(i, 0, size - 1) * size
    flat = canvas.reshape(-1)
    for bell, first in zip(tall_bell, start, strict=True):
        value = bell * wide_bell
        seen = value >= 1.0
        np.maximum.at(flat, (first + j)[seen], value[seen].astype(np.uint8))


def texel_radii(
    atlas: Atlas, row: Array, column: Array, radius: Array, size: int
) -> tuple[Array, Array]:
    """Radii in texels (down, across) on a `size` canvas of round marks of `radius` millimetres."""
    i = np.clip((row * atlas.size).astype(np.intp), 0, atlas.size - 1)
    j = np.clip((column * atlas.size).astype(np.intp), 0, atlas.size - 1)
    scale = size / atlas.size
    return radius * scale / atlas.down[i, j], radius * scale / atlas.across[i, j]


class Noise:
    """Smooth noise whose grain is about equally long in both directions on the face."""

    def __init__(self, atlas: Atlas, seed: int) -> None:
        belt = np.abs(atlas.y + 20.0) < 60.0
        middle = (np.abs(atlas.x) < 45.0) & (atlas.z > -10.0)
        self._s = _length(np.where(belt, atlas.across, np.nan), 0)
        self._t = _length(np.where(middle, atlas.down, np.nan), 1)
        self._seed = seed

    def __call__(self, grain: float, stream: int) -> Array:
        """Noise of about unit variance; `grain` is the distance of its knots in millimetres."""
        rng = np.random.default_rng([self._seed, 2, stream])
        # A spline spreads every knot over its neighbours: closer knots keep the grain as asked.
        s, t = (length / (0.7 * grain) for length in (self._s, self._t))
        lattice = rng.standard_normal((int(t[-1]) + 4, int(s[-1]) + 4), dtype=np.float32)
        return _spline(_spline(lattice, t).T, s).T * np.float32(2.1)


def _length(step: Array, axis: int) -> Array:
    """Length along one atlas axis, from the mean step on the face; off the face the edge's step."""
    known = ~np.isnan(step)
    count = known.sum(axis=axis)
    mean = np.where(known, step, 0.0).sum(axis=axis) / np.maximum(count, 1)
    have = np.flatnonzero(count > 0)
    filled = np.interp(np.arange(len(mean)), have, mean[have])
    return np.cumsum(filled).astype(np.float32)


def _spline(lattice: Array, at: Array) -> Array:
    """Cubic B-spline through the rows of the lattice: unlike linear fades it shows no squares."""
    i = at.astype(np.intp)
    f = (at - i)[:, None]
    g = 1.0 - f
    weights = (g * g * g, 4.0 - 3.0 * f * f * (1.0 + g), 4.0 - 3.0 * g * g * (1.0 + f), f * f * f)
    rows: Array = sum(w * lattice[i + k] for k, w in enumerate(weights)) * np.float32(1 / 6)
    return rows
