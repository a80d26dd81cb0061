"""Texture coordinates outside of the image, brought back into it where that changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .errors import ConversionError, ErrorCode
from .raw import RawMesh, Wrap

if TYPE_CHECKING:
    import numpy.typing as npt

    from .mesh import Floats

# Coordinates this far outside, in images, come of rounding and of half a texel: the edge is meant.
_TOLERANCE = 0.01
_STRAYS = 0.001  # the share of triangles that may lie across an edge, as those of repairs do
_FARTHEST = 1000
_REPEATED, _MIRRORED, _NO_TILES = range(3)
_KINDS = {Wrap.REPEAT: _REPEATED, Wrap.MIRROR: _MIRRORED, Wrap.CLAMP: _NO_TILES}


def into_image(mesh: RawMesh) -> RawMesh:
    """The mesh with all its texture coordinates from 0 to 1.

    A triangle that lies in one repetition of the image is moved by whole images, which looks the
    same. Raises ConversionError: TEXTURE_REPEATS when triangles lie across, UNREADABLE_MESH for
    coordinates that are not finite.
    """
    uv = mesh.uv
    if uv is None or not len(uv):
        return mesh
    low, high = float(uv.min()), float(uv.max())
    if not np.isfinite([low, high]).all():
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="not finite")
    if low >= -_TOLERANCE and high <= 1 + _TOLERANCE:
        inside = uv if low >= 0 and high <= 1 else np.clip(uv, 0, 1)
        return replace(mesh, uv=inside)
    wraps = _wraps(mesh)
    tiles = np.where((wraps == _NO_TILES)[:, None], 0, _tiles(mesh, uv, wraps != _NO_TILES))
    shifts, groups = np.unique(
        np.column_stack([tiles, wraps == _MIRRORED]), axis=0, return_inverse=True
    )
    moved, group = mesh.split(groups.ravel().astype(np.int32))
    assert moved.uv is not None
    shift = shifts[:, :2].take(group, axis=0)
    local = moved.uv - shift.astype(np.float32)
    flipped = (shift % 2 == 1) & (shifts[:, 2:].take(group, axis=0) == 1)
    return replace(moved, uv=np.clip(np.where(flipped, 1 - local, local), 0, 1))


def _wraps(mesh: RawMesh) -> npt.NDArray[np.int8]:
    """How each triangle, (m,), goes on beyond its image."""
    kinds = np.array(
        [_NO_TILES if paint.is_color else _KINDS[paint.wrap] for paint in mesh.paints], np.int8
    )
    if mesh.paint is None or not len(kinds):
        return np.full(len(mesh.faces), kinds[0] if len(kinds) else 0, np.int8)
    return kinds.take(mesh.paint)


def _tiles(mesh: RawMesh, uv: Floats, tiled: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """In which repetition of the image, (m, 2), each triangle lies. Raises ConversionError."""
    low, high = (
        np.stack([pick(*(uv[mesh.faces[:, c], axis] for c in range(3))) for axis in (0, 1)], axis=1)
        for pick in (_least, _largest)
    )
    if tiled.any() and max(-float(low[tiled].min()), float(high[tiled].max())) > _FARTHEST:
        raise ConversionError(ErrorCode.TEXTURE_REPEATS)
    tile = np.floor(low)
    # What begins just before an edge belongs to the image behind it.
    tile += (high - tile > 1 + _TOLERANCE) & (tile + 1 - low <= _TOLERANCE)
    across = (high - tile > 1 + _TOLERANCE).any(axis=1) & tiled
    if np.count_nonzero(across) > _STRAYS * len(across):
        raise ConversionError(ErrorCode.TEXTURE_REPEATS)
    return np.clip(tile, -_FARTHEST, _FARTHEST).astype(np.int32)


def _least(a: Floats, b: Floats, c: Floats) -> Floats:
    least: Floats = np.minimum(np.minimum(a, b), c)
    return least


def _largest(a: Floats, b: Floats, c: Floats) -> Floats:
    largest: Floats = np.maximum(np.maximum(a, b), c)
    return largest
