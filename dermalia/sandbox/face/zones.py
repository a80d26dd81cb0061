"""Regions of the face, on atlas charts. Left and right are the subject's own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dermalia.sandbox.face import landmarks as lm
from dermalia.sandbox.face.atlas import Atlas
from dermalia.sandbox.face.solids import Array, smoothstep

Mask = NDArray[np.bool_]

ZONES = ("forehead", "left_eye", "right_eye", "nose", "left_cheek", "right_cheek", "chin")
OVERALL = "face"


def lips(x: Array, y: Array, z: Array) -> Array:
    """Distance inside the border of the lips, millimetres; negative outside."""
    ax = np.abs(x)
    inside = np.minimum(lm.lip_top(ax) - y, y - lm.lip_bottom(ax))
    return np.where(z > 60.0, np.minimum(inside, lm.MOUTH_HALF_WIDTH - ax), -50.0)


def measured(atlas: Atlas) -> Array:
    """Where a device would measure: the front of the face without lips, 0..1 with soft edges."""
    x, y, z = atlas.x, atlas.y, atlas.z
    front = smoothstep(z, 4.0, 14.0) * smoothstep(y, -119.0, -113.0) * (np.abs(x) < 78.0)
    return (
        front * smoothstep(lm.cap_height(y, z), -2.0, -5.0) * smoothstep(lips(x, y, z), 0.8, -0.8)
    )


def stretch(mask: Mask, size: int) -> Mask:
    """The same mask on a chart of another size, by the nearest texel."""
    at = ((np.arange(size) + 0.5) / size * mask.shape[0]).astype(np.intp)
    return mask[np.ix_(at, at)]


def zone_masks(atlas: Atlas) -> dict[str, Mask]:
    """One mask per zone, disjoint, and `face` as their union."""
    x, y, z = atlas.x, atlas.y, atlas.z
    ax = np.abs(x)
    skin = measured(atlas) > 0.99
    eye = ((ax - 33.0) / 22.0) ** 2 + ((y + 3.0) / 15.0) ** 2 < 1.0
    nose = (y < 8.0) & (y > -53.0) & (ax < np.interp(y, [-53, -40, -30, 8], [19, 18, 13, 9]))
    forehead = (y > 24.0) & (z > 32.0)
    chin = (y < -84.0) & (ax < 34.0) & (z > 40.0)
    cheek = (y < -14.0) & (y > -84.0) & (ax > 16.0) & (z > 12.0)
    cheek &= ~((ax < 28.0) & (y < -54.0))
    nose &= ~eye & (z > 70.0)
    cheek &= ~eye & ~nose
    masks = {
        "forehead": forehead,
        "left_eye": eye & (x > 0) & (z > 40.0),
        "right_eye": eye & (x < 0) & (z > 40.0),
        "nose": nose,
        "left_cheek": cheek & (x > 0),
        "right_cheek": cheek & (x < 0),
        "chin": chin,
    }
    masks = {name: mask & skin for name, mask in masks.items()}
    masks[OVERALL] = np.logical_or.reduce(list(masks.values()))
    return masks
