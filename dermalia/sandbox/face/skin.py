"""Colour of the skin region by region, of the lips, and of cap and drape; without fine marks."""

from __future__ import annotations

import colorsys

import numpy as np

from dermalia.sandbox.face import landmarks as lm
from dermalia.sandbox.face.atlas import Atlas
from dermalia.sandbox.face.raster import Bytes, Noise, to_bytes
from dermalia.sandbox.face.solids import Array, gauss, smoothstep
from dermalia.sandbox.face.traits import Traits
from dermalia.sandbox.face.zones import lips

_TONES = np.array(
    [(236, 198, 176), (226, 181, 154), (204, 154, 122), (160, 112, 84), (108, 73, 55)], np.float32
) / np.float32(255)


def _tone(level: float) -> Array:
    at = np.linspace(0.0, 1.0, len(_TONES))
    return np.array([np.interp(level, at, _TONES[:, k]) for k in range(3)], np.float32)


def _times(colour: Array, red: float, green: float, blue: float) -> Array:
    return colour * np.array((red, green, blue), np.float32)


def _mix(colour: Array, other: Array, weight: Array) -> Array:
    return colour + (other - colour) * weight[..., None]


def _patch(atlas: Atlas, x: float, y: float, rx: float, ry: float) -> Array:
    front = smoothstep(atlas.z, 10.0, 30.0)
    return front * gauss((np.abs(atlas.x) - x) / rx, 1.0) * gauss((atlas.y - y) / ry, 1.0)


def _skin(atlas: Atlas, noise: Noise, traits: Traits) -> Array:
    """Skin without marks, (size, size, 3) in 0..1."""
    base = _tone(traits.tone)
    warm, cool = _times(base, 1.0, 0.84, 0.80), _times(base, 0.93, 0.92, 0.95)
    yellow, dusky = _times(base, 0.99, 0.98, 0.90), _times(base, 0.84, 0.76, 0.77)
    colour = np.broadcast_to(base, (*atlas.x.shape, 3)).astype(np.float32)
    colour = _mix(colour, yellow, 0.7 * _patch(atlas, 0, 48, 60, 26))
    flush = np.maximum.reduce(
        [
            _patch(atlas, 40, -30, 22, 19),
            _patch(atlas, 0, -42, 15, 12),
            0.5 * _patch(atlas, 0, -100, 20, 12),
        ]
    )
    colour = _mix(colour, warm, 0.28 * flush)
    colour = _mix(colour, cool, 0.6 * _patch(atlas, 0, -88, 50, 22))
    lids = np.maximum(_patch(atlas, 32, 0, 15, 8), 0.8 * _patch(atlas, 28, -15, 14, 5))
    colour = _mix(colour, dusky, 0.55 * lids)
    ears = smoothstep(np.abs(atlas.x), 70.0, 78.0) * gauss(atlas.y + 14.0, 36.0)
    colour = _mix(colour, warm * 0.97, 0.7 * ears)
    blotch = 0.008 * noise(11.0, 11) + 0.007 * noise(3.5, 12)
    hue = 0.005 * noise(6.0, 13)
    colour *= 1.0 + blotch[..., None]
    colour[..., 0] *= 1.0 + 0.4 * hue
    colour[..., 1] *= 1.0 - hue
    return colour


def _lip_colour(atlas: Atlas, noise: Noise, traits: Traits, colour: Array) -> Array:
    ax = np.abs(atlas.x)
    inside = lips(atlas.x, atlas.y, atlas.z)
    tint = _times(_tone(traits.tone), 0.90, 0.66, 0.67)
    chapped = 1.0 + 0.03 * noise(1.2, 14)
    colour = _mix(colour, tint * chapped[..., None], 0.66 * smoothstep(inside, -1.3, 2.0))
    line = gauss(atlas.y - lm.lip_line(ax), 0.75) * (ax < 27.0) * (atlas.z > 60.0)
    return _mix(colour, tint * 0.45, 0.75 * line)


def _cloth(traits: Traits) -> Array:
    red, green, blue = colorsys.hls_to_rgb(0.46 + 0.28 * traits.cap_hue, 0.25, 0.26)
    return np.array((red, green, blue), np.float32)


def _dress(atlas: Atlas, noise: Noise, traits: Traits, colour: Array) -> tuple[Array, Array]:
    """Cap and drape over the skin; also returns the share of bare skin."""
    cap = lm.cap_height(atlas.y, atlas.z)
    drape = lm.drape_depth(atlas.x, atlas.y, atlas.z)
    over = np.maximum(smoothstep(cap, -0.25, 0.25), smoothstep(drape, -1.5, 1.5))
    hem = gauss(cap - 3.2, 0.5)
    cloth = _cloth(traits) * (1.0 - 0.22 * hem + 0.012 * noise(1.5, 15))[..., None]
    # The edge of the cloth throws a narrow soft shadow on the skin.
    near = np.maximum(gauss(np.minimum(cap, 0.0), 2.2), gauss(np.minimum(drape, 0.0), 2.2))
    colour = colour * (1.0 - 0.22 * near * (1.0 - over))[..., None]
    return _mix(colour, cloth, over), 1.0 - over


def _hollow(atlas: Atlas) -> Array:
    """Sky light lost by lying in a hollow, as an exponent; 0 where the sky is free."""
    fine = np.clip(atlas.cavity_fine - 0.05, 0.0, 2.0)
    broad = np.clip(atlas.cavity_broad, 0.0, 7.0)
    lost: Array = 0.30 * fine + 0.022 * broad
    return lost


def base_colour(atlas: Atlas, noise: Noise, traits: Traits) -> tuple[Bytes, Bytes]:
    """Colour without fine marks, (size, size, 3), and the share of bare skin, both 0..255."""
    colour = _lip_colour(atlas, noise, traits, _skin(atlas, noise, traits))
    colour, bare = _dress(atlas, noise, traits, colour)
    hollow = _hollow(atlas)
    # Light bounces in hollow skin and comes back red: less is lost of red.
    for k, loss in enumerate((0.8, 1.05, 1.1)):
        colour[..., k] *= np.exp(-loss * hollow)
    return to_bytes(colour), to_bytes(bare)
