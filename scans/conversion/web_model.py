"""The model for the viewer: a GLB with Draco geometry and at most one embedded image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import DracoPy
import numpy as np

from . import glb
from .color import PLASTER
from .errors import ConversionError, ErrorCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from .mesh import Mesh, Pose

_POSITION_BITS, _UV_BITS, _NORMAL_BITS = 13, 12, 9
_LEVEL = 10
# Draco drops a triangle two of whose vertices are the same, as zero-area slivers' can be.
_KEPT_AT_LEAST = 0.99
_DRACO = "KHR_draco_mesh_compression"
_TEXTURE_EXTENSIONS = {"image/avif": "EXT_texture_avif", "image/webp": "EXT_texture_webp"}
_COLORS = "colors"
_LINEAR, _LINEAR_MIPMAP_LINEAR, _CLAMP_TO_EDGE = 9729, 9987, 33071


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded image and its media type (AVIF or WebP)."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Model:
    """The GLB file, and how many triangles a viewer finds in it."""

    data: bytes
    triangles: int


def write(mesh: Mesh, pose: Pose, picture: Callable[[], Picture | None]) -> Model:
    """The model: one mesh, one primitive, one material, in model coordinates (metres, +Y up).

    The node's ``extras.sourceTransform`` is the matrix from the source file's coordinates to the
    model's, by columns, so that points measured on the raw scan can be placed on the model. Draco
    changes the order of vertices. ``picture`` is called last, when it has to be there. Raises
    ConversionError(CRASHED) when decoding does not give back the triangles that went in.
    """
    buffer = glb.Buffer.empty()
    primitive = _primitive(mesh, buffer)
    material, extra = _material(mesh, picture(), buffer)
    extensions = [_DRACO, *extra.pop("extensionsUsed", [])]
    node = {"mesh": 0, "extras": {"sourceTransform": pose.matrix()}}
    tree = {
        "asset": {"version": "2.0", "generator": "dermalia"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [node],
        "meshes": [{"primitives": [{**primitive, "material": 0}]}],
        "materials": [material],
        **extra,
        **buffer.parts(),
        "extensionsUsed": extensions,
        "extensionsRequired": extensions,
    }
    indices = buffer.accessors[primitive["indices"]]
    return Model(glb.join(tree, bytes(buffer.data)), indices["count"] // 3)


def _primitive(mesh: Mesh, buffer: glb.Buffer) -> glb.Tree:
    data = _encode(mesh)
    decoded: Any = DracoPy.decode(data)
    if len(decoded.faces) < _KEPT_AT_LEAST * len(mesh.faces):
        raise ConversionError(ErrorCode.CRASHED, where="draco lost triangles")
    count = len(decoded.points)
    identifiers = {
        (each.get("name") or each["attribute_type"]): each["unique_id"]
        for each in decoded.attributes
    }
    kinds = DracoPy.AttributeType
    compressed = {"POSITION": identifiers[kinds.POSITION], "NORMAL": identifiers[kinds.NORMAL]}
    attributes = {
        "POSITION": buffer.accessor(
            componentType=glb.FLOAT,
            count=count,
            type="VEC3",
            min=[float(value) for value in decoded.points.min(axis=0)],
            max=[float(value) for value in decoded.points.max(axis=0)],
        ),
        "NORMAL": buffer.accessor(componentType=glb.FLOAT, count=count, type="VEC3"),
    }
    if mesh.uv is not None:
        compressed["TEXCOORD_0"] = identifiers[kinds.TEX_COORD]
        attributes["TEXCOORD_0"] = buffer.accessor(
            componentType=glb.FLOAT, count=count, type="VEC2"
        )
    if mesh.colors is not None:
        compressed["COLOR_0"] = identifiers[_COLORS]
        attributes["COLOR_0"] = buffer.accessor(
            componentType=glb.UNSIGNED_SHORT, count=count, type="VEC3", normalized=True
        )
    indices = buffer.accessor(
        componentType=glb.UNSIGNED_INT, count=int(decoded.faces.size), type="SCALAR"
    )
    extension = {"bufferView": buffer.add(data), "attributes": compressed}
    return {"attributes": attributes, "indices": indices, "extensions": {_DRACO: extension}}


def _encode(mesh: Mesh) -> bytes:
    optional: dict[str, Any] = {}
    if mesh.uv is not None:
        optional["tex_coord"] = mesh.uv.astype(np.float64)
        # Without this Draco keeps the coordinates as floats without loss, several times as large.
        optional["tex_coord_quantization_bits"] = _UV_BITS
    if mesh.colors is not None:
        optional["generic_attributes"] = {_COLORS: np.ascontiguousarray(mesh.colors)}
    encoded: bytes = DracoPy.encode(
        np.ascontiguousarray(mesh.positions),
        np.ascontiguousarray(mesh.faces),
        quantization_bits=_POSITION_BITS,
        compression_level=_LEVEL,
        normals=mesh.normals.astype(np.float64),
        normal_quantization_bits=_NORMAL_BITS,
        **optional,
    )
    return encoded


def _material(
    mesh: Mesh, picture: Picture | None, buffer: glb.Buffer
) -> tuple[glb.Tree, dict[str, Any]]:
    """The one material, and the members of the tree that its texture needs."""
    surface: glb.Tree = {"metallicFactor": 0, "roughnessFactor": 1}
    if picture is None or mesh.uv is None:
        if mesh.colors is None:
            surface["baseColorFactor"] = [*PLASTER, 1]
        return {"pbrMetallicRoughness": surface}, {}
    surface["baseColorTexture"] = {"index": 0}
    extension = _TEXTURE_EXTENSIONS[picture.media_type]
    sampler = {"magFilter": _LINEAR, "minFilter": _LINEAR_MIPMAP_LINEAR}
    sampler |= {"wrapS": _CLAMP_TO_EDGE, "wrapT": _CLAMP_TO_EDGE}
    image = {"bufferView": buffer.add(picture.data), "mimeType": picture.media_type}
    return {"pbrMetallicRoughness": surface}, {
        "samplers": [sampler],
        "textures": [{"sampler": 0, "extensions": {extension: {"source": 0}}}],
        "images": [image],
        "extensionsUsed": [extension],
    }
