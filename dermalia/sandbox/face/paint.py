"""The two colour textures: base colour, the marks of the metrics, furrows in the light, hair.

Everything here is eight bits per texel and mostly Pillow's C code: at 4096 texels a side, float
arrays would cost seconds and a gigabyte.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops

from dermalia.sandbox.face.atlas import Atlas, FrontMap
from dermalia.sandbox.face.hair import hair_mask
from dermalia.sandbox.face.metrics import Fields, draw_pores
from dermalia.sandbox.face.raster import Bytes, Noise, blank
from dermalia.sandbox.face.skin import base_colour
from dermalia.sandbox.face.solids import Array
from dermalia.sandbox.face.traits import Traits

_STRIP = 64  # rows of float work at once, to bound the memory
_EVEN = 128  # value of the light layer where the surface is neither lit nor shaded
_HAIR_COVER = 0.88
_HAIR = (0.25, 0.17, 0.13)  # darkens with the tone of the skin

# What full intensity takes away from red, green and blue.
_LOSS = {
    "pigmentation": (0.22, 0.33, 0.39),
    "redness": (0.02, 0.155, 0.14),
    "wrinkles": (0.16, 0.24, 0.26),
    "pores": (0.14, 0.21, 0.23),
}


class _Light(NamedTuple):
    """How one kind of light shows the marks."""

    gain: dict[str, float]
    tint: tuple[float, float, float]
    relief: bool


_WHITE = _Light(
    {"pigmentation": 1.0, "redness": 1.0, "wrinkles": 1.0, "pores": 1.0}, (1.0, 1.0, 1.0), True
)
# Crossed filters take the surface reflection away: no furrows, deeper blood and pigment.
_CROSSED = _Light(
    {"pigmentation": 1.5, "redness": 1.8, "wrinkles": 0.45, "pores": 0.45},
    (0.97, 0.93, 0.91),
    False,
)


def _grow(values: Bytes, size: int) -> Image.Image:
    return Image.fromarray(values).resize((size, size), Image.Resampling.BICUBIC)


def _grain(size: int, seed: int) -> Image.Image:
    """Fine furrows between the pores: two octaves of noise a few texels wide."""
    rng = np.random.default_rng([seed, 6])
    coarse, fine = (
        _grow(rng.integers(0, 256, (max(8, size // k),) * 2, dtype=np.uint8), size) for k in (9, 4)
    )
    return Image.blend(coarse, fine, 0.5)


def _pore_marks(atlas: Atlas, fields: Fields, size: int) -> Image.Image:
    canvas = blank(size)
    draw_pores(canvas, atlas, fields.pores, 1.0)
    return Image.fromarray(canvas)


def _slope(layer: Bytes, rows: slice) -> Array:
    """Change from the row above to the row below, per strip, 1 for the full range."""
    index = np.arange(rows.start, min(rows.stop, len(layer)))
    above = layer[np.maximum(index - 1, 0)].astype(np.int16)
    below = layer[np.minimum(index + 1, len(layer) - 1)]
    change: Array = (below - above).astype(np.float32) * np.float32(1 / 255)
    return change


def _relief(layers: dict[str, Bytes], rows: slice) -> Bytes:
    """Light from above on the furrows: walls that face up are lit, those that face down are not."""
    skin, grain, dry = (
        layers[name][rows].astype(np.float32) * np.float32(1 / 255)
        for name in ("bare", "grain", "dryness")
    )
    grain -= 0.5
    lit = _slope(layers["grain"], rows) * (0.08 + 0.16 * dry)
    lit -= 0.36 * _slope(layers["wrinkles"], rows) + 0.12 * _slope(layers["pores"], rows)
    lit += 0.05 * grain
    # Dry skin scatters: paler, and uneven.
    lit += 0.07 * np.maximum(dry - 0.35, 0.0) * (1.0 + 4.0 * grain)
    light: Bytes = np.clip(_EVEN * (1.0 + lit * skin) + 0.5, 0, 255).astype(np.uint8)
    return light


def _less(layer: Image.Image, loss: float) -> Image.Image:
    """What is left of the light, 255 for all, where full intensity takes `loss` of it."""
    return layer.point([round(255 * (1.0 - loss * k / 255)) for k in range(256)])


def _channel(
    k: int, light: _Light, base: Image.Image, layers: dict[str, Image.Image], traits: Traits
) -> Image.Image:
    """One colour channel of a texture under one light."""
    out = base.point([round(light.tint[k] * v) for v in range(256)])
    for name, gain in light.gain.items():
        out = ImageChops.multiply(out, _less(layers[name], min(1.0, gain * _LOSS[name][k])))
    if light.relief:
        lit = np.asarray(out).astype(np.uint16)
        lit *= np.asarray(layers["relief"])
        out = Image.fromarray(np.minimum((lit + _EVEN // 2) // _EVEN, 255).astype(np.uint8))
    hair = round(255 * _HAIR[k] * (1.0 - 0.75 * traits.tone))
    cover = layers["hair"].point([round(_HAIR_COVER * v) for v in range(256)])
    return Image.composite(Image.new("L", out.size, hair), out, cover)


def paint(
    atlas: Atlas, front: FrontMap, noise: Noise, fields: Fields, traits: Traits, size: int
) -> dict[str, Image.Image]:
    """The texture under each light, RGB, `size` texels a side."""
    base, bare = base_colour(atlas, noise, traits)
    jobs: dict[str, Callable[[], Image.Image]] = {
        "hair": lambda: hair_mask(atlas, front, traits, size),
        "pores": lambda: _pore_marks(atlas, fields, size),
        "grain": lambda: _grain(size, traits.seed),
        "bare": lambda: _grow(bare, size),
        "dryness": lambda: _grow(fields.dryness, size),
        "wrinkles": lambda: _grow(_squared(fields.overlays["wrinkles"]), size),
        "pigmentation": lambda: _grow(fields.overlays["pigmentation"], size),
        "redness": lambda: _grow(fields.overlays["redness"], size),
    }
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(lambda job: job(), jobs.values())
        planes = list(pool.map(lambda k: _grow(np.ascontiguousarray(base[..., k]), size), range(3)))
        layers = dict(zip(jobs, done, strict=True))
        pixels = {name: np.asarray(image) for name, image in layers.items()}
        strips = [slice(top, top + _STRIP) for top in range(0, size, _STRIP)]
        relief = np.concatenate(list(pool.map(lambda rows: _relief(pixels, rows), strips)))
        layers["relief"] = Image.fromarray(relief)
        shown = [(light, k) for light in (_WHITE, _CROSSED) for k in range(3)]
        bands = list(pool.map(lambda s: _channel(s[1], s[0], planes[s[1]], layers, traits), shown))
    return {
        "white": Image.merge("RGB", bands[:3]),
        "cross_polarised": Image.merge("RGB", bands[3:]),
    }


def _squared(overlay: Bytes) -> Bytes:
    """Deepens lines against the soft folds they lie in, which hardly change the colour."""
    wide = overlay.astype(np.uint16)
    return (wide * wide // 255).astype(np.uint8)
