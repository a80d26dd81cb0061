"""Triangles of the grid, and the Wavefront OBJ and MTL text of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dermalia.sandbox.face.solids import Array

Index = NDArray[np.int32]


def grid_size(triangles: int) -> tuple[int, int]:
    """Rows and columns whose closed surface has about `triangles` triangles."""
    columns = max(12, round((triangles / 2 / 1.08) ** 0.5))
    return max(12, round(triangles / 2 / columns) + 2), columns


def grid_normals(points: Array) -> Array:
    """Unit normals outwards, same shape as `points` (rows, columns + 1, 3)."""
    inner = points[:, :-1].astype(np.float64)
    around = np.roll(inner, -1, axis=1) - np.roll(inner, 1, axis=1)
    down = np.gradient(inner, axis=0)
    normals = np.cross(down, around)
    normals[0], normals[-1] = (0.0, 1.0, 0.0), (0.0, -1.0, 0.0)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    return np.concatenate([normals, normals[:, :1]], axis=1).astype(np.float32)


def corners(rows: int, columns: int) -> Index:
    """Triangles as indices of atlas corners, (n, 3), anticlockwise seen from outside.

    Corner r * (columns + 1) + c is grid point (r, c). The first and last row are poles: there
    every quad is one triangle.
    """
    r, c = np.mgrid[0 : rows - 1, 0:columns].astype(np.int32)
    a = r * (columns + 1) + c
    b, below, across = a + 1, a + columns + 1, a + columns + 2
    upper = np.stack([a, below, b], axis=-1)[1:].reshape(-1, 3)
    lower = np.stack([b, below, across], axis=-1)[:-1].reshape(-1, 3)
    return np.concatenate([upper, lower])


def _vertex_of_corner(rows: int, columns: int) -> Index:
    """Vertex number (from 0) of every atlas corner: seam and poles share theirs."""
    r, c = np.mgrid[0:rows, 0 : columns + 1].astype(np.int32)
    vertex = 1 + (r - 1) * columns + c % columns
    vertex[0], vertex[-1] = 0, 1 + (rows - 2) * columns
    flat: Index = vertex.reshape(-1)
    return flat


def weld(points: Array) -> tuple[Array, Index]:
    """Vertices without doubles (n, 3), and triangles over them (m, 3)."""
    rows, columns = points.shape[0], points.shape[1] - 1
    vertices = np.concatenate(
        [points[0, :1], points[1:-1, :-1].reshape(-1, 3), points[-1, :1]], axis=0
    )
    return vertices, _vertex_of_corner(rows, columns)[corners(rows, columns)]


def _lines(tag: str, rows: Array, digits: int) -> str:
    line = f"{tag} " + " ".join([f"%.{digits}f"] * rows.shape[1]) + "\n"
    return (line * len(rows)) % tuple(rows.reshape(-1).tolist())


def write_obj(points: Array, normals: Array, *, material_file: str, material: str) -> bytes:
    """OBJ text with positions (millimetres), normals and atlas coordinates."""
    rows, columns = points.shape[0], points.shape[1] - 1
    vertices, _ = weld(points)
    directions, _ = weld(normals)
    v, u = np.mgrid[0:rows, 0 : columns + 1].astype(np.float32)
    places = np.stack([u / columns, 1.0 - v / (rows - 1)], axis=-1)
    # A pole belongs to every column: its triangle takes the middle of the column's edge.
    places[0, 1:, 0] -= 0.5 / columns
    places[-1, :-1, 0] += 0.5 / columns
    owner = _vertex_of_corner(rows, columns) + 1
    names = [f"{o}/{i}/{o}" for i, o in enumerate(owner.tolist(), start=1)]
    faces = [f"f {names[a]} {names[b]} {names[c]}" for a, b, c in corners(rows, columns).tolist()]
    return "".join(
        [
            f"mtllib {material_file}\n",
            _lines("v", vertices, 4),
            _lines("vt", places.reshape(-1, 2), 6),
            _lines("vn", directions, 4),
            f"usemtl {material}\n",
            "\n".join(faces),
            "\n",
        ]
    ).encode("ascii")


def write_mtl(material: str, texture_file: str) -> bytes:
    """MTL text of one matt material with a colour texture."""
    return (
        f"newmtl {material}\nKa 1 1 1\nKd 1 1 1\nKs 0.04 0.04 0.04\nNs 24\nillum 2\n"
        f"map_Kd {texture_file}\n"
    ).encode("ascii")
