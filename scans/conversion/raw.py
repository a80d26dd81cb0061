"""What every reader of mesh files hands on: triangles, what paints them, and what was found out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from .color import PLASTER
from .errors import ConversionError, ErrorCode

if TYPE_CHECKING:
    import numpy.typing as npt

    from .mesh import Floats, Indices, Shorts
    from .notes import Note

    Integers = npt.NDArray[np.int32]

# A file that loses more triangles than this, because they have no area, is not what it says.
_KEPT_AT_LEAST = 0.97
_CROWDED = 256  # triangles at one vertex; about six are usual


class Wrap(StrEnum):
    """What texture coordinates outside of the image find."""

    REPEAT = "repeat"
    MIRROR = "mirror"
    CLAMP = "clamp"


@dataclass(frozen=True, slots=True)
class Paint:
    """What covers some of the triangles: an image, or a plain colour where there is none.

    ``image`` is an encoded image, or the bare name of a file of the capture, or None; ``color`` is
    linear, 0 to 1. ``named`` tells that the file speaks of an image, wherever it may be.
    """

    image: bytes | str | None = None
    color: tuple[float, float, float] = PLASTER
    wrap: Wrap = Wrap.REPEAT
    named: bool = False

    @property
    def is_color(self) -> bool:
        """Whether the file asks for a plain colour; of a paint it says nothing of, it does not."""
        return not self.named and self != Paint()


@dataclass(frozen=True, slots=True)
class Hints:
    """What a file says of its coordinates: metres per unit, and the axis that points up."""

    unit: float | None = None
    up: str | None = None


@dataclass(frozen=True, slots=True)
class RawMesh:
    """``n`` vertices and ``m`` triangles as a file has them, with nothing simplified yet.

    ``positions`` (n, 3); ``faces`` (m, 3); ``normals`` (n, 3) or None, not yet of length one;
    ``uv`` (n, 2) with the origin at the image's top left, or None; ``colors`` (n, 3) linear, 0 to
    65535, or None. ``points`` (n,) is equal for vertices that share a position and is None where
    that is not known. ``paint`` (m,) are places in ``paints``, or None where there is one at most.
    """

    positions: Floats
    faces: Indices
    normals: Floats | None = None
    uv: Floats | None = None
    colors: Shorts | None = None
    points: Integers | None = None
    paint: Integers | None = None
    paints: tuple[Paint, ...] = ()
    hints: Hints = field(default_factory=Hints)
    notes: tuple[Note, ...] = ()

    def taken(self, vertices: npt.NDArray[np.integer[Any]], faces: Indices) -> RawMesh:
        """The mesh with these ``vertices`` (k,) of it, in this order, and new triangles."""
        return replace(
            self,
            positions=self.positions.take(vertices, axis=0),
            faces=faces,
            normals=None if self.normals is None else self.normals.take(vertices, axis=0),
            uv=None if self.uv is None else self.uv.take(vertices, axis=0),
            colors=None if self.colors is None else self.colors.take(vertices, axis=0),
            points=None if self.points is None else self.points.take(vertices),
        )

    def split(self, groups: Integers) -> tuple[RawMesh, Integers]:
        """The mesh with a vertex of its own for each of the ``groups`` (m,) of triangles that meet
        at it, and the group of each vertex, (n,)."""
        pairs, vertices, group = joined(
            self.faces.ravel().astype(np.int32), np.repeat(groups.astype(np.int32), 3)
        )
        return self.taken(vertices, pairs.reshape(-1, 3).astype(np.uint32)), np.maximum(group, 0)


def fans(counts: Integers) -> tuple[Integers, Integers]:
    """Cut polygons of so many corners into triangles around their first corner.

    Returns the triangles (m, 3) as numbers of corners, and the polygon of each, (m,). What has
    fewer than three corners gives none.
    """
    if (counts == 3).all():
        corners = np.arange(3 * len(counts), dtype=np.int32)
        return corners.reshape(-1, 3), np.arange(len(counts), dtype=np.int32)
    firsts, cut = np.cumsum(counts, dtype=np.int32) - counts, np.maximum(counts - 2, 0)
    polygons = np.repeat(np.arange(len(counts), dtype=np.int32), cut)
    before = np.cumsum(cut, dtype=np.int32) - cut
    second = firsts[polygons] + 1 + np.arange(len(polygons), dtype=np.int32) - before[polygons]
    return np.stack([firsts[polygons], second, second + 1], axis=1), polygons


def joined(one: Integers, other: Integers) -> tuple[Integers, Integers, Integers]:
    """Number the different pairs of two columns of row numbers, (corners,) each.

    Returns the pair of each corner, (corners,), and both columns' rows for each pair, (pairs,).
    In nearly every file the longer table's rows each meet one row of the other: those pairs have
    the number of that row, and only the others are sorted.
    """
    if other.max(initial=0) > one.max(initial=0):
        pairs, second, first = joined(other, one)
        return pairs, first, second
    partner = np.full(int(one.max(initial=0)) + 1, -1, np.int32)
    partner[one] = other
    odd = np.flatnonzero(partner.take(one) != other)
    first, second, pairs = np.arange(len(partner), dtype=np.int32), partner, one
    if len(odd):
        keys = one[odd].astype(np.int64) << 32 | other[odd].astype(np.int64)
        found, places = np.unique(keys, return_inverse=True)
        pairs = one.copy()
        pairs[odd] = len(partner) + places.astype(np.int32)
        first = np.concatenate([first, (found >> 32).astype(np.int32)])
        second = np.concatenate([second, (found & 0xFFFFFFFF).astype(np.int32)])
    return pairs, first, second


def compact(mesh: RawMesh) -> RawMesh:
    """The mesh without vertices that no triangle uses."""
    used = np.zeros(len(mesh.positions), bool)
    used[mesh.faces] = True
    if used.all():
        return mesh
    numbers = np.cumsum(used, dtype=np.uint32) - np.uint32(1)
    return mesh.taken(np.flatnonzero(used), numbers.take(mesh.faces))


def same_rows(rows: npt.NDArray[np.float32]) -> Integers:
    """A number for each row, (n,), that equal rows of a table (n, k) share."""
    # Adding zero makes of minus zero, which has other bits, plain zero.
    bits = np.ascontiguousarray(rows + np.float32(0)).view(np.uint32).astype(np.uint64)
    mixed = bits[:, 0] * np.uint64(0x9E3779B97F4A7C15)
    for column in bits.T[1:]:
        mixed = (mixed ^ (mixed >> np.uint64(29))) + column
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
    order = np.argsort(mixed)
    ordered = rows[order]
    new = np.ones(len(order), bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    numbers = np.empty(len(order), np.int32)
    numbers[order] = np.cumsum(new, dtype=np.int32) - 1
    return numbers


def without_repeats(mesh: RawMesh) -> RawMesh:
    """The mesh without triangles that are there already, with the same side up.

    Only looked for where more triangles meet at a vertex than a surface has there: the simplifier
    compares each with each.
    """
    if np.bincount(mesh.faces.ravel()).max(initial=0) <= _CROWDED:
        return mesh
    lowest = mesh.faces.argmin(axis=1)
    a, b, c = (
        np.take_along_axis(mesh.faces, ((lowest + turn) % 3)[:, None], axis=1)[:, 0]
        for turn in range(3)
    )
    _, edges = np.unique(a.astype(np.int64) << 32 | b, return_inverse=True)
    _, first = np.unique(edges << 32 | c, return_index=True)
    return _kept(mesh, np.sort(first))


def _kept(mesh: RawMesh, triangles: npt.NDArray[Any]) -> RawMesh:
    """The mesh with some of its triangles, by a mask or by their numbers."""
    return replace(
        mesh,
        faces=mesh.faces[triangles],
        paint=None if mesh.paint is None else mesh.paint[triangles],
    )


def without_slivers(mesh: RawMesh, points: Integers) -> RawMesh:
    """The mesh without triangles two of whose corners are at one of the ``points`` (n,).

    Raises ConversionError(DAMAGED_MESH) when those are more than a few.
    """
    a, b, c = (points.take(mesh.faces[:, corner]) for corner in range(3))
    kept = (a != b) & (b != c) & (a != c)
    if kept.all():
        return mesh
    if np.count_nonzero(kept) < _KEPT_AT_LEAST * len(kept):
        raise ConversionError(ErrorCode.DAMAGED_MESH)
    return _kept(mesh, kept)
