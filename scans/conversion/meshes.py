"""From a mesh file in any supported format to one simplified, checked triangle mesh."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from . import glb, glb_source, gltfpack, obj, ply
from .color import linear_shorts
from .errors import ConversionError, ErrorCode
from .mesh import Mesh, checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .limits import Limits
    from .model import SourceFile

# Parsing drops triangles without an area; a file that loses more than this is not what it says.
_KEPT_AT_LEAST = 0.97
_LARGEST_DEVIATION = 0.05  # of the model's size; in practice the triangle count is met long before
_OBJ_LINE = re.compile(rb"(?m)^[ \t]*(v|f|o|g|mtllib|usemtl)[ \t]")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A mesh in its file's own coordinates, how many triangles the file has, and the colour image
    it carries inside (encoded), if any."""

    mesh: Mesh
    triangles_in: int
    image: bytes | None = None


def load(
    file: SourceFile, materials: Sequence[SourceFile], *, target: int, limits: Limits
) -> Loaded:
    """Read a mesh file and simplify it to about ``target`` triangles.

    Several objects and materials become one mesh. Raises ConversionError: UNSUPPORTED_FORMAT,
    UNREADABLE_MESH, EMPTY_MESH, DAMAGED_MESH, SEVERAL_ATLASES, TOO_LARGE.
    """
    pack = _Packer(target, limits)
    if file.data.startswith(glb.MAGIC):
        source = glb_source.inspect(file.data)
        mesh = pack(source.data, "glb", source.triangles, has_normals=source.has_normals)
        return Loaded(mesh, source.triangles, source.image)
    if file.data.startswith((b"ply\n", b"ply\r")):
        read = ply.read(file.data)
        mesh = pack(glb.plain(read, with_normals=False), "glb", len(read.faces), has_normals=False)
        return Loaded(mesh, len(read.faces))
    if not _looks_like_obj(file.data):
        raise ConversionError(ErrorCode.UNSUPPORTED_FORMAT)
    return _load_obj(obj.inspect(file.data), materials, pack)


def _load_obj(source: obj.ObjFile, materials: Sequence[SourceFile], pack: _Packer) -> Loaded:
    _refuse_several_atlases(source, materials)
    with ThreadPoolExecutor(1) as pool:
        indices = pool.submit(source.check_indices)
        try:
            mesh = pack(source.data, "obj", source.triangles, has_normals=source.has_normals)
        finally:
            indices.result()  # a wild index explains best whatever else went wrong
    if not source.has_uv:
        mesh = replace(mesh, uv=None)
    if mesh.colors is not None:
        mesh = replace(mesh, colors=linear_shorts((mesh.colors >> 8).astype(np.uint8)))
    return Loaded(mesh, source.triangles)


@dataclass(frozen=True, slots=True)
class _Packer:
    target: int
    limits: Limits

    def __call__(self, data: bytes, suffix: str, triangles: int, *, has_normals: bool) -> Mesh:
        if triangles > self.limits.triangles:
            raise ConversionError(ErrorCode.TOO_LARGE, where="triangles")
        options = ["-noq", "-tr", "-kv", "-vtf", "-vnf", "-vc", "16"]
        if not has_normals:
            options += ["-gn", "180"]
        if triangles > self.target:
            ratio = self.target / triangles
            options += ["-si", f"{ratio:.6f}", "-se", str(_LARGEST_DEVIATION)]
        packed = gltfpack.pack(data, suffix=suffix, options=options, memory=self.limits.wasm_memory)
        mesh = glb.read_plain(packed)
        if len(mesh.faces) < _KEPT_AT_LEAST * min(triangles, self.target):
            raise ConversionError(ErrorCode.DAMAGED_MESH)
        return checked(mesh)


def _looks_like_obj(data: bytes) -> bool:
    head = data[:65536]
    return not head.strip() or (b"\0" not in head and _OBJ_LINE.search(head) is not None)


def _refuse_several_atlases(mesh: obj.ObjFile, materials: Sequence[SourceFile]) -> None:
    """One colour image is put on the whole mesh; a second one would be missing from the picture."""
    images: dict[bytes, bytes] = {}
    for file in materials:
        current = b""
        for line in file.data.splitlines():
            keyword, _, value = line.strip().partition(b" ")
            if keyword == b"newmtl":
                current = value.strip()
            elif keyword.lower() == b"map_kd":
                images[current] = value.strip()
    if len({images[name] for name in mesh.used_materials() if name in images}) > 1:
        raise ConversionError(ErrorCode.SEVERAL_ATLASES)
