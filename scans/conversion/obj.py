"""OBJ files, read with care: what is no number, no index or points nowhere is refused.

Blocks of text are read side by side, and nothing of the text is needed afterwards.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import processors
from .digits import unreadable
from .errors import ConversionError, ErrorCode
from .obj_lines import MISSING, Block, blocks, read_block
from .raw import fans

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Integers = npt.NDArray[np.int32]

_READERS = 4
_KEYWORDS = ("v", "vt", "vn")


@dataclass(frozen=True, slots=True)
class ObjFile:
    """An OBJ file's numbers as they stand in it.

    ``positions`` (n, 3), ``colors`` (n, 3) or None, ``uv`` (t, 2) with the origin at the bottom
    left, ``normals`` (s, 3). ``triangles`` (m, 3) are numbers of corners; ``corners`` gives each
    corner's rows in the three tables, -1 for none. ``materials`` (m,) are places in ``names``, -1
    for no material.
    """

    positions: Floats
    colors: Floats | None
    uv: Floats
    normals: Floats
    corners: tuple[Integers, Integers, Integers]
    triangles: Integers
    materials: Integers
    names: tuple[bytes, ...]
    comments: tuple[bytes, ...]
    names_materials: bool


def read(data: bytes, *, most: int) -> ObjFile:
    """Read an OBJ file; faces with more than three corners become fans of triangles.

    Raises ConversionError: EMPTY_MESH without faces, TOO_LARGE for more than ``most`` triangles,
    UNREADABLE_MESH for numbers that are words (NaN), lines cut short and indices out of range.
    """
    data = _normalised(data)
    with ThreadPoolExecutor(min(processors.share(), _READERS)) as pool:
        read = list(pool.map(lambda place: read_block(data, *place), blocks(data)))
    counts = np.concatenate([block.counts for block in read])
    if not len(counts):
        raise ConversionError(ErrorCode.EMPTY_MESH)
    corner_count = int(counts.sum(dtype=np.int64))
    if corner_count - 2 * len(counts) > most:
        raise ConversionError(ErrorCode.TOO_LARGE, where="triangles")
    v, vt, vn = (_corners(read, column) for column in range(3))
    names, materials = _materials(read, len(counts))
    triangles, faces = fans(counts)
    return ObjFile(
        positions=_rows(read, "v"),
        colors=_colors(read),
        uv=_rows(read, "vt"),
        normals=_rows(read, "vn"),
        corners=(v, vt, vn),
        triangles=triangles,
        materials=materials.take(faces),
        names=names,
        comments=tuple(comment for block in read[:1] for comment in block.comments),
        names_materials=any(block.names_materials for block in read),
    )


def _normalised(data: bytes) -> bytes:
    """Lines joined that a backslash continues, a newline at every line's end."""
    if b"\r" in data[:4096] and b"\n" not in data[:4096]:
        data = data.replace(b"\r", b"\n")
    if b"\\" in data:
        data = re.sub(rb"\\[ \t]*\r?\n", b" ", data)
    return data if data.endswith(b"\n") else data + b"\n"


def _rows(read: Sequence[Block], keyword: str) -> Floats:
    return np.concatenate([block.rows[keyword] for block in read])


def _colors(read: Sequence[Block]) -> Floats | None:
    """The vertices' colours, if each vertex has one."""
    with_vertices = [block for block in read if len(block.rows["v"])]
    found = [block.colors for block in with_vertices if block.colors is not None]
    if not found or len(found) < len(with_vertices):
        return None
    return np.concatenate(found)


def _corners(read: Sequence[Block], column: int) -> Integers:
    """One column of all corners, checked against the number of rows it points to."""
    parts, base = [], 0
    for block in read:
        corners = block.corners[column]
        indices = corners.indices
        if corners.relative is not None:
            indices = indices + np.where(corners.relative, np.int32(base), np.int32(0))
            if (indices[corners.relative] < 0).any():
                raise unreadable("index out of range")
        parts.append(indices)
        base += len(block.rows[_KEYWORDS[column]])
    found = np.concatenate(parts)
    if found.max(initial=MISSING) >= base:
        raise unreadable("index out of range")
    return found


def _materials(read: Sequence[Block], faces: int) -> tuple[tuple[bytes, ...], Integers]:
    """The names of the materials used, and each face's place among them."""
    numbers: dict[bytes, int] = {}
    changes, values, base = [0], [MISSING], 0
    for block in read:
        for face, name in block.uses:
            changes.append(base + face)
            values.append(numbers.setdefault(name, len(numbers)))
        base += len(block.counts)
    lengths = np.diff(changes, append=faces)
    return tuple(numbers), np.repeat(np.array(values, np.int32), lengths)
