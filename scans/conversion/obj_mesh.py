"""An OBJ file and its materials as triangles with one set of vertices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import hints, materials, obj
from .color import linear_shorts
from .notes import Note
from .obj_lines import MISSING
from .raw import Paint, RawMesh, joined, same_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from .mesh import Floats, Shorts
    from .raw import Integers


def read(data: bytes, material_files: Sequence[bytes], *, most: int) -> RawMesh:
    """Several objects, groups and materials become one mesh. Raises as `obj.read` does."""
    file = obj.read(data, most=most)
    vertices = _Vertices.of(file)
    paint, paints = _paints(file, materials.read(material_files))
    named = bool(file.names) and not material_files
    return RawMesh(
        positions=file.positions.take(vertices.v, axis=0),
        faces=vertices.pairs.take(file.triangles).astype(np.uint32),
        normals=_rows(file.normals, vertices.vn),
        uv=_from_top(_rows(file.uv, vertices.vt)),
        colors=_linear(file.colors, vertices.v),
        points=same_rows(file.positions).take(vertices.v),
        paint=paint,
        paints=paints,
        hints=hints.of_comments(file.comments),
        notes=(Note.MATERIAL_MISSING,) if named or _names_missing(file, material_files) else (),
    )


def _names_missing(file: obj.ObjFile, material_files: Sequence[bytes]) -> bool:
    return file.names_materials and not material_files


@dataclass(frozen=True, slots=True)
class _Vertices:
    """The different corners: ``pairs`` (corners,) numbers them, the others are their rows."""

    pairs: Integers
    v: Integers
    vt: Integers | None
    vn: Integers | None

    @classmethod
    def of(cls, file: obj.ObjFile) -> _Vertices:
        v, vt, vn = file.corners
        pairs, rows_v, rows_t, rows_n = v, None, None, None
        if vt.max() > MISSING:
            pairs, rows_v, rows_t = joined(pairs, _or_last(vt, len(file.uv)))
        if vn.max() > MISSING:
            pairs, rows, rows_n = joined(pairs, _or_last(vn, len(file.normals)))
            rows_v = rows if rows_v is None else rows_v.take(rows)
            rows_t = None if rows_t is None else rows_t.take(rows)
        if rows_v is None:
            rows_v = np.arange(len(file.positions), dtype=np.int32)
        return cls(pairs, rows_v, rows_t, rows_n)


def _or_last(column: Integers, rows: int) -> Integers:
    """Row numbers where those that are missing lead to one more row, which `_rows` adds."""
    return np.where(column == MISSING, np.int32(rows), column)


def _rows(table: Floats, rows: Integers | None) -> Floats | None:
    if rows is None:
        return None
    if rows.max() == len(table):
        table = np.concatenate([table, np.zeros((1, table.shape[1]), np.float32)])
    return table.take(rows, axis=0)


def _from_top(uv: Floats | None) -> Floats | None:
    """OBJ counts from the bottom of the image, glTF from its top."""
    if uv is not None:
        np.subtract(1, uv[:, 1], out=uv[:, 1])
    return uv


def _linear(colors: Floats | None, rows: Integers) -> Shorts | None:
    """Colours from 0 to 1, or from 0 to 255 when any is above 1, as exporters write them: sRGB."""
    if colors is None:
        return None
    scale = 255 if colors.max() <= 1 else 1
    levels: npt.NDArray[np.uint8] = np.rint(np.clip(colors * scale, 0, 255)).astype(np.uint8)
    return linear_shorts(levels).take(rows, axis=0)


def _paints(
    file: obj.ObjFile, known: dict[bytes, Paint]
) -> tuple[Integers | None, tuple[Paint, ...]]:
    """Each triangle's paint, and the paints; None for the triangles where all have the same."""
    listed = [known.get(name, Paint()) for name in file.names] + [Paint()]
    different = {paint: number for number, paint in enumerate(dict.fromkeys(listed))}
    numbers = np.array([different[paint] for paint in listed], np.int32)
    paint = numbers[file.materials]  # without a material: -1, the last
    present = np.unique(paint)
    if len(present) == 1:
        return None, (tuple(different)[present[0]],)
    return paint, tuple(different)
