"""One outer ear: rim, inner ridge, bowl, tragus and lobe."""

from __future__ import annotations

import math

import numpy as np

from dermalia.sandbox.face.solids import Array, capsule, carve, ellipsoid, smoothstep, union
from dermalia.sandbox.face.traits import Shape

_TILT = 0.20  # top leans back, radians
_FLARE = 0.34  # back edge stands off the skull, radians


def _ring(u: Array, v: Array, w: Array, half: tuple[float, float], tube: Array) -> Array:
    """Tube bent along an ellipse in the (u, v) plane."""
    q = np.sqrt((u / half[0]) ** 2 + (v / half[1]) ** 2) + np.float32(1e-6)
    flat = np.sqrt(u * u + v * v) * (1.0 - 1.0 / q)
    distance: Array = np.sqrt(flat * flat + w * w) - tube
    return distance


def ear(x: Array, y: Array, z: Array, s: Shape) -> Array:
    """Signed distance of the ear on the x > 0 side."""
    dx, dy, dz = x - 73.5 * s.width_scale, y + 14.0, z + 10.0
    ct, st = math.cos(_TILT), math.sin(_TILT)
    cf, sf = math.cos(_FLARE), math.sin(_FLARE)
    up = ct * dy - st * dz
    dx = dx - 0.13 * up  # the lobe lies closer to the head than the top does
    back = -(ct * dz + st * dy)
    out = cf * dx - sf * back
    back = cf * back + sf * dx

    plate = ellipsoid(up, back, out, (2.0, 3.0, -1.5), (28.0, 15.0, 4.5))
    fade = smoothstep(back + 0.25 * up, -14.0, -2.0)
    rim = _ring(up - 3.0, back - 3.0, out - 1.6, (27.0, 14.8), 1.2 + 2.0 * fade)
    fold = _ring(up - 1.0, back - 2.4, out - 0.8, (19.0, 8.6), 0.4 + 1.9 * fade)
    body = union(union(plate, rim, 3.0), fold, 3.0)
    body = carve(body, ellipsoid(up, back, out, (-5.0, -0.5, 4.0), (11.5, 7.6, 6.5)), 3.0)
    lobe = ellipsoid(up, back, out, (-25.0, -3.0, 0.0), (8.0, 6.5, 4.0))
    tragus = ellipsoid(up, back, out, (-6.0, -9.5, 1.0), (5.0, 3.2, 4.0))
    root = capsule(up, back, out, (12.0, -8.0, -3.0), (-20.0, -8.0, -3.0), 4.0, 4.0)
    body = union(union(body, lobe, 5.0), root, 4.0)
    behind = ellipsoid(up, back, out, (4.0, 8.0, -9.0), (20.0, 13.0, 7.0))
    return union(union(body, tragus, 2.0), behind, 8.0)
