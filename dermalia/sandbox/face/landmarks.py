"""Curves both the sculpture and the skin are built on, as y(x) seen from the front.

Millimetres; x is measured outwards from the middle of the face, y up from the eye line. Figures are
rounded adult averages from anthropometry, with no particular person behind them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dermalia.sandbox.face.solids import Array, smoothstep

Curve = Callable[[Array], Array]

MOUTH_HALF_WIDTH = 25.5
_TABLE = 512


def curve(*knots: tuple[float, float]) -> Curve:
    """Smooth curve through `knots` (cubic Hermite, slopes from neighbours), flat outside them."""
    xs = np.array([k[0] for k in knots])
    ys = np.array([k[1] for k in knots])
    slopes = np.gradient(ys, xs)
    grid = np.linspace(xs[0], xs[-1], _TABLE)
    i = np.clip(np.searchsorted(xs, grid, side="right") - 1, 0, len(xs) - 2)
    h = xs[i + 1] - xs[i]
    t = (grid - xs[i]) / h
    values = (
        (2 * t**3 - 3 * t**2 + 1) * ys[i]
        + (t**3 - 2 * t**2 + t) * h * slopes[i]
        + (3 * t**2 - 2 * t**3) * ys[i + 1]
        + (t**3 - t**2) * h * slopes[i + 1]
    )
    table = np.append(values, values[-1]).astype(np.float32)
    start, scale = float(xs[0]), float((_TABLE - 1) / (xs[-1] - xs[0]))

    def at(x: Array) -> Array:
        # An even table: several times faster than np.interp, which must search.
        place = np.clip((x - start) * scale, 0.0, _TABLE - 1.0)
        k = place.astype(np.intp)
        low = table[k]
        height: Array = low + (table[k + 1] - low) * (place - k).astype(np.float32)
        return height

    return at


# Mouth: borders of the vermilion and the line where the lips meet.
lip_top = curve((0, -61.8), (2.5, -61.0), (5.5, -59.8), (12, -62.5), (19, -66.6), (25.5, -70.4))
lip_line = curve((0, -70.6), (5, -70.1), (12, -69.6), (19, -70.2), (25.5, -70.9))
lip_bottom = curve((0, -81.2), (6, -81.0), (13, -79.2), (20, -75.2), (25.5, -71.5))

# Closed eye: lash line, crease of the upper lid, edge of the lower lid's bag.
lash_line = curve(
    (16, -2.6), (19, -4.8), (25, -7.8), (32, -9.0), (39, -7.8), (44, -5.0), (48, -2.0)
)
lid_crease = curve((15, 0.0), (19, 3.6), (25, 6.6), (32, 7.6), (39, 6.4), (45, 2.8), (50, -1.0))
lid_bag = curve((14, -6.0), (18, -11.5), (25, -15.8), (32, -17.2), (39, -15.6), (46, -10.5))

brow_middle = curve(
    (9, 13.5), (15, 16.5), (24, 19.6), (34, 22.0), (42, 21.0), (50, 16.0), (54, 12.5)
)
brow_half_height = curve((7, 2.2), (10, 4.2), (20, 4.2), (34, 3.2), (44, 2.2), (54, 0.5))


# Cap: lower edge as y(z). Drape: neckline as y(|x|).
cap_edge = curve((-100, -40), (-60, -8), (-15, 22), (30, 38), (65, 54), (85, 63), (100, 67))
neckline = curve((0, -226), (30, -220), (70, -203), (110, -190), (150, -184))


def cap_height(y: Array, z: Array) -> Array:
    """Height above the lower edge of the cap, millimetres; positive under the cap."""
    return y - cap_edge(z)


def drape_depth(x: Array, y: Array, z: Array) -> Array:
    """Depth below the neckline of the drape, millimetres; positive under the cloth."""
    return neckline(np.abs(x)) + 16.0 * smoothstep(z, 10.0, -70.0) - y
