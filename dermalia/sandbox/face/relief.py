"""Low relief on the front of the head: bumps, grooves, lids and lips, as height in millimetres."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dermalia.sandbox.face import landmarks as lm
from dermalia.sandbox.face.solids import Array, gauss, smoothstep
from dermalia.sandbox.face.traits import Shape


class Bump(NamedTuple):
    """Bell of height `h` at (x, y) with half-axes (rx, ry), turned by `turn` radians."""

    x: float
    y: float
    rx: float
    ry: float
    h: float
    turn: float = 0.0


class Crease(NamedTuple):
    """Bell-shaped ridge (h > 0) or groove (h < 0) of half-width `r` along a polyline."""

    path: tuple[tuple[float, float], ...]
    r: float
    h: float


def _bumps(s: Shape) -> tuple[Bump, ...]:
    eye = 32.0 + s.eye_spread
    return (
        # Forehead and brow
        Bump(22, 52, 22, 18, 1.4),
        Bump(0, 17, 15, 10, 2.2 + s.brow),
        Bump(26, 18, 20, 8.5, 3.0 + s.brow, 0.10),
        Bump(48, 13, 10, 10, 3.2 + 0.5 * s.brow),
        Bump(62, 26, 15, 22, -3.0),
        # Socket: deep by the nose, shallow towards the temple
        Bump(19, 2.5, 7.5, 8, -3.6),
        Bump(eye + 1, -4, 16, 12, -6.2),
        Bump(45, -3, 9, 9, -1.4),
        Bump(26, -19, 15, 6, -1.4, -0.25),
        # Cheek
        Bump(40, -30, 17, 13, 3.6 + s.cheek, -0.2),
        Bump(54, -20, 16, 9, 3.0 + s.cheek, -0.1),
        Bump(46, -62, 15, 20, -3.4 - s.cheek),
        Bump(14, -24, 7, 16, 3.0, -0.1),
        # Muzzle and chin
        Bump(0, -66, 27, 19, 6.8),
        Bump(14, -55, 9, 7, 1.2),
        Bump(33, -74, 6, 8, 1.2),
        Bump(0, -90, 17, 4.8, -3.4),
        Bump(0, -104, 16, 11, 4.2 + s.chin),
        Bump(7, -108, 8, 7, 1.2 + 0.5 * s.chin),
        Bump(24, -98, 10, 10, -1.6),
        Bump(47, -90, 14, 16, 2.0 + s.jaw),
    )


def _creases() -> tuple[Crease, ...]:
    return (
        Crease(((0.0, -51.0), (0.0, -61.5)), 2.8, -1.0),
        Crease(((3.8, -50.0), (5.4, -61.5)), 1.8, 0.5),
        Crease(((14.5, -36.0), (17.5, -45.0), (24.0, -56.0), (31.0, -70.0)), 3.4, -1.7),
        Crease(((19.0, -40.0), (27.0, -53.0), (35.5, -69.0)), 6.0, 1.5),
        Crease(((26.5, -71.0), (32.0, -86.0)), 3.4, -1.3),
    )


def _along(x: Array, y: Array, path: tuple[tuple[float, float], ...]) -> tuple[Array, Array]:
    """Distance to a polyline, and how far along it the nearest point lies (0..1)."""
    best, share = np.full_like(x, 1e6), np.zeros_like(x)
    pieces = list(pairwise(path))
    for i, ((ax, ay), (bx, by)) in enumerate(pieces):
        vx, vy = bx - ax, by - ay
        t = np.clip(((x - ax) * vx + (y - ay) * vy) / (vx * vx + vy * vy), 0.0, 1.0)
        d = (x - ax - t * vx) ** 2 + (y - ay - t * vy) ** 2
        share = np.where(d < best, (i + t) / len(pieces), share)
        best = np.minimum(best, d)
    return np.sqrt(best), share


def _eyelids(x: Array, y: Array) -> Array:
    """Upper lid lying on the lower one, its crease, and the soft bag underneath."""
    wide = smoothstep(x, 14.0, 20.0) * smoothstep(x, 51.0, 45.0)
    lash = y - lm.lash_line(x)
    crease = y - lm.lid_crease(x)
    edge = 1.1 * smoothstep(lash, -0.4, 1.1) * gauss(np.maximum(lash, 0.0), 9.0)
    slit = -1.0 * gauss(lash + 0.7, 1.0)
    fold = -0.9 * gauss(crease, 1.2) + 1.2 * gauss(crease - 4.2, 3.4)
    bag = -0.6 * gauss(y - lm.lid_bag(x), 2.4) + 0.9 * gauss(lash + 4.5, 3.0)
    height: Array = wide * (edge + slit + fold + bag)
    return height


def lips(x: Array, y: Array, full: float) -> Array:
    """Height of the two lips over the muzzle; `full` adds to both, in millimetres."""
    top, line, bottom = lm.lip_top(x), lm.lip_line(x), lm.lip_bottom(x)
    up = np.clip((y - line) / np.maximum(top - line, 0.5), -1.0, 2.0)
    down = np.clip((line - y) / np.maximum(line - bottom, 0.5), -1.0, 2.0)
    taper = np.sqrt(np.clip(1.0 - (x / lm.MOUTH_HALF_WIDTH) ** 2, 0.0, 1.0))
    upper = (2.6 + full) * gauss(up - 0.42, 0.62) * smoothstep(up, -0.30, 0.18)
    lower = (3.9 + full) * gauss(down - 0.46, 0.60) * smoothstep(down, -0.30, 0.18)
    tubercle = 0.7 * gauss(x, 4.0) * gauss(up - 0.3, 0.4)
    border = 0.5 * gauss(y - top, 0.9)
    inside = smoothstep(x, 29.0, 25.0)
    slit = -2.0 * gauss(y - line, 1.4) * inside
    corner = -1.6 * gauss(x - 26.0, 3.0) * gauss(y + 71.0, 3.0)
    height: Array = taper * (upper + lower + tubercle + border) + slit + corner
    return height


def relief(x: Array, y: Array, z: Array, shape: Shape) -> Array:
    """Height to add to the front of the head at |x|, y, z; zero behind the ears."""
    height = np.zeros_like(x)
    for b in _bumps(shape):
        for side in (1.0, -1.0) if 0 < b.x < 2 * b.rx else (1.0,):
            dx, dy = x - side * b.x, y - b.y
            c, s = math.cos(b.turn), side * math.sin(b.turn)
            height += b.h * np.exp(
                -(((c * dx + s * dy) / b.rx) ** 2) - (((c * dy - s * dx) / b.ry) ** 2)
            )
    for crease in _creases():
        away, share = _along(x, y, crease.path)
        height += (
            crease.h * gauss(away, crease.r) * smoothstep(np.minimum(share, 1.0 - share), 0.0, 0.4)
        )
    height += _eyelids(x - shape.eye_spread, y) + lips(x, y, shape.lips)
    height *= smoothstep(z, 0.0, 30.0)
    return height
