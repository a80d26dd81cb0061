"""Fewer triangles by gltfpack's simplifier, in two halves side by side where a mesh is large.

The cut between the halves keeps all its vertices, exactly, so that they meet again without a gap.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import glb, gltfpack
from .errors import ConversionError, ErrorCode
from .mesh import Mesh, check_coordinates
from .normals import unit_normals
from .raw import same_rows

if TYPE_CHECKING:
    import numpy.typing as npt

    from .mesh import Indices

_HALVED_FROM = 120_000  # triangles: smaller meshes take less time than starting a second sandbox
_KEPT_AT_LEAST = 0.97
_LARGEST_DEVIATION = 0.05  # of the model's size; in practice the triangle count is met long before
_OPTIONS = ("-noq", "-tr", "-kv", "-vtf", "-vnf", "-vc", "16")
_KEEP_EDGES = "-slb"


def simplified(mesh: Mesh, *, target: int, memory: int) -> Mesh:
    """About ``target`` triangles; ``memory`` bounds the sandbox's, in bytes.

    Texture seams stay closed, and vertices are the source's own. Raises ConversionError:
    DAMAGED_MESH when much more is lost than was asked for, TOO_LARGE, UNREADABLE_MESH.
    """
    ratio = target / len(mesh.faces)
    if len(mesh.faces) < _HALVED_FROM:
        simple = _packed(mesh, [], ratio, memory)
    else:
        parts = [_part(mesh, faces) for faces in _halves(mesh)]
        with ThreadPoolExecutor(len(parts)) as pool:
            done = pool.map(lambda part: _packed(part, [_KEEP_EDGES], ratio, memory // 2), parts)
            simple = _welded(list(done))
    if len(simple.faces) < _KEPT_AT_LEAST * target:
        raise ConversionError(ErrorCode.DAMAGED_MESH)
    check_coordinates(simple.positions, simple.uv)
    points = np.arange(len(simple.positions), dtype=np.int32)
    normals, _ = unit_normals(simple.positions, simple.faces, simple.normals, points)
    return replace(simple, normals=normals)


def _packed(mesh: Mesh, options: list[str], ratio: float, memory: int) -> Mesh:
    wanted = ["-si", f"{ratio:.6f}", "-se", str(_LARGEST_DEVIATION)]
    packed = gltfpack.pack(
        glb.plain(mesh), suffix="glb", options=[*_OPTIONS, *options, *wanted], memory=memory
    )
    return glb.read_plain(packed)


def _halves(mesh: Mesh) -> tuple[Indices, Indices]:
    """The triangles on either side of the middle of the longest extent."""
    axis = int(np.ptp(mesh.positions, axis=0).argmax())
    places = mesh.positions[:, axis].take(mesh.faces[:, 0])
    below = places < np.median(places[::16])
    return mesh.faces[below], mesh.faces[~below]


def _part(mesh: Mesh, faces: Indices) -> Mesh:
    """Some of the triangles, with the vertices they use."""
    used = np.zeros(len(mesh.positions), bool)
    used[faces] = True
    numbers = np.cumsum(used, dtype=np.uint32) - np.uint32(1)
    return _taken(mesh, np.flatnonzero(used), numbers.take(faces))


def _taken(mesh: Mesh, vertices: npt.NDArray[np.int64], faces: Indices) -> Mesh:
    return Mesh(
        positions=mesh.positions.take(vertices, axis=0),
        faces=faces,
        normals=mesh.normals.take(vertices, axis=0),
        uv=None if mesh.uv is None else mesh.uv.take(vertices, axis=0),
        colors=None if mesh.colors is None else mesh.colors.take(vertices, axis=0),
    )


def _welded(parts: list[Mesh]) -> Mesh:
    """The parts as one mesh, with one vertex where all that two parts know of it is equal."""
    offsets = np.cumsum([0, *(len(part.positions) for part in parts)])[:-1]
    both = Mesh(
        positions=np.concatenate([part.positions for part in parts]),
        faces=np.concatenate(
            [part.faces + np.uint32(at) for part, at in zip(parts, offsets, strict=True)]
        ),
        normals=np.concatenate([part.normals for part in parts]),
        uv=_concatenated([part.uv for part in parts]),
        colors=_concatenated([part.colors for part in parts]),
    )
    known = (both.positions, both.normals, both.uv, both.colors)
    numbers = same_rows(
        np.column_stack([each for each in known if each is not None]).astype(np.float32, copy=False)
    )
    first = np.zeros(int(numbers.max()) + 1, np.int64)
    first[numbers] = np.arange(len(numbers))
    return _taken(both, first, numbers.astype(np.uint32).take(both.faces))


def _concatenated(values: list[npt.NDArray[Any] | None]) -> npt.NDArray[Any] | None:
    there = [each for each in values if each is not None]
    return np.concatenate(there) if len(there) == len(values) else None
