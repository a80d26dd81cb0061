"""PLY meshes, with texture coordinates of vertices or faces, or with vertex colours."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import hints, ply_rows
from .color import linear_shorts
from .digits import unreadable
from .errors import ConversionError, ErrorCode
from .materials import bare_name
from .raw import Paint, RawMesh, fans, joined

if TYPE_CHECKING:
    import numpy.typing as npt

    from .mesh import Floats, Shorts
    from .ply_rows import Columns, Lists
    from .raw import Integers

_INDICES = ("vertex_indices", "vertex_index")
_COORDINATES = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"), ("texture_s", "texture_t"))
_COLORS = (("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"))
_TEXTURE_FILE = re.compile(rb"comment\s+TextureFile\s+(.+)", re.IGNORECASE)


def read(data: bytes, *, most: int) -> RawMesh:
    """The triangles of a PLY file; faces with more corners are cut into fans.

    Raises ConversionError: EMPTY_MESH for a point cloud, UNREADABLE_MESH, TOO_LARGE for more than
    ``most`` triangles.
    """
    header, elements = ply_rows.read(data)
    vertex, face = elements.get("vertex"), elements.get("face")
    listed = next((face.lists[name] for name in _INDICES if face and name in face.lists), None)
    if vertex is None or face is None or listed is None or not len(listed.lengths):
        raise ConversionError(ErrorCode.EMPTY_MESH)
    positions = _columns(vertex, ("x", "y", "z"))
    if positions is None:
        raise unreadable("PLY without positions")
    polygons = _Polygons(listed, len(positions), most)
    images = [match[1] for line in header.comments if (match := _TEXTURE_FILE.fullmatch(line))]
    paint, paints = _paints(images, face, polygons.faces)
    mesh = RawMesh(
        positions=positions,
        faces=polygons.of(polygons.indices).astype(np.uint32),
        normals=_columns(vertex, ("nx", "ny", "nz")),
        uv=_first(vertex, _COORDINATES),
        colors=_vertex_colors(vertex),
        paint=paint,
        paints=paints,
        hints=hints.of_comments(header.comments),
    )
    corners = face.lists.get("texcoord")
    return mesh if corners is None else _with_corners(mesh, polygons, corners)


class _Polygons:
    """Faces cut into triangles: ``indices`` (corners,) of vertices, ``faces`` (m,) the face each
    triangle comes from. Faces with fewer than three corners are left out."""

    def __init__(self, listed: Lists, vertices: int, most: int):
        self.indices = listed.items.astype(np.int32)
        if self.indices.size and not 0 <= self.indices.min() <= self.indices.max() < vertices:
            raise unreadable("index out of range")
        self.lengths = listed.lengths
        if int(np.maximum(self.lengths - 2, 0).sum()) > most:
            raise ConversionError(ErrorCode.TOO_LARGE, where="triangles")
        self._triangles, self.faces = fans(self.lengths.astype(np.int32))
        if not len(self._triangles):
            raise ConversionError(ErrorCode.EMPTY_MESH)

    def of(self, corners: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What each corner has, for the corners of the triangles (m, 3)."""
        return corners.take(self._triangles, axis=0)


def _with_corners(mesh: RawMesh, polygons: _Polygons, listed: Lists) -> RawMesh:
    """The mesh with texture coordinates that belong to corners of faces: a vertex for each pair."""
    if (listed.lengths != 2 * polygons.lengths).any():
        raise unreadable("texture coordinates of a face")
    coordinates = np.ascontiguousarray(listed.items.astype("<f4").reshape(-1, 2))
    bits = coordinates.view(np.uint64).ravel()  # both at once, to find those that are the same
    different, rows = np.unique(bits, return_inverse=True)
    pairs, vertices, corners = joined(polygons.indices, rows.ravel().astype(np.int32))
    uv = different.view("<f4").reshape(-1, 2).take(corners, axis=0)
    return replace(
        mesh,
        positions=mesh.positions.take(vertices, axis=0),
        faces=polygons.of(pairs).astype(np.uint32),
        normals=None if mesh.normals is None else mesh.normals.take(vertices, axis=0),
        uv=_from_top(uv),
        colors=None if mesh.colors is None else mesh.colors.take(vertices, axis=0),
    )


def _columns(element: Columns, names: tuple[str, ...]) -> Floats | None:
    if not all(name in element.values for name in names):
        return None
    with np.errstate(over="ignore"):  # becomes infinite, which is refused later
        return np.stack([element.values[name].astype(np.float32) for name in names], axis=1)


def _first(element: Columns, choices: tuple[tuple[str, ...], ...]) -> Floats | None:
    uv = next((found for names in choices if (found := _columns(element, names)) is not None), None)
    return None if uv is None else _from_top(uv)


def _from_top(uv: Floats) -> Floats:
    """PLY counts from the bottom of the image, glTF from its top."""
    np.subtract(1, uv[:, 1], out=uv[:, 1])
    return uv


def _vertex_colors(vertex: Columns) -> Shorts | None:
    """sRGB as bytes, 16-bit numbers or fractions of one, as linear light."""
    for names in _COLORS:
        colors = _columns(vertex, names)
        if colors is None:
            continue
        kind = vertex.values[names[0]].dtype
        largest = float(colors.max(initial=0))
        scale = 255 if kind.kind == "f" and largest <= 1 else 1 if largest <= 255 else 255 / 65535
        return linear_shorts(np.rint(np.clip(colors * scale, 0, 255)).astype(np.uint8))
    return None


def _paints(
    images: list[bytes], face: Columns, faces: Integers
) -> tuple[Integers | None, tuple[Paint, ...]]:
    paints = tuple(
        Paint(image=bare_name(name.decode("utf-8", errors="replace")) or None, named=True)
        for name in images
    )
    numbers = face.values.get("texnumber")
    if numbers is None or len(paints) < 2:
        return None, paints[:1]
    paint = numbers.astype(np.int32).take(faces)
    plain = (paint < 0) | (paint >= len(paints))
    return np.where(plain, np.int32(len(paints)), paint), (*paints, Paint())
