"""Which way a head stands in a file's coordinates, found out from its shape.

Three things tell: a head is its own mirror image from left to right and in no other direction; its
front ends in the tip of a nose, or, where the scan is open at the back, is where the surface faces;
and from that tip the profile falls off steeply to the lip and gently up the bridge of the nose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .normals import area_vectors

if TYPE_CHECKING:
    import numpy.typing as npt

    from .mesh import Floats, Indices

    Array = npt.NDArray[np.float64]

_SAMPLES = 24_000
_TRIANGLES = 100_000  # more tell nothing new
_CELLS = 20  # of the grid, along the longest edge, in which mirror images are compared
_SHIFTS = (-0.03, -0.015, 0.0, 0.015, 0.03)  # of the width: where the plane of symmetry may lie
_FLAT = 0.01  # of the largest extent: what is flatter is no head
_SYMMETRIC = 0.9
_CLEARLY = 0.05  # by how much the first of two likenesses must exceed the second
_BARELY = 0.015
_ONE_SIDED = 0.2  # mean normal of a surface that is open at the back; a closed one's is zero
_END = 0.05  # of an extent: what lies nearer to an end of the head than this
_TIP = 0.25  # of the head's cross-section: an end that is smaller may be a nose
_SHARPER = 1.5  # how much larger the next such end must be
_MIDDLE = 0.008  # metres on either side of the plane of symmetry
_PROFILE_STEP = 0.004
_NOSE = slice(2, 5)  # steps from the tip: 8 to 16 mm, the upper lip and the bridge
_STEEPER = 0.002  # metres by which the lip must lie deeper than the bridge, on average
_ALONG = np.eye(3)
UP = 1
"""The number of the axis that points up in OBJ and glTF files."""


@dataclass(frozen=True, slots=True)
class Stance:
    """``up`` and ``front`` as unit vectors along the file's axes; ``sure`` where all evidence is
    there, so that up may be another axis than usual."""

    up: Array
    front: Array
    sure: bool


def stance_of(positions: Floats, faces: Indices, *, scale: float) -> Stance:
    """How a head stands; ``scale`` is metres per unit. What is not clear is as usual: +Y is up, and
    the front is +Z."""
    samples, facing = _sampled(positions, faces[:: 1 + len(faces) // _TRIANGLES])
    extent = np.ptp(samples, axis=0)
    if extent.min() < _FLAT * extent.max():
        return Stance(_ALONG[UP], _ALONG[2], sure=False)
    likeness = [_likeness(samples, axis) for axis in range(3)]
    front = _open_front(facing)
    lateral = None
    if front is not None:
        across = tuple(axis for axis in range(3) if not front[axis])
        lateral = _lateral(likeness, across, _BARELY)
    if front is None or not _is_tip(samples, front):
        # A bust that is open below faces up on the whole: its nose tells better.
        clear = _lateral(likeness, (0, 1, 2), _CLEARLY)
        nose = None if clear is None else _nose_front(samples, clear)
        if nose is not None:
            front, lateral = nose, clear
        elif front is None or front[UP]:
            return Stance(_ALONG[UP], _ALONG[2], sure=False)
    if lateral is None:
        return _as_usual(front)
    vertical = _ALONG[3 - lateral - int(np.abs(front).argmax())]
    steeper = _steeper_below(positions * np.float64(scale), lateral, vertical, front)
    return Stance(-vertical if steeper < -_STEEPER else vertical, front, sure=True)


def _as_usual(front: Array) -> Stance:
    """A face without symmetry: upright if it looks to a side, else lying as where Z is up."""
    up = _ALONG[2] if front[UP] else _ALONG[UP]
    return Stance(up, front, sure=bool(front[UP]))


def _sampled(positions: Floats, faces: Indices) -> tuple[Array, Array]:
    """Points (k, 3) spread evenly over the surface, and the mean normal weighted by area, (3,)."""
    areas = area_vectors(positions, faces)
    sizes = np.sqrt(np.einsum("ij,ij->i", areas, areas))
    total = np.cumsum(sizes)
    chosen = np.searchsorted(total, (np.arange(_SAMPLES) + 0.5) / _SAMPLES * total[-1])
    corners = positions.astype(np.float64)[faces[np.minimum(chosen, len(faces) - 1)]]
    # The same places within triangles each time, spread by the golden ratio's neighbours in 2D.
    u, v = np.modf(np.arange(_SAMPLES)[:, None] * (0.7548776662, 0.5698402910))[0].T
    outside = u + v > 1
    u, v = np.where(outside, 1 - u, u), np.where(outside, 1 - v, v)
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    points = corners[:, 0] + one * u[:, None] + other * v[:, None]
    return points, areas.sum(axis=0) / max(float(total[-1]), 1e-30)


def _likeness(samples: Array, axis: int) -> float:
    """How like its mirror image along an axis the surface is: correlation from 0 to 1."""
    low, high = samples.min(axis=0), samples.max(axis=0)
    size = float((high - low).max())
    centered = (samples - (low + high) / 2) / size
    median = float(np.median(centered[:, axis]))
    best = 0.0
    for shift in _SHIFTS:
        moved = centered.copy()
        moved[:, axis] -= median + shift * (high - low)[axis] / size
        mirrored = moved.copy()
        mirrored[:, axis] *= -1
        one, other = _counts(moved), _counts(mirrored)
        norm = np.sqrt((one * one).sum() * (other * other).sum())
        best = max(best, float((one * other).sum() / norm))
    return best


def _counts(points: Array) -> Array:
    cells = np.clip(((points + 1) * (_CELLS / 2) * 2).astype(np.int64), 0, 2 * _CELLS - 1)
    flat = (cells[:, 0] * 2 * _CELLS + cells[:, 1]) * 2 * _CELLS + cells[:, 2]
    return np.bincount(flat, minlength=(2 * _CELLS) ** 3).astype(np.float64)


def _lateral(likeness: list[float], among: tuple[int, ...], margin: float) -> int | None:
    """The axis from left to right, if it is clear."""
    first, second = sorted(among, key=lambda axis: -likeness[axis])[:2]
    clear = likeness[first] >= _SYMMETRIC and likeness[first] >= likeness[second] + margin
    return first if clear else None


def _open_front(facing: Array) -> Array | None:
    axis = int(np.abs(facing).argmax())
    if abs(facing[axis]) < _ONE_SIDED:
        return None
    return np.asarray(_ALONG[axis] * np.sign(facing[axis]))


def _nose_front(samples: Array, lateral: int) -> Array | None:
    """The direction in which a closed head ends in a tip, if there is just one."""
    directions = [
        sign * _ALONG[axis] for axis in range(3) if axis != lateral for sign in (-1.0, 1.0)
    ]
    ends = [_end(samples, direction) for direction in directions]
    tip, second = sorted(ends)[:2]
    if tip > _TIP or second < _SHARPER * tip:
        return None
    return np.asarray(directions[ends.index(tip)])


def _along(points: Array, direction: Array) -> Array:
    """Coordinates (k,) along one of the axes; a matrix product would ask for memory of its own."""
    axis = int(np.abs(direction).argmax())
    return np.asarray(points[:, axis] * direction[axis])


def _is_tip(samples: Array, direction: Array) -> bool:
    return _end(samples, direction) <= _TIP


def _end(samples: Array, direction: Array) -> float:
    """How large the head's last part in a direction is, beside all of its cross-section."""
    depths, extent = _along(samples, direction), np.ptp(samples, axis=0)
    across = np.flatnonzero(direction == 0)
    last = samples[depths >= depths.max() - _END * np.ptp(depths)]
    return float(np.sqrt((np.ptp(last[:, across], axis=0) / extent[across]).prod()))


def _steeper_below(points: Array, lateral: int, vertical: Array, front: Array) -> float:
    """How much deeper, in metres, the profile lies below the nose's tip than above it."""
    across = points[:, lateral] - np.median(points[:, lateral])
    middle = points[np.abs(across) < _MIDDLE]
    if not len(middle):
        return 0.0
    heights, depths = _along(middle, vertical), _along(middle, front)
    tip = int(depths.argmax())
    steps = np.rint((heights - heights[tip]) / _PROFILE_STEP).astype(np.int64)
    count = _NOSE.stop
    profile = np.full(2 * count + 1, -np.inf)
    near = np.abs(steps) <= count
    np.maximum.at(profile, steps[near] + count, depths[near])
    above = profile[count + 1 :][_NOSE.start - 1 : _NOSE.stop - 1]
    below = profile[:count][::-1][_NOSE.start - 1 : _NOSE.stop - 1]
    both = np.isfinite(above) & np.isfinite(below)
    return float((above[both] - below[both]).mean()) if both.any() else 0.0
