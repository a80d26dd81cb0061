"""glTF files whose geometry meshoptimizer compressed, made plain by gltfpack in its sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import glb, gltfpack
from .gltf_files import Gltf, natural

if TYPE_CHECKING:
    from .glb import Tree

EXTENSIONS = ("EXT_meshopt_compression", "KHR_meshopt_compression")
_GEOMETRY = ("scene", "scenes", "meshes", "accessors")
_NODE = ("mesh", "children", "matrix", "translation", "rotation", "scale")
# Nothing is quantised, merged over materials or left out; nodes' transforms are carried out.
_OPTIONS = ("-noq", "-kv", "-km", "-vtf", "-vnf", "-vc", "16")


def unpacked(gltf: Gltf, *, memory: int) -> Gltf:
    """The same geometry without compression; as it is where there is none.

    Names and appearance do not reach gltfpack: materials are passed on as numbers. Raises
    ConversionError, and errors of looking up what is not there.
    """
    if not set(gltf.tree.get("extensionsUsed", [])) & set(EXTENSIONS):
        return gltf
    tree, binary = _geometry_only(gltf)
    packed = gltfpack.pack(glb.join(tree, binary), suffix="glb", options=_OPTIONS, memory=memory)
    plain, data = glb.split(packed)
    numbers = [int(material["name"]) for material in plain.get("materials", [])]
    for primitive in (each for mesh in plain.get("meshes", []) for each in mesh["primitives"]):
        if "material" in primitive:
            primitive["material"] = numbers[primitive["material"]]
    return Gltf(plain, (data,))


def _geometry_only(gltf: Gltf) -> tuple[Tree, bytes]:
    """All buffers as one, and stand-ins for uncompressed data behind it, as they were."""
    offsets, places, stand_ins, size = [], [], [], 0
    for data, buffer in zip(gltf.buffers, gltf.tree["buffers"], strict=True):
        if data is None:
            stand_ins.append({name: buffer[name] for name in ("byteLength", "extensions")})
        places.append(len(stand_ins) if data is None else 0)
        offsets.append(0 if data is None else size)
        size += 0 if data is None else len(data) + -len(data) % 4
    binary = b"".join(data + bytes(-len(data) % 4) for data in gltf.buffers if data is not None)

    def moved(view: Tree) -> Tree:
        number = natural(view["buffer"])
        at_offset = natural(view.get("byteOffset", 0)) + offsets[number]
        return {**view, "buffer": places[number], "byteOffset": at_offset}

    views = []
    for view in gltf.tree.get("bufferViews", []):
        extensions = {
            name: moved(value)
            for name, value in view.get("extensions", {}).items()
            if name in EXTENSIONS
        }
        views.append({**moved(view), "extensions": extensions})
    tree = {name: gltf.tree[name] for name in _GEOMETRY if name in gltf.tree}
    used = [name for name in gltf.tree["extensionsUsed"] if name in _KEPT_EXTENSIONS]
    return {
        **tree,
        "asset": {"version": "2.0"},
        "meshes": [_bare_mesh(mesh) for mesh in gltf.tree.get("meshes", [])],
        "nodes": [
            {name: node[name] for name in _NODE if name in node}
            for node in gltf.tree.get("nodes", [])
        ],
        "materials": [
            {"name": str(number)} for number in range(len(gltf.tree.get("materials", [])))
        ],
        "bufferViews": views,
        "buffers": [{"byteLength": size}, *stand_ins],
        "extensionsUsed": used,
        "extensionsRequired": used,
    }, binary


_KEPT_EXTENSIONS = (*EXTENSIONS, "KHR_mesh_quantization")


def _bare_mesh(mesh: Tree) -> Tree:
    wanted = ("attributes", "indices", "mode", "material")
    return {
        "primitives": [
            {name: primitive[name] for name in wanted if name in primitive}
            for primitive in mesh["primitives"]
        ]
    }
