"""Implicit solids: signed distances in millimetres, negative inside.

Points arrive as three equal one-dimensional float32 arrays. The distances are close enough to
Euclidean for blending and for cautious sphere tracing; they are not exact far away.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

# float32 at run time; numpy's stubs lose that on every product with a plain number.
Array: TypeAlias = NDArray[np.floating[Any]]
Point: TypeAlias = tuple[float, float, float]

_TINY = np.float32(1e-6)


def union(a: Array, b: Array, blend: float) -> Array:
    """Smooth union: a fillet of about `blend` millimetres where the two solids meet."""
    h = np.maximum(blend - np.abs(a - b), 0.0)
    return np.minimum(a, b) - h * h * (0.25 / blend)


def intersection(a: Array, b: Array, blend: float) -> Array:
    """Smooth intersection, rounding the edge over about `blend` millimetres."""
    return -union(-a, -b, blend)


def carve(a: Array, b: Array, blend: float) -> Array:
    """Solid `a` with solid `b` taken out of it."""
    return intersection(a, -b, blend)


def ellipsoid(x: Array, y: Array, z: Array, centre: Point, radii: Point) -> Array:
    """Axis-aligned ellipsoid."""
    dx, dy, dz = x - centre[0], y - centre[1], z - centre[2]
    rx, ry, rz = radii
    near = np.sqrt((dx / rx) ** 2 + (dy / ry) ** 2 + (dz / rz) ** 2)
    slope = np.sqrt((dx / rx**2) ** 2 + (dy / ry**2) ** 2 + (dz / rz**2) ** 2)
    distance: Array = near * (near - 1.0) / (slope + _TINY)
    return distance


def capsule(x: Array, y: Array, z: Array, a: Point, b: Point, ra: float, rb: float) -> Array:
    """Rod from `a` to `b` whose radius goes evenly from `ra` to `rb`."""
    vx, vy, vz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    dx, dy, dz = x - a[0], y - a[1], z - a[2]
    along = np.clip((dx * vx + dy * vy + dz * vz) / (vx * vx + vy * vy + vz * vz), 0.0, 1.0)
    away = np.sqrt((dx - along * vx) ** 2 + (dy - along * vy) ** 2 + (dz - along * vz) ** 2)
    distance: Array = away - (ra + (rb - ra) * along)
    return distance


def smoothstep(value: Array, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, an even S between; `low` may be the greater one."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    step: Array = t * t * (3.0 - 2.0 * t)
    return step


def gauss(value: Array, width: float) -> Array:
    """Bell of height 1; `width` is the distance at which it has fallen to 1/e."""
    bell: Array = np.exp(-((value / width) ** 2))
    return bell
