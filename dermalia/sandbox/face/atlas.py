"""The texture atlas: for every texel the place on the bust it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermalia.sandbox.face.solids import Array

_EDGE_X, _EDGE_Y = (-80, 80), (-126, 90)  # frontal window of the inverse map, millimetres


@dataclass(frozen=True, slots=True)
class Atlas:
    """Square charts, float32 (size, size); row 0 is the crown, u grows to the subject's left.

    `x`, `y`, `z` are millimetres. `cavity` is how deep a texel lies beneath its surroundings, in
    millimetres, at a fine and a broad scale. `across` and `down` are millimetres per texel.
    """

    x: Array
    y: Array
    z: Array
    cavity_fine: Array
    cavity_broad: Array
    across: Array
    down: Array

    @property
    def size(self) -> int:
        return int(self.x.shape[0])


def resample(grid: Array, size: int) -> Array:
    """Bilinear samples of a corner-aligned grid at the centres of size x size texels."""
    r = (np.arange(size, dtype=np.float32) + 0.5) / size * (grid.shape[0] - 1)
    c = (np.arange(size, dtype=np.float32) + 0.5) / size * (grid.shape[1] - 1)
    i, j = r.astype(np.intp), c.astype(np.intp)
    fr, fc = (r - i)[:, None], (c - j)[None, :]
    wide = grid[:, j] * (1.0 - fc) + grid[:, j + 1] * fc
    sampled: Array = (wide[i] * (1.0 - fr) + wide[i + 1] * fr).astype(np.float32)
    return sampled


def _blur(values: Array, radius: int) -> Array:
    """Two box blurs; wraps around in u, stops at the poles."""
    for axis in (0, 1, 0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (radius + 1, radius)
        padded = np.pad(values, pad, mode="wrap" if axis else "edge").astype(np.float64)
        total = np.cumsum(padded, axis=axis)
        n = 2 * radius + 1
        low, high = (slice(None, -n), slice(n, None))
        values = (total[high] - total[low]) if axis == 0 else (total[:, high] - total[:, low])
        values = (values / n).astype(np.float32)
    return values


def _cavity(points: Array, normals: Array, radius: int) -> Array:
    """How far the blurred surface lies outside the surface itself."""
    smooth = np.stack([_blur(points[..., k], radius) for k in range(3)], axis=-1)
    depth: Array = ((smooth - points) * normals).sum(axis=-1).astype(np.float32)
    return depth


def make_atlas(points: Array, normals: Array, size: int) -> Atlas:
    """Charts of `points` and `normals`, both (rows, columns + 1, 3) with the seam repeated."""
    inner, outward = points[:, :-1], normals[:, :-1]
    rows = points.shape[0]

    def chart(values: Array) -> Array:
        return resample(np.concatenate([values, values[:, :1]], axis=1), size)

    x, y, z = (chart(inner[..., k]) for k in range(3))
    across = np.sqrt(sum(np.gradient(v, axis=1) ** 2 for v in (x, y, z)))
    down = np.sqrt(sum(np.gradient(v, axis=0) ** 2 for v in (x, y, z)))
    return Atlas(
        x=x,
        y=y,
        z=z,
        cavity_fine=chart(_cavity(inner, outward, max(1, rows // 110))),
        cavity_broad=chart(_cavity(inner, outward, max(2, rows // 22))),
        across=np.maximum(across, 1e-3).astype(np.float32),
        down=np.maximum(down, 1e-3).astype(np.float32),
    )


class FrontMap:
    """Finds the atlas place of points on the front of the face, given as seen from the front."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        self._cells = self._seed_cells()

    def _seed_cells(self) -> NDArray[np.intp]:
        """One texel per square millimetre, as a flat index; gaps borrow from their neighbours."""
        a = self._atlas
        front = np.flatnonzero((a.z > 15.0) & (a.y > _EDGE_Y[0]) & (a.y < _EDGE_Y[1]))
        width, height = _EDGE_X[1] - _EDGE_X[0], _EDGE_Y[1] - _EDGE_Y[0]
        col = np.clip(a.x.flat[front] - _EDGE_X[0], 0, width - 1).astype(np.intp)
        row = np.clip(a.y.flat[front] - _EDGE_Y[0], 0, height - 1).astype(np.intp)
        order = np.argsort(a.z.flat[front], kind="stable")
        cells = np.full((height, width), -1, np.intp)
        cells[row[order], col[order]] = front[order]
        while (cells < 0).any():
            for shift, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
                cells = np.where(cells < 0, np.roll(cells, shift, axis), cells)
        return cells

    def find(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Row and column in atlas shares (0..1) for each point (x, y) in millimetres."""
        a = self._atlas
        cx = np.clip(x - _EDGE_X[0], 0, self._cells.shape[1] - 1).astype(np.intp)
        cy = np.clip(y - _EDGE_Y[0], 0, self._cells.shape[0] - 1).astype(np.intp)
        r, c = (k.astype(np.float32) for k in np.divmod(self._cells[cy, cx], a.size))
        for _ in range(5):
            i = np.clip(r, 1, a.size - 3).astype(np.intp)
            j = np.clip(c, 1, a.size - 3).astype(np.intp)
            xr, xc = a.x[i + 1, j] - a.x[i, j], a.x[i, j + 1] - a.x[i, j]
            yr, yc = a.y[i + 1, j] - a.y[i, j], a.y[i, j + 1] - a.y[i, j]
            ex = x - a.x[i, j] - (r - i) * xr - (c - j) * xc
            ey = y - a.y[i, j] - (r - i) * yr - (c - j) * yc
            det = xr * yc - xc * yr
            det = np.where(np.abs(det) < 1e-4, np.inf, det)
            # Short steps: beside the nose the map folds and a long step would leave the face.
            r = r + np.clip((ex * yc - ey * xc) / det, -4, 4)
            c = c + np.clip((ey * xr - ex * yr) / det, -4, 4)
        return (r + 0.5) / a.size, (c + 0.5) / a.size
