"""Vertex normals: made one long where a file has them, made of the surface where it has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from .mesh import Floats, Indices
    from .raw import Integers

_UP = (0.0, 1.0, 0.0)


def unit_normals(
    positions: Floats, faces: Indices, given: Floats | None, points: Integers
) -> tuple[Floats, bool]:
    """Normals (n, 3) of length one, and whether most of them had to be made.

    ``given`` are the file's, if it has any; where they are no direction, the mean of the triangles
    around takes their place. Vertices of the same ``points`` (n,) share their triangles, so that no
    edge shows along a texture seam.
    """
    if given is None:
        return smooth(positions, faces, points), True
    lengths = np.sqrt(np.einsum("ij,ij->i", given, given))
    usable = np.isfinite(lengths) & (lengths > 1e-6)
    if usable.all():
        return (given / lengths[:, None]).astype(np.float32, copy=False), False
    normals = given / np.where(usable, lengths, 1)[:, None]
    normals[~usable] = smooth(positions, faces, points)[~usable]
    return normals.astype(np.float32, copy=False), bool(np.count_nonzero(usable) < len(usable) / 2)


def smooth(positions: Floats, faces: Indices, points: Integers) -> Floats:
    """Area-weighted normals (n, 3); up where a point has no area around it."""
    areas = area_vectors(positions, faces)
    corners = points.take(faces).ravel()
    sums: npt.NDArray[np.float64] = np.stack(
        [np.bincount(corners, np.repeat(areas[:, axis], 3)) for axis in range(3)], axis=1
    )
    lengths = np.sqrt(np.einsum("ij,ij->i", sums, sums))
    flat = lengths <= 1e-30
    sums /= np.where(flat, 1, lengths)[:, None]
    sums[flat] = _UP
    return sums.astype(np.float32).take(points, axis=0)


def area_vectors(positions: Floats, faces: Indices) -> npt.NDArray[np.float64]:
    """Each triangle's outward direction, (m, 3), as long as its area."""
    a, b, c = (positions.take(faces[:, corner], axis=0) for corner in range(3))
    one, other = (b - a).astype(np.float64), (c - a).astype(np.float64)
    areas = np.empty_like(one)
    for x, y, z in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        areas[:, x] = (one[:, y] * other[:, z] - one[:, z] * other[:, y]) / 2
    return areas
