"""From a mesh file in any supported format to one simplified, checked triangle mesh."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from . import glb, gltf_files, obj_mesh
from .errors import ConversionError, ErrorCode
from .materials import bare_name
from .mesh import Mesh, check_coordinates
from .normals import unit_normals
from .notes import Note
from .raw import RawMesh, compact, same_rows, without_repeats, without_slivers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .limits import Limits
    from .model import SourceFile

_OBJ_LINE = re.compile(rb"(?m)^[ \t]*(v|f|o|g|mtllib|usemtl)[ \t]")


def read(file: SourceFile, others: Sequence[SourceFile], limits: Limits) -> RawMesh:
    """Read a mesh file; ``others`` are the capture's files it may refer to, by their bare names.

    Several objects and materials become one mesh. Raises ConversionError: UNSUPPORTED_FORMAT,
    UNREADABLE_MESH, EMPTY_MESH, SIDE_FILE_MISSING, TOO_LARGE.
    """
    data, most = file.data, limits.triangles
    if data.startswith(glb.MAGIC) or gltf_files.looks_like_json(data):
        from . import gltf_mesh

        beside = {bare_name(other.name): other.data for other in others}
        return gltf_mesh.read(data, beside, most=most, wasm_memory=limits.wasm_memory)
    if data.startswith((b"ply\n", b"ply\r")):
        from . import ply

        return ply.read(data, most=most)
    if not _looks_like_obj(data):
        raise ConversionError(ErrorCode.UNSUPPORTED_FORMAT)
    materials = [other.data for other in others if other.kind == "material"]
    return obj_mesh.read(data, materials, most=most)


def mended(raw: RawMesh) -> RawMesh:
    """The mesh with unit normals, without triangles that are none and vertices without triangles.

    Raises ConversionError: UNREADABLE_MESH, DAMAGED_MESH where too many triangles are none.
    """
    check_coordinates(raw.positions, raw.uv)
    points = same_rows(raw.positions) if raw.points is None else raw.points
    raw = without_slivers(replace(raw, points=points), points)
    raw = compact(without_repeats(raw))
    assert raw.points is not None
    normals, made = unit_normals(raw.positions, raw.faces, raw.normals, raw.points)
    notes = (*raw.notes, Note.NORMALS_MADE) if made else raw.notes
    return replace(raw, normals=normals, notes=notes)


def simplified(raw: RawMesh, *, target: int, limits: Limits) -> Mesh:
    """About ``target`` triangles of a `mended` mesh. Raises ConversionError: DAMAGED_MESH,
    TOO_LARGE."""
    assert raw.normals is not None
    assert raw.points is not None
    mesh = Mesh(raw.positions, raw.faces, raw.normals, raw.uv, raw.colors)
    if len(mesh.faces) <= target:
        return mesh
    from . import simplify  # and with it the WebAssembly engine

    return simplify.simplified(mesh, raw.points, target=target, memory=limits.wasm_memory)


def _looks_like_obj(data: bytes) -> bool:
    head = data[:65536]
    return not head.strip() or (b"\0" not in head and _OBJ_LINE.search(head) is not None)
