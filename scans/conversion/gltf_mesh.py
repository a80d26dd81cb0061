"""A glTF's scene as triangles with one set of vertices, and what paints them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import gltf_files, gltf_meshopt
from .errors import ConversionError, ErrorCode
from .gltf_arrays import DRACO, Reader
from .gltf_files import Gltf
from .gltf_nodes import placed_meshes
from .gltf_paints import TextureUse, texture_uses
from .raw import Hints, Paint, RawMesh

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from .glb import Tree
    from .gltf_nodes import Matrix
    from .mesh import Floats, Indices

    Array = npt.NDArray[Any]

# Geometry that is read, and appearance that is not used anyway.
_READABLE = ("KHR_mesh_quantization", "KHR_texture_transform", DRACO, *gltf_meshopt.EXTENSIONS)
_APPEARANCE = ("KHR_materials_", "EXT_texture_", "KHR_texture_basisu")
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_UP = "y"


@dataclass(frozen=True, slots=True)
class _Part:
    """One primitive where a node places it; ``paint`` is a place in the materials, -1 for none."""

    positions: Floats
    faces: Indices
    normals: Floats | None
    uv: Floats | None
    colors: Floats | None
    paint: int


def read(data: bytes, beside: Mapping[str, bytes], *, most: int, wasm_memory: int) -> RawMesh:
    """Several nodes, meshes and materials become one mesh; points and lines are left out.

    ``beside`` are the capture's other files by bare name. Raises ConversionError:
    UNSUPPORTED_FORMAT for extensions this version does not know, SIDE_FILE_MISSING, EMPTY_MESH,
    UNREADABLE_MESH, TOO_LARGE for more than ``most`` triangles.
    """
    gltf = gltf_files.open_gltf(data, beside)
    try:
        _check_extensions(gltf.tree)
        uses = texture_uses(gltf)
        placed = gltf_meshopt.unpacked(gltf, memory=wasm_memory)
        parts = _parts(placed, uses, most)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="glTF tree") from error
    if not parts:
        raise ConversionError(ErrorCode.EMPTY_MESH)
    return _joined(parts, [use.paint for use in uses])


def _check_extensions(tree: Tree) -> None:
    for name in tree.get("extensionsRequired", []):
        if name not in _READABLE and not name.startswith(_APPEARANCE):
            raise ConversionError(ErrorCode.UNSUPPORTED_FORMAT, where="glTF extension")


def _parts(gltf: Gltf, uses: list[TextureUse], most: int) -> list[_Part]:
    reader = Reader(gltf, 3 * most)
    parts, triangles = [], 0
    for mesh, matrix in placed_meshes(gltf.tree):
        for primitive in mesh["primitives"]:
            mode = primitive.get("mode", _TRIANGLES)
            if mode not in (_TRIANGLES, _STRIP, _FAN):
                continue
            material = primitive.get("material", -1)
            if not -1 <= material < len(uses):
                raise IndexError("material")
            attributes, indices = reader.primitive(primitive)
            part = _part(attributes, indices, mode, matrix, material, uses)
            triangles += len(part.faces)
            if triangles > most:
                raise ConversionError(ErrorCode.TOO_LARGE, where="triangles")
            if len(part.faces):
                parts.append(part)
    return parts


def _part(
    attributes: dict[str, Array],
    indices: Array | None,
    mode: int,
    matrix: Matrix,
    material: int,
    uses: list[TextureUse],
) -> _Part:
    positions = _rows(attributes["POSITION"], 3, None)
    count = len(positions)
    faces = _faces(np.arange(count) if indices is None else indices, mode)
    if faces.size and faces.max() >= count:
        raise IndexError("vertex")
    if np.linalg.det(matrix[:3, :3]) < 0:  # a mirror turns triangles inside out
        faces = np.ascontiguousarray(faces[:, ::-1])
    normals, uv, colors = attributes.get("NORMAL"), None, attributes.get("COLOR_0")
    use = uses[material] if material >= 0 else TextureUse()
    coordinates = attributes.get(f"TEXCOORD_{use.coordinates}")
    if coordinates is not None:
        uv = use.transformed(_rows(coordinates, 2, count))
    return _Part(
        positions=_moved(positions, matrix),
        faces=faces,
        normals=None if normals is None else _turned(_rows(normals, 3, count), matrix),
        uv=uv,
        colors=None if colors is None else _rows(colors, 3, count),
        paint=material,
    )


def _rows(values: Array, width: int, count: int | None) -> Floats:
    if values.shape[1] < width or (count is not None and len(values) != count):
        raise ValueError("attribute of another size")
    return values[:, :width]


def _faces(indices: Array, mode: int) -> Indices:
    """Triangles (m, 3), counter-clockwise (glTF 2.0, section 3.7.2.1)."""
    if mode == _TRIANGLES:
        return indices[: len(indices) // 3 * 3].reshape(-1, 3).astype(np.uint32)
    first, second, third = indices[:-2], indices[1:-1], indices[2:]
    if mode == _FAN:
        faces = np.stack([second, third, np.broadcast_to(indices[:1], third.shape)], axis=1)
    else:
        odd = np.arange(len(first)) % 2 == 1
        faces = np.stack([first, np.where(odd, third, second), np.where(odd, second, third)], 1)
    # Strips repeat vertices to jump: such triangles were never meant to be seen.
    a, b, c = faces.T
    kept: Indices = faces[(a != b) & (b != c) & (a != c)].astype(np.uint32)
    return kept


def _moved(positions: Floats, matrix: Matrix) -> Floats:
    if (matrix == np.eye(4)).all():
        return np.ascontiguousarray(positions)
    with np.errstate(over="ignore", invalid="ignore"):  # refused later, as not finite
        return (positions @ matrix[:3, :3].T + matrix[:3, 3]).astype(np.float32)


def _turned(normals: Floats, matrix: Matrix) -> Floats:
    """Normals go by the cofactors: the inverse transposed, which a flat matrix does not have."""
    a, b, c = matrix[:3, :3].T
    cofactors = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
    if np.linalg.det(matrix[:3, :3]) < 0:
        cofactors = -cofactors
    with np.errstate(over="ignore", invalid="ignore"):
        turned: Floats = (normals @ cofactors.T).astype(np.float32)
    return turned


def _joined(parts: list[_Part], paints: list[Paint]) -> RawMesh:
    sizes = [len(part.positions) for part in parts]
    offsets = np.cumsum([0, *sizes])[:-1].astype(np.uint32)
    used = sorted({part.paint for part in parts})
    places = {number: place for place, number in enumerate(used)}
    plain = Paint()
    paint = np.repeat(
        np.array([places[part.paint] for part in parts], np.int32),
        [len(part.faces) for part in parts],
    )
    normals = None
    if any(part.normals is not None for part in parts):
        normals = _all([part.normals for part in parts], sizes, (0, 0, 0))
    return RawMesh(
        positions=np.concatenate([part.positions for part in parts]),
        faces=np.concatenate(
            [part.faces + offset for part, offset in zip(parts, offsets, strict=True)]
        ),
        normals=normals,
        uv=_all([part.uv for part in parts], sizes, (0, 0))
        if any(part.uv is not None for part in parts)
        else None,
        colors=_colors(parts, sizes),
        paint=paint if len(used) > 1 else None,
        paints=tuple(paints[number] if number >= 0 else plain for number in used),
        hints=Hints(unit=1.0, up=_UP),
    )


def _all(values: list[Floats | None], sizes: list[int], instead: tuple[float, ...]) -> Floats:
    filled = [
        np.broadcast_to(np.array(instead, np.float32), (size, len(instead)))
        if value is None
        else value
        for value, size in zip(values, sizes, strict=True)
    ]
    return np.concatenate(filled)


def _colors(parts: list[_Part], sizes: list[int]) -> npt.NDArray[np.uint16] | None:
    if all(part.colors is None for part in parts):
        return None
    colors = _all([part.colors for part in parts], sizes, (1, 1, 1))
    return np.rint(np.nan_to_num(np.clip(colors, 0, 1)) * 65535).astype(np.uint16)
