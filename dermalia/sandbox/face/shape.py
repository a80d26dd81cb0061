"""From the implicit bust to a regular grid of surface points.

Each grid point lies on a ray that starts on an inner axis (it runs from the skull down into the
chest) and leaves it in a direction set by its row and column. The same rows and columns are the
texture atlas: u goes once around with the seam at the back of the head, v from crown to base.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dermalia.sandbox.face.anatomy import bust
from dermalia.sandbox.face.solids import Array, smoothstep
from dermalia.sandbox.face.traits import Shape

# Share of the way from crown to base; then axis height (mm) and elevation of the ray (degrees) in
# front, where rays must look up at nose and chin, and the same for the sides and the back.
_ROWS = np.array(
    [
        (0.000, 42.0, 90.0, 42.0, 90.0),
        (0.080, 42.0, 48.0, 42.0, 48.0),
        (0.135, 38.0, 24.0, 38.0, 24.0),
        (0.195, 31.0, 12.0, 31.0, 12.0),
        (0.310, 3.0, 2.0, 3.0, 2.0),
        (0.420, -20.0, -8.0, -20.0, -3.0),
        (0.500, -31.0, -15.0, -38.0, -5.0),
        (0.580, -41.0, -22.0, -57.0, -7.0),
        (0.650, -49.0, -28.0, -76.0, -8.0),
        (0.700, -54.0, -33.0, -91.0, -8.0),
        (0.740, -58.0, -39.0, -103.0, -7.0),
        (0.775, -68.0, -43.0, -117.0, -3.0),
        (0.810, -98.0, -32.0, -134.0, 4.0),
        (0.845, -136.0, -8.0, -155.0, 14.0),
        (0.880, -168.0, 8.0, -178.0, 23.0),
        (0.915, -195.0, 16.0, -200.0, 26.0),
        (0.945, -208.0, 12.0, -210.0, 18.0),
        (0.965, -212.0, -4.0, -213.0, 0.0),
        (0.980, -213.0, -30.0, -214.0, -30.0),
        (1.000, -214.0, -90.0, -214.0, -90.0),
    ]
)
_FRONT_SLOPE = 0.42  # angular step at the nose relative to an even one
_FAR = 270.0  # millimetres; every ray starts outside the bust
_CAUTION = 0.7  # share of the distance a step dares to take: relief makes distances too long
_BLOCK = 32_768
_STEPS = 32  # a handful of grazing rays would take longer; they end half a millimetre off at worst
_TOLERANCE = 0.01  # millimetres


def _row_table(count: int, column: int) -> Array:
    """One column of `_ROWS` for `count` rows, its corners rounded so that rows never bunch up."""
    fine = np.linspace(0.0, 1.0, 2001)
    reach = 40
    kernel = np.hanning(2 * reach + 1)
    table = np.interp(fine, _ROWS[:, 0], _ROWS[:, column])
    # Odd reflection keeps both ends where they are.
    before, after = 2 * table[0] - table[reach:0:-1], 2 * table[-1] - table[-2 : -reach - 2 : -1]
    bent = np.convolve(np.concatenate([before, table, after]), kernel / kernel.sum(), mode="valid")
    return np.interp(np.linspace(0.0, 1.0, count), fine, bent).astype(np.float32)


def _rays(rows: int, columns: int) -> Array:
    """Origins and directions, (6, rows, columns)."""
    around = column_angles(np.linspace(0.0, 1.0, columns + 1, dtype=np.float32)[:-1])
    rest = smoothstep(np.abs(around), 0.65, 1.75)
    front_y, front_tilt, rest_y, rest_tilt = (_row_table(rows, k)[:, None] for k in (1, 2, 3, 4))
    oy = front_y + (rest_y - front_y) * rest
    oz = np.interp(oy, [-160.0, -80.0], [-22.0, -4.0]).astype(np.float32)
    tilt = np.radians(front_tilt + (rest_tilt - front_tilt) * rest)
    level = np.cos(tilt)
    return np.stack(
        [np.zeros_like(oy), oy, oz, level * np.sin(around), np.sin(tilt), level * np.cos(around)]
    ).astype(np.float32)


def column_angles(u: Array) -> Array:
    """Angle around the axis for atlas u in 0..1; 0 is straight ahead, positive the left side."""
    s = 2.0 * u - 1.0
    return (np.pi * (_FRONT_SLOPE * s + (1.0 - _FRONT_SLOPE) * s**3)).astype(np.float32)


def _march(solid: Callable[[Array, Array, Array], Array], rays: Array, start: Array) -> Array:
    """Distance along each ray (6 x n: origin, direction) of the outermost surface.

    Walks inwards from `start`. From outside, a ray meets the outer of two surfaces first, so that
    an ear hides the gap behind it and the grid stays single-valued.
    """
    t, alive = start.copy(), np.arange(len(start))
    before_t = before_f = np.full_like(start, np.nan)
    for _ in range(_STEPS):
        ox, oy, oz, dx, dy, dz = rays[:, alive]
        here = t[alive]
        f = solid(ox + here * dx, oy + here * dy, oz + here * dz)
        slope = (f - before_f) / (here - before_t)
        # Near the surface the secant lands on it; elsewhere only the distance can be trusted.
        secant = (np.abs(f) < 2.0) & (slope > 0.25) & (slope < 4.0)
        step = np.where(secant, f / np.where(secant, slope, 1.0), _CAUTION * f)
        t[alive] = np.maximum(here - np.clip(step, -6.0, 60.0), 0.5)
        going = np.abs(step) > _TOLERANCE
        alive, before_t, before_f = alive[going], here[going], f[going]
        if not len(alive):
            break
    return t


def _ceiling(coarse: Array, rows: int, columns: int) -> Array:
    """Where to start the fine march: over the highest coarse neighbour, a little further out."""
    padded = np.pad(coarse, ((1, 1), (0, 0)), mode="edge")
    tall = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    wide = np.maximum(np.maximum(np.roll(tall, 1, 1), tall), np.roll(tall, -1, 1))
    r = np.linspace(0, len(coarse) - 1, rows).round().astype(np.intp)
    c = (np.arange(columns) * coarse.shape[1] / columns).round().astype(np.intp)
    return wide[r][:, c % coarse.shape[1]] + 3.0


def _hit(shape: Shape, rays: Array, start: Array) -> Array:
    """`_march` over a whole grid, in blocks that stay in the cache.

    One thread: the steps are many short array operations, which more threads only slow down.
    """

    def solid(x: Array, y: Array, z: Array) -> Array:
        return bust(x, y, z, shape)

    flat, begin = rays.reshape(6, -1), start.reshape(-1)
    blocks = range(0, len(begin), _BLOCK)
    parts = [_march(solid, flat[:, k : k + _BLOCK], begin[k : k + _BLOCK]) for k in blocks]
    return np.concatenate(parts).reshape(start.shape)


def _neighbours(t: Array) -> tuple[Array, Array, Array, Array]:
    """The grid shifted up, down, left and right; columns go around, rows stop at the poles."""
    up, down = np.vstack([t[:1], t[:-1]]), np.vstack([t[1:], t[-1:]])
    return up, down, np.roll(t, 1, axis=1), np.roll(t, -1, axis=1)


def _calm(t: Array) -> Array:
    """Softens the grid where it drops off an edge (ears, nose), which else looks torn."""
    up, down, left, right = _neighbours(t)
    drop = np.maximum(np.abs(up - down), np.abs(left - right))
    for _ in range(2):
        drop = np.maximum.reduce([drop, *_neighbours(drop)])
    weight = 0.85 * smoothstep(drop, 2.5, 7.0)
    for _ in range(4):
        t = t + (sum(_neighbours(t)) * np.float32(0.25) - t) * weight
    return t


def sculpt(shape: Shape, *, rows: int, columns: int) -> Array:
    """Surface points of the bust, float32 (rows, columns + 1, 3) in millimetres.

    The last column repeats the first (the seam); first and last row are the two poles.
    """
    coarse_size = max(rows // 5, 16), max(columns // 5, 16)
    coarse = _hit(shape, _rays(*coarse_size), np.full(coarse_size, _FAR, np.float32))
    rays = _rays(rows, columns)
    t = _hit(shape, rays, _ceiling(coarse, rows, columns))
    t = _calm(t)
    points = np.moveaxis(rays[:3] + t * rays[3:], 0, -1)
    points[0], points[-1] = points[0].mean(0), points[-1].mean(0)
    return np.concatenate([points, points[:, :1]], axis=1).astype(np.float32)
