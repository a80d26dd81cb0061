"""The bust as one implicit solid: skull, jaw, nose, ears, neck and shoulders blended together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dermalia.sandbox.face.ear import ear
from dermalia.sandbox.face.landmarks import cap_height, curve
from dermalia.sandbox.face.relief import relief
from dermalia.sandbox.face.solids import (
    Array,
    capsule,
    carve,
    ellipsoid,
    gauss,
    intersection,
    smoothstep,
    union,
)
from dermalia.sandbox.face.traits import Shape

# Horizontal cross-sections of the head by height: the half-width, the depth reached in front and
# behind, the z of the widest place, and how square the front half is (2 = ellipse).
_half_width = curve(
    (-125, 36), (-110, 45), (-92, 52.5), (-72, 58), (-50, 62.5), (-30, 66.5), (-12, 69.5),
    (5, 71.5), (20, 74), (36, 75.6), (50, 76), (70, 76),
)  # fmt: skip
_front = curve(
    (-125, 79), (-112, 84), (-100, 84.5), (-85, 83), (-70, 83.5), (-50, 83.5), (-30, 82.5),
    (-12, 83), (4, 86), (18, 91), (32, 95.5), (50, 97.5), (70, 97.5),
)  # fmt: skip
_behind = curve((-120, -70), (-60, -82), (-30, -90), (0, -96), (30, -99), (50, -99))
_widest = curve((-120, 8), (-80, 2), (-40, 2), (-10, 2), (10, -4), (36, -11), (50, -12), (70, -12))
_square = curve(
    (-122, 1.9),
    (-106, 1.86),
    (-90, 1.95),
    (-70, 2.12),
    (-50, 2.25),
    (-28, 2.35),
    (0, 2.3),
    (20, 2.25),
    (32, 2.2),
)
Mask = NDArray[np.bool_]

_NOWHERE = np.float32(500.0)
_CROWN_FROM, _CROWN_RADIUS = 22.0, 90.0


def _head(x: Array, y: Array, z: Array, s: Shape) -> Array:
    """Cranium and face mask without features: a loft closed by the crown and the jaw plane."""
    width = (_half_width(y) + s.jaw * gauss(y + 85.0, 28.0)) * s.width_scale
    centre = _widest(y)
    dz = z - centre
    depth = np.where(dz > 0, _front(y) - centre, centre - _behind(y))
    n = np.where(dz > 0, _square(y), 2.2).astype(np.float32)
    rise = np.maximum(y - _CROWN_FROM, 0.0)
    q = (
        (x / width) ** n
        + (np.abs(dz) / depth) ** n
        + (rise / _CROWN_RADIUS) ** n
        + np.float32(1e-9)
    ) ** (1.0 / n)
    radius = np.sqrt(x * x + dz * dz + rise * rise) + np.float32(1e-3)
    loft = radius * (1.0 - 1.0 / q)
    jaw_plane = -(y + 90.0 + s.chin * 0.3 + 0.315 * z) * 0.95
    return intersection(loft, jaw_plane, 17.0)


def _nose(x: Array, y: Array, z: Array, s: Shape) -> Array:
    """Bridge, side walls, tip, wings and septum, the nostrils taken out."""
    out, drop, wide = s.nose_out, -s.nose_length, s.nose_width
    tip = (0.0, -40.5 + drop, 107.0 + out)
    root, middle = (0.0, 8.0, 84.0), (0.0, -14.0, 94.0 + 0.6 * out)
    bridge = union(
        capsule(x, y, z, root, middle, 5.4, 5.4),
        capsule(x, y, z, middle, tip, 5.4, 7.4),
        4.0,
    )
    wall = capsule(x, y, z, (3.0, 2.0, 79.0), (7.0 + wide, -36.0 + drop, 88.5), 5.2, 7.8)
    ball = ellipsoid(x, y, z, (0.0, -41.5 + drop, 107.6 + out), (9.0 + 0.5 * wide, 8.2, 9.2))
    wing = ellipsoid(x, y, z, (11.8 + wide, -45.2 + drop, 93.5), (5.4, 6.2, 8.8))
    column = capsule(x, y, z, (0.0, -49.0 + drop, 92.0), (0.0, -46.6 + drop, 108.0 + out), 4.2, 3.6)
    body = union(union(bridge, wall, 10.0), ball, 7.0)
    body = union(union(body, wing, 4.2), column, 4.0)
    nostril = ellipsoid(x, y, z, (6.9 + 0.6 * wide, -52.4 + drop, 99.5), (2.9, 5.2, 6.4))
    return carve(body, nostril, 2.0)


def _neck(x: Array, y: Array, z: Array) -> Array:
    """Neck, shoulders and upper chest, cut off below as a sculptor would."""
    column = capsule(x, y, z, (0.0, -40.0, -22.0), (0.0, -215.0, -34.0), 49.0, 55.0)
    throat = capsule(x, y, z, (0.0, -128.0, 10.0), (0.0, -205.0, -8.0), 25.0, 30.0)
    strap = capsule(x, y, z, (54.0, -50.0, -20.0), (13.0, -199.0, 14.0), 11.0, 8.0)
    apple = ellipsoid(x, y, z, (0.0, -148.0, 28.0), (9.0, 14.0, 8.0))
    yoke = capsule(x, y, z, (28.0, -132.0, -58.0), (140.0, -206.0, -46.0), 20.0, 24.0)
    shoulder = capsule(x, y, z, (60.0, -222.0, -36.0), (150.0, -228.0, -40.0), 40.0, 40.0)
    chest = ellipsoid(x, y, z, (0.0, -272.0, -26.0), (170.0, 76.0, 74.0))
    collar_bone = capsule(x, y, z, (14.0, -206.0, 16.0), (120.0, -196.0, -22.0), 7.0, 7.0)
    torso = union(union(shoulder, chest, 30.0), yoke, 30.0)
    neck = union(union(column, throat, 16.0), strap, 9.0)
    neck = union(neck, apple, 12.0)
    whole = union(neck, torso, 30.0)
    base = ellipsoid(x, y, z, (0.0, -128.0, -22.0), (152.0, 124.0, 140.0))
    return intersection(union(whole, collar_bone, 12.0), base, 16.0)


def _cloth(y: Array, z: Array) -> Array:
    """Thickness of the cap."""
    return 1.2 * smoothstep(cap_height(y, z), -1.2, 1.6)


def _where(
    near: Mask, part: Callable[[Array, Array, Array], Array], x: Array, y: Array, z: Array
) -> Array:
    """`part` where it can matter; far outside elsewhere."""
    out = np.full_like(x, _NOWHERE)
    if near.any():
        out[near] = part(x[near], y[near], z[near])
    return out


def bust(x: Array, y: Array, z: Array, s: Shape) -> Array:
    """Signed distance (roughly, millimetres) of the whole bust; x > 0 is the subject's left."""
    lean = s.lean * smoothstep(z, 60.0, 100.0) * gauss(y + 45.0, 40.0)
    side = np.abs(x - lean)
    face = _head(side, y, z, s)
    features = np.flatnonzero((z > 0.0) & (np.abs(face) < 60.0))
    if len(features):
        fx, fy, fz = side[features], y[features], z[features]
        eyeball = ellipsoid(fx, fy, fz, (32.0 + s.eye_spread, -2.6, 68.8), (15.0, 13.2, 13.2))
        front = union(face[features], eyeball, 5.0) - relief(fx, fy, fz, s)
        face[features] = union(front, _nose(fx, fy, fz, s), 8.0)
    neck = _where(y < -30.0, _neck, side, y, z)
    by_ear = (np.abs(y + 14.0) < 50.0) & (np.abs(z + 10.0) < 45.0) & (side > 45.0)
    ears = _where(by_ear, lambda a, b, c: ear(a, b, c, s), side, y, z)
    return union(union(face, neck, 13.0), ears, 4.0) - _cloth(y, z)
