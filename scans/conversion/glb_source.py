"""GLB files as scanners and phone apps export them, made ready for gltfpack.

Only geometry is passed on: materials, images, animations and every name are dropped, so that
nothing but triangles can come out at the other end. Draco, which gltfpack does not read, is
decoded here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import DracoPy
import numpy as np

from . import glb
from .errors import ConversionError, ErrorCode

_DRACO = "KHR_draco_mesh_compression"
# Geometry that gltfpack reads, and appearance that is not used anyway.
_READABLE = ("KHR_mesh_quantization", "EXT_meshopt_compression", "KHR_meshopt_compression", _DRACO)
_APPEARANCE = ("KHR_materials_", "EXT_texture_", "KHR_texture_basisu")
_TRIANGLES = 4
_STRIPS_AND_FANS = {5, 6}
_GEOMETRY = ("asset", "scene", "scenes", "nodes", "meshes", "accessors", "bufferViews", "buffers")


@dataclass(frozen=True, slots=True)
class GlbFile:
    """A GLB with geometry only, how many triangles it places, and its colour image if any."""

    data: bytes
    triangles: int
    has_uv: bool
    has_normals: bool
    image: bytes | None


def inspect(data: bytes) -> GlbFile:
    """Take the geometry and the base colour image out of a GLB.

    Raises ConversionError: UNSUPPORTED_FORMAT for extensions this version does not know and for
    files that refer to other files, SEVERAL_ATLASES, EMPTY_MESH, UNREADABLE_MESH.
    """
    tree, binary = glb.split(data)
    try:
        _check_extensions(tree)
        _keep_triangles(tree)
        primitives = _placed(tree)
        image = _base_colour(tree, binary, primitives)
        reduced = _geometry_only(tree, binary)
        triangles = sum(_triangle_count(tree, primitive) for primitive in primitives)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="GLB tree") from error
    if not triangles:
        raise ConversionError(ErrorCode.EMPTY_MESH)
    names = [set(primitive["attributes"]) for primitive in primitives]
    return GlbFile(
        data=reduced,
        triangles=triangles,
        has_uv=all("TEXCOORD_0" in each for each in names),
        has_normals=all("NORMAL" in each for each in names),
        image=image,
    )


def _check_extensions(tree: glb.Tree) -> None:
    for name in tree.get("extensionsRequired", []):
        if name not in _READABLE and not name.startswith(_APPEARANCE):
            raise ConversionError(ErrorCode.UNSUPPORTED_FORMAT, where="GLB extension")
    if any("uri" in buffer for buffer in tree.get("buffers", [])):
        raise ConversionError(ErrorCode.UNSUPPORTED_FORMAT, where="GLB with outside data")


def _keep_triangles(tree: glb.Tree) -> None:
    """Drop points and lines; strips and fans would be lost without a word, so they are refused."""
    for mesh in tree.get("meshes", []):
        modes = {primitive.get("mode", _TRIANGLES) for primitive in mesh["primitives"]}
        if modes & _STRIPS_AND_FANS:
            raise ConversionError(ErrorCode.UNSUPPORTED_FORMAT, where="GLB triangle strips")
        mesh["primitives"] = [
            primitive
            for primitive in mesh["primitives"]
            if primitive.get("mode", _TRIANGLES) == _TRIANGLES
        ]


def _placed(tree: glb.Tree) -> list[glb.Tree]:
    """The primitives of every mesh that a node places, once for each placing."""
    return [
        primitive
        for node in tree.get("nodes", [])
        if "mesh" in node
        for primitive in tree["meshes"][node["mesh"]]["primitives"]
    ]


def _triangle_count(tree: glb.Tree, primitive: glb.Tree) -> int:
    index = primitive.get("indices", primitive["attributes"]["POSITION"])
    return int(tree["accessors"][index]["count"]) // 3


def _base_colour(tree: glb.Tree, binary: bytes, primitives: list[glb.Tree]) -> bytes | None:
    """The embedded image file that colours the mesh; outside images are not looked for."""
    materials = tree.get("materials", [])
    used = {primitive["material"] for primitive in primitives if "material" in primitive}
    sources = set()
    for material in (materials[index] for index in used):
        texture = material.get("pbrMetallicRoughness", {}).get("baseColorTexture")
        if texture is not None:
            sources.add(_image_index(tree["textures"][texture["index"]]))
    if len(sources) > 1:
        raise ConversionError(ErrorCode.SEVERAL_ATLASES)
    source = next(iter(sources), None)
    if source is None or "bufferView" not in tree["images"][source]:
        return None
    return _view(tree, binary, tree["images"][source]["bufferView"])


def _image_index(texture: glb.Tree) -> int | None:
    for name in ("EXT_texture_avif", "EXT_texture_webp"):
        if name in texture.get("extensions", {}):
            return int(texture["extensions"][name]["source"])
    return texture.get("source")


def _view(tree: glb.Tree, binary: bytes, index: int) -> bytes:
    view = tree["bufferViews"][index]
    start = view.get("byteOffset", 0)
    if start < 0 or not 0 <= view["byteLength"] <= len(binary) - start:
        raise ValueError("view outside its buffer")
    return binary[start : start + view["byteLength"]]


def _geometry_only(tree: glb.Tree, binary: bytes) -> bytes:
    kept = {name: tree[name] for name in _GEOMETRY if name in tree}
    kept["asset"] = {"version": "2.0"}
    kept["nodes"] = [_bare_node(node) for node in tree.get("nodes", [])]
    kept["extensionsUsed"] = [
        name for name in tree.get("extensionsUsed", []) if name in _READABLE and name != _DRACO
    ]
    buffer = glb.Buffer(bytearray(binary), tree.get("bufferViews", []), tree.get("accessors", []))
    for primitive in (each for mesh in tree["meshes"] for each in mesh["primitives"]):
        draco = primitive.get("extensions", {}).get(_DRACO)
        for name in ("material", "targets", "extensions"):
            primitive.pop(name, None)
        if draco is not None:
            blob = _view(tree, binary, draco["bufferView"])
            primitive.update(_decoded(blob, draco, buffer))
    first, *others = kept.get("buffers") or [{}]
    kept.update(buffer.parts())
    kept["buffers"] = [{**first, "byteLength": len(buffer.data)}, *others]
    return glb.join(kept, bytes(buffer.data))


def _bare_node(node: glb.Tree) -> glb.Tree:
    wanted = ("mesh", "children", "matrix", "translation", "rotation", "scale")
    return {name: node[name] for name in wanted if name in node}


def _decoded(data: bytes, draco: glb.Tree, buffer: glb.Buffer) -> glb.Tree:
    """Plain attributes and indices in place of one Draco blob, appended to ``buffer``."""
    try:
        mesh: Any = DracoPy.decode(data)
    except Exception as error:  # the decoder's errors have no common class
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="draco") from error
    by_id = {attribute["unique_id"]: attribute["data"] for attribute in mesh.attributes}
    attributes = {}
    for name in ("POSITION", "NORMAL", "TEXCOORD_0"):
        if name in draco["attributes"]:
            values = np.asarray(by_id[draco["attributes"][name]]).astype("<f4")
            attributes[name] = buffer.add_array(values)
    indices = np.asarray(mesh.faces).astype("<u4").reshape(-1, 1)
    return {"attributes": attributes, "indices": buffer.add_array(indices)}
