"""Eyebrows and the lashes of the closed eyes, drawn hair by hair."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops

from dermalia.sandbox.face import landmarks as lm
from dermalia.sandbox.face.atlas import Atlas, FrontMap
from dermalia.sandbox.face.raster import blank, dots, texel_radii, to_bytes
from dermalia.sandbox.face.solids import Array, gauss, smoothstep
from dermalia.sandbox.face.traits import Traits

_BROW_HAIRS, _LASHES, _STEPS = 520, 120, 26


def _brow(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Dots of one brow: x, y and strength, each (hairs, steps)."""
    x = rng.uniform(9.0, 51.0, _BROW_HAIRS)
    across = np.clip(rng.normal(0.0, 0.5, _BROW_HAIRS), -1.0, 1.0)
    y = lm.brow_middle(x) + across * lm.brow_half_height(x)
    # Upright at the inner end, lying outwards along the arch further on.
    slope = np.gradient(lm.brow_middle(np.arange(60.0)))[x.astype(int)]
    outwards = np.arctan(slope)
    lie = np.interp(x, [9, 16, 26, 52], [1.25, 0.75, 0.38, 0.12]) - 0.35 * across
    angle = outwards + lie + rng.normal(0.0, 0.12, _BROW_HAIRS)
    length = np.interp(x, [9, 20, 52], [5.0, 7.5, 6.0]) * rng.uniform(0.7, 1.1, _BROW_HAIRS)
    t = np.linspace(0.0, 1.0, _STEPS)
    bend = angle[:, None] - 0.35 * t
    px = x[:, None] + length[:, None] * t * np.cos(bend)
    py = y[:, None] + length[:, None] * t * np.sin(bend)
    strength = rng.uniform(0.5, 0.95, _BROW_HAIRS)[:, None] * (1.0 - 0.75 * t)
    return px, py, strength


def _lashes(rng: np.random.Generator, spread: float) -> tuple[Array, Array, Array]:
    """Dots of the lashes of one closed eye, hanging from the lash line."""
    x = np.sort(rng.uniform(18.5, 47.0, _LASHES))
    y = lm.lash_line(x) - 0.4
    angle = -np.pi / 2 + (x - 31.0) * 0.035 + rng.normal(0.0, 0.10, _LASHES)
    length = np.interp(x, [18, 26, 40, 47], [2.0, 4.2, 5.4, 4.6]) * rng.uniform(0.7, 1.1, _LASHES)
    t = np.linspace(0.0, 1.0, _STEPS)
    bend = angle[:, None] + 0.30 * t * np.sign(x - 27.0)[:, None]
    px = x[:, None] + spread + length[:, None] * t * np.cos(bend)
    py = y[:, None] + length[:, None] * t * np.sin(bend)
    return px, py, rng.uniform(0.6, 0.95, _LASHES)[:, None] * (1.0 - 0.8 * t)


def _under(atlas: Atlas, spread: float) -> Array:
    """Soft shade beneath the single hairs: the body of the brow and the line of the lids."""
    ax = np.abs(atlas.x)
    front = smoothstep(atlas.z, 20.0, 35.0)
    ends = smoothstep(ax, 8.0, 14.0) * smoothstep(ax, 54.0, 44.0)
    brow = gauss((atlas.y - lm.brow_middle(ax)) / np.maximum(lm.brow_half_height(ax), 0.4), 0.9)
    ex = ax - spread
    lid = smoothstep(ex, 16.0, 21.0) * smoothstep(ex, 48.5, 44.0)
    line = gauss(atlas.y - lm.lash_line(ex) + 0.5, 0.75)
    return front * np.maximum(0.38 * brow * ends, 0.72 * line * lid)


def hair_mask(atlas: Atlas, front: FrontMap, traits: Traits, size: int) -> Image.Image:
    """Cover of hair, 0..255, eight-bit grey."""
    rng = np.random.default_rng([traits.seed, 7])
    spread = traits.shape.eye_spread
    parts = []
    for side in (1.0, -1.0):
        for x, y, strength in (_brow(rng), _lashes(rng, spread)):
            parts.append(np.stack([side * x, y, strength]).reshape(3, -1))
    x, y, strength = np.concatenate(parts, axis=1).astype(np.float32)
    canvas = blank(size)
    row, column = front.find(x, y)
    tall, wide = texel_radii(atlas, row, column, np.full_like(x, 0.13), size)
    dots(canvas, row, column, tall, wide, strength)
    under = Image.fromarray(to_bytes(_under(atlas, spread)))
    under = under.resize((size, size), Image.Resampling.BICUBIC)
    return ImageChops.lighter(Image.fromarray(canvas), under)
