"""The five metrics as intensity fields on the atlas, and the values read from them.

A field drives three things at once: the marks in the colour textures, the overlay and the values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dermalia.sandbox.face.atlas import Atlas, FrontMap
from dermalia.sandbox.face.raster import Bytes, Noise, blank, dots, enlarge, texel_radii, to_bytes
from dermalia.sandbox.face.solids import Array, gauss, smoothstep
from dermalia.sandbox.face.traits import Severity, Traits
from dermalia.sandbox.face.wrinkles import wrinkle_field
from dermalia.sandbox.face.zones import Mask, measured

METRICS = ("wrinkles", "pores", "pigmentation", "redness", "hydration_proxy")
SCALE_MIN, SCALE_MAX = 0.0, 100.0


@dataclass(frozen=True, slots=True)
class Pores:
    """Single pores: atlas shares, radius in millimetres, darkness 0..1."""

    row: Array
    column: Array
    radius: Array
    strength: Array


@dataclass(frozen=True, slots=True)
class Fields:
    """Intensity per metric, 0..255 at overlay size, and the pores behind one of them."""

    overlays: dict[str, Bytes]
    pores: Pores
    dryness: Bytes  # the reverse of hydration_proxy on the face, even elsewhere


def _spot(atlas: Atlas, x: float, y: float, rx: float, ry: float) -> Array:
    """Soft patch on both sides of the face."""
    return gauss((np.abs(atlas.x) - x) / rx, 1.0) * gauss((atlas.y - y) / ry, 1.0)


def _scatter(
    atlas: Atlas, density: Array, rng: np.random.Generator, count: int
) -> tuple[Array, Array]:
    """`count` random places, as many per square millimetre as `density` says."""
    weight = np.cumsum((density * atlas.across * atlas.down).reshape(-1), dtype=np.float64)
    texel = np.searchsorted(weight, rng.uniform(0.0, weight[-1], count))
    row, column = np.divmod(texel, atlas.size)
    jitter = rng.uniform(0.0, 1.0, (2, count))
    shares = (np.stack([row, column]) + jitter) / atlas.size
    return shares[0].astype(np.float32), shares[1].astype(np.float32)


def _pore_density(atlas: Atlas, noise: Noise) -> Array:
    """How visible pores are, 0..1: most on nose and inner cheeks, least around the eyes."""
    tip = _spot(atlas, 0, -38, 15, 17)
    cheek = _spot(atlas, 27, -30, 16, 16)
    brow = 0.55 * _spot(atlas, 0, 34, 30, 22)
    chin = 0.6 * _spot(atlas, 0, -102, 18, 11)
    base = np.maximum.reduce([tip, 0.85 * cheek, brow, chin]) + 0.12
    lids = 1.0 - 0.9 * _spot(atlas, 32, -3, 18, 12)
    density: Array = np.clip(base * lids * (1.0 + 0.18 * noise(7.0, 1)), 0.0, 1.0)
    return density


def _pores(atlas: Atlas, density: Array, face: Array, traits: Traits) -> Pores:
    rng = np.random.default_rng([traits.seed, 3])
    count = 14_000 + round(14_000 * traits.severity.pores)
    row, column = _scatter(atlas, density**0.7 * face, rng, count)
    i, j = (row * atlas.size).astype(np.intp), (column * atlas.size).astype(np.intp)
    local = density[i, j]
    size = rng.gamma(6.0, 1.0 / 6.0, count)
    radius = (0.075 + 0.13 * local * (0.5 + traits.severity.pores)) * size
    strength = np.clip((0.25 + 0.75 * local) * rng.uniform(0.5, 1.0, count), 0.0, 1.0)
    return Pores(row, column, radius.astype(np.float32), strength.astype(np.float32))


def draw_pores(canvas: Bytes, atlas: Atlas, pores: Pores, widen: float) -> None:
    """Draws the pores on a square canvas, their radii times `widen`."""
    tall, wide = texel_radii(atlas, pores.row, pores.column, pores.radius * widen, canvas.shape[0])
    dots(canvas, pores.row, pores.column, tall, wide, pores.strength)


def _pigment(atlas: Atlas, noise: Noise, face: Array, traits: Traits, size: int) -> Array:
    """Mottling, freckles over nose and cheeks, and a few larger sun spots."""
    amount = traits.severity.pigmentation
    rng = np.random.default_rng([traits.seed, 4])
    sun = np.maximum.reduce(
        [
            _spot(atlas, 36, -24, 26, 20),
            0.8 * _spot(atlas, 0, -20, 22, 24),
            0.5 * _spot(atlas, 28, 46, 36, 26),
        ]
    )
    patches = smoothstep(noise(13.0, 2) + 0.5 * noise(5.0, 3), -0.8, 2.6) * (0.25 + 0.75 * sun)
    canvas = blank(size)
    mottled = enlarge((0.12 + 1.1 * amount) * patches + (0.06 + 0.26 * amount) * sun, size)
    for count, low, high, weight in (
        (round(120 + 900 * amount**1.5), 0.25, 0.75, 0.85),
        (round(10 + 60 * amount), 0.8, 1.6, 0.90),
        (round(2 + 9 * amount), 1.8, 3.2, 0.75),
    ):
        row, column = _scatter(atlas, (0.04 + sun**1.3) * face, rng, count)
        radius = rng.uniform(low, high, count).astype(np.float32)
        tall, wide = texel_radii(atlas, row, column, radius, size)
        squash = rng.uniform(0.75, 1.3, count)
        strength = weight * rng.uniform(0.35, 1.0, count) * (0.4 + 0.6 * amount)
        dots(canvas, row, column, tall * squash, wide / squash, strength.astype(np.float32))
    pigment: Array = np.maximum(mottled, canvas * np.float32(1 / 255))
    return pigment


def _redness(atlas: Atlas, noise: Noise, amount: float) -> Array:
    """Flushed cheeks, nose and chin, blotchy."""
    where = np.maximum.reduce(
        [
            _spot(atlas, 38, -30, 23, 19),
            0.9 * _spot(atlas, 0, -42, 13, 11),
            0.7 * _spot(atlas, 15, -46, 6, 8),
            0.55 * _spot(atlas, 0, -102, 16, 10),
            0.35 * _spot(atlas, 0, 22, 16, 12),
            0.25 * _spot(atlas, 26, 44, 26, 16),
        ]
    )
    blotchy = 1.0 + 0.22 * noise(8.0, 5) + 0.16 * noise(2.4, 6)
    flush: Array = (0.06 + where * (0.25 + 0.95 * amount)) * np.clip(blotchy, 0.2, 1.8)
    return flush


def _moisture(atlas: Atlas, noise: Noise, amount: float) -> Array:
    """Estimated moisture: lower on cheeks and forehead, higher along the middle of the face."""
    dry = np.maximum.reduce(
        [
            _spot(atlas, 46, -36, 24, 26),
            0.7 * _spot(atlas, 26, 50, 30, 18),
            0.6 * _spot(atlas, 0, -98, 24, 14),
        ]
    )
    middle = 0.12 * gauss(atlas.x, 16.0)
    flow = 0.06 * noise(16.0, 7) + 0.04 * noise(6.0, 8)
    moisture: Array = 0.80 - 0.22 * amount - (0.12 + 0.42 * amount) * dry + middle + flow
    return moisture


def make_fields(atlas: Atlas, front: FrontMap, noise: Noise, traits: Traits, size: int) -> Fields:
    """All five fields at `size` texels."""
    level: Severity = traits.severity
    face = measured(atlas)
    density = _pore_density(atlas, noise)
    pores = _pores(atlas, density, face, traits)
    spots = blank(size)
    draw_pores(spots, atlas, pores, 2.2)
    pore_field = enlarge(density * (0.22 + 0.55 * level.pores), size) + spots * np.float32(
        (0.2 + 0.4 * level.pores) / 255
    )
    fields = {
        "wrinkles": wrinkle_field(atlas, front, traits, size),
        "pores": pore_field,
        "pigmentation": _pigment(atlas, noise, face, traits, size),
        "redness": enlarge(_redness(atlas, noise, level.redness), size),
        "hydration_proxy": enlarge(_moisture(atlas, noise, level.dryness), size),
    }
    mask = np.clip(enlarge(face, size), 0.0, 1.0)
    dryness = (1.0 - fields["hydration_proxy"]) * mask + 0.35 * (1.0 - mask)
    overlays = {name: to_bytes(fields[name] * mask) for name in METRICS}
    return Fields(overlays, pores, to_bytes(dryness))


def zone_value(overlay: Bytes, zone: Mask) -> float:
    """Mean intensity inside a zone on the 0..100 scale, one decimal."""
    return round(float(overlay[zone].mean(dtype=np.float64)) / 255.0 * SCALE_MAX, 1)
