"""Fewer triangles by gltfpack's simplifier, in two halves side by side where a mesh is large.

The simplifier moves no vertex, it only drops some, so it is given what it decides by, and a number
for each vertex; everything else is looked up afterwards. The cut between the halves keeps all its
vertices, so that they meet again without a gap.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from . import glb, gltfpack, processors
from .errors import ConversionError, ErrorCode
from .mesh import Mesh
from .raw import same_rows

if TYPE_CHECKING:
    import numpy.typing as npt

    from .mesh import Indices
    from .raw import Integers

_HALVED_FROM = 120_000  # triangles: smaller meshes take less time than starting a second sandbox
_KEPT_AT_LEAST = 0.97
_LARGEST_DEVIATION = 0.05  # of the model's size; in practice the triangle count is met long before
# Triangles at one vertex: the simplifier's time grows with their square, to seconds at this number.
_MOST_AT_ONE = 50_000
_OPTIONS = ("-noq", "-tr", "-kv", "-vtf", "-vc", "16")
_KEEP_EDGES = "-slb"
# Below this share of different places among the vertices, triangles do not share their vertices.
_SHARED = 0.9


def simplified(mesh: Mesh, points: Integers, *, target: int, memory: int) -> Mesh:
    """About ``target`` triangles; ``memory`` bounds the sandbox's, in bytes.

    ``points`` (n,) is equal for vertices that share a position. Texture seams stay closed, and
    vertices are the source's own. Raises ConversionError: DAMAGED_MESH when much more is lost than
    was asked for or one vertex holds most of it, TOO_LARGE, UNREADABLE_MESH.
    """
    ratio = target / len(mesh.faces)
    whole = _welded(mesh, points)
    if np.bincount(whole.ravel()).max() > _MOST_AT_ONE:
        raise ConversionError(ErrorCode.DAMAGED_MESH, where="a fan of triangles")
    if len(whole) < _HALVED_FROM:
        faces = _packed(mesh, whole, [], ratio, memory)
    else:
        halves = _halves(mesh, whole)
        with ThreadPoolExecutor(min(processors.half(), len(halves))) as pool:
            done = pool.map(
                lambda half: _packed(mesh, half, [_KEEP_EDGES], ratio, memory // 2), halves
            )
            faces = np.concatenate(list(done))
    if len(faces) < _KEPT_AT_LEAST * target:
        raise ConversionError(ErrorCode.DAMAGED_MESH)
    used, numbers = _used(mesh, faces)
    return _taken(mesh, used, numbers)


def _welded(mesh: Mesh, points: Integers) -> Indices:
    """The triangles, with one vertex for those of which all is equal where a file has one for every
    corner: the simplifier takes every edge of such a mesh for one that must stay."""
    if np.count_nonzero(np.bincount(points)) > _SHARED * len(points):
        return mesh.faces
    known = (mesh.positions, mesh.normals, mesh.uv, mesh.colors)
    rows = np.column_stack([each for each in known if each is not None])
    numbers = same_rows(rows.astype(np.float32, copy=False))
    first = np.zeros(int(numbers.max()) + 1, np.uint32)
    first[numbers] = np.arange(len(numbers), dtype=np.uint32)
    return first.take(numbers).take(mesh.faces)


def _packed(mesh: Mesh, faces: Indices, options: list[str], ratio: float, memory: int) -> Indices:
    """Some of the mesh's triangles with fewer of its vertices."""
    used, numbers = _used(mesh, faces)
    wanted = ["-si", f"{ratio:.6f}", "-se", str(_LARGEST_DEVIATION)]
    packed = gltfpack.pack(
        glb.numbered(_taken(mesh, used, numbers)),
        suffix="glb",
        options=[*_OPTIONS, *options, *wanted],
        memory=memory,
    )
    left, vertices = glb.read_numbered(packed, most=len(used))
    return used.astype(np.uint32).take(vertices.take(left))


def _halves(mesh: Mesh, faces: Indices) -> list[Indices]:
    """The triangles on either side of the middle of the longest extent; both sides may be one."""
    axis = int(np.ptp(mesh.positions, axis=0).argmax())
    places = mesh.positions[:, axis].take(faces[:, 0])
    below = places < np.median(places[::16])
    return [half for half in (faces[below], faces[~below]) if len(half)]


def _used(mesh: Mesh, faces: Indices) -> tuple[npt.NDArray[np.int64], Indices]:
    """The vertices that the triangles use, and the triangles with their places among those."""
    used = np.zeros(len(mesh.positions), bool)
    used[faces] = True
    numbers = np.cumsum(used, dtype=np.uint32) - np.uint32(1)
    return np.flatnonzero(used), numbers.take(faces)


def _taken(mesh: Mesh, vertices: npt.NDArray[np.int64], faces: Indices) -> Mesh:
    return Mesh(
        positions=mesh.positions.take(vertices, axis=0),
        faces=faces,
        normals=mesh.normals.take(vertices, axis=0),
        uv=None if mesh.uv is None else mesh.uv.take(vertices, axis=0),
        colors=None if mesh.colors is None else mesh.colors.take(vertices, axis=0),
    )
