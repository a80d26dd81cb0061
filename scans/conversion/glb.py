"""Binary glTF: its two chunks, and reading and writing plain (uncompressed) meshes in it."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ConversionError, ErrorCode
from .mesh import Mesh

if TYPE_CHECKING:
    import numpy.typing as npt

MAGIC = b"glTF"
_HEADER = struct.Struct("<4sII")
_CHUNK = struct.Struct("<I4s")
_JSON_LIMIT = 16 << 20

FLOAT, UNSIGNED_INT, UNSIGNED_SHORT = 5126, 5125, 5123
_COMPONENTS: dict[int, np.dtype[Any]] = {
    5121: np.dtype("u1"),
    UNSIGNED_SHORT: np.dtype("<u2"),
    UNSIGNED_INT: np.dtype("<u4"),
    FLOAT: np.dtype("<f4"),
}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}

Tree = dict[str, Any]


def split(data: bytes) -> tuple[Tree, bytes]:
    """The JSON tree and the binary chunk. Raises ConversionError(UNREADABLE_MESH)."""
    try:
        magic, version, length = _HEADER.unpack_from(data)
        size, kind = _CHUNK.unpack_from(data, _HEADER.size)
        start = _HEADER.size + _CHUNK.size
        if magic != MAGIC or version != 2 or length > len(data) or kind != b"JSON":
            raise ConversionError(ErrorCode.UNREADABLE_MESH, where="GLB header")
        if size > min(_JSON_LIMIT, len(data) - start):
            raise ConversionError(ErrorCode.UNREADABLE_MESH, where="GLB JSON size")
        tree = json.loads(data[start : start + size])
        return tree, _binary(data, start + size)
    except (struct.error, ValueError, RecursionError) as error:
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="GLB chunks") from error


def _binary(data: bytes, start: int) -> bytes:
    if start >= len(data):
        return b""
    size, kind = _CHUNK.unpack_from(data, start)
    start += _CHUNK.size
    if kind != b"BIN\0" or size > len(data) - start:
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="GLB BIN size")
    return data[start : start + size]


def join(tree: Tree, binary: bytes) -> bytes:
    """A GLB file from a JSON tree and its one buffer."""
    text = json.dumps(tree, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    length = _HEADER.size + 2 * _CHUNK.size + len(text) + len(binary)
    return b"".join(
        [
            _HEADER.pack(MAGIC, 2, length),
            _CHUNK.pack(len(text), b"JSON"),
            text,
            _CHUNK.pack(len(binary), b"BIN\0"),
            binary,
        ]
    )


@dataclass
class Buffer:
    """Collects the binary chunk and the views and accessors into it."""

    data: bytearray
    views: list[Tree]
    accessors: list[Tree]

    @classmethod
    def empty(cls) -> Buffer:
        """A buffer with nothing in it."""
        return cls(bytearray(), [], [])

    def add(self, data: bytes) -> int:
        """Append one four-byte aligned view and return its index."""
        self.data += bytes(-len(self.data) % 4)
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data)})
        self.data += data
        return len(self.views) - 1

    def accessor(self, **fields: object) -> int:
        """Append one accessor and return its index."""
        self.accessors.append(dict(fields))
        return len(self.accessors) - 1

    def add_array(self, values: npt.NDArray[Any], *, normalized: bool = False) -> int:
        """Append an (n, k) array of a glTF component type as view and accessor."""
        component = next(key for key, kind in _COMPONENTS.items() if kind == values.dtype)
        width = next(key for key, count in _WIDTHS.items() if count == values.shape[1])
        view = self.add(np.ascontiguousarray(values).tobytes())
        return self.accessor(
            bufferView=view,
            componentType=component,
            count=len(values),
            type=width,
            min=values.min(axis=0).tolist(),
            max=values.max(axis=0).tolist(),
            **({"normalized": True} if normalized else {}),
        )

    def parts(self) -> Tree:
        """The members of the JSON tree that describe this buffer."""
        return {
            "buffers": [{"byteLength": len(self.data)}],
            "bufferViews": self.views,
            "accessors": self.accessors,
        }


def plain(mesh: Mesh, *, with_normals: bool) -> bytes:
    """The mesh as an uncompressed GLB, for gltfpack to read."""
    buffer = Buffer.empty()
    attributes = {"POSITION": buffer.add_array(mesh.positions.astype("<f4"))}
    if with_normals:
        attributes["NORMAL"] = buffer.add_array(mesh.normals.astype("<f4"))
    if mesh.uv is not None:
        attributes["TEXCOORD_0"] = buffer.add_array(mesh.uv.astype("<f4"))
    if mesh.colors is not None:
        # Four components keep every vertex aligned to four bytes, as glTF asks for.
        opaque = np.full((len(mesh.colors), 4), 65535, "<u2")
        opaque[:, :3] = mesh.colors
        attributes["COLOR_0"] = buffer.add_array(opaque, normalized=True)
    indices = buffer.add_array(mesh.faces.astype("<u4").reshape(-1, 1))
    tree = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": attributes, "indices": indices}]}],
        **buffer.parts(),
    }
    return join(tree, bytes(buffer.data))


def read_plain(data: bytes) -> Mesh:
    """The triangles of an uncompressed GLB as written by gltfpack with -noq, joined into one mesh.

    Attributes that only some primitives have are left out; without primitives there are no faces.
    Raises ConversionError.
    """
    tree, binary = split(data)
    primitives = _placed_primitives(tree)
    if not primitives:
        nothing = np.zeros((0, 3), np.float32)
        return Mesh(nothing, np.zeros((0, 3), np.uint32), nothing)
    try:
        parts = [
            {name: _array(tree, binary, index) for name, index in attributes.items()}
            for attributes in primitives
        ]
        return _joined(parts)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="GLB arrays") from error


def _placed_primitives(tree: Tree) -> list[dict[str, int]]:
    """Accessor indices by attribute (and "indices"), for every primitive a node places."""
    placed = []
    for node in tree.get("nodes", []):
        if "mesh" not in node:
            continue
        if node.keys() & {"matrix", "translation", "rotation", "scale"}:
            # gltfpack moves static meshes itself; what it leaves is animated or instanced.
            raise ConversionError(ErrorCode.UNSUPPORTED_FORMAT, where="placed node")
        placed += [
            {**primitive["attributes"], "indices": primitive["indices"]}
            for primitive in tree["meshes"][node["mesh"]]["primitives"]
            if primitive.get("mode", 4) == 4 and "indices" in primitive
        ]
    return placed


def _joined(parts: list[dict[str, npt.NDArray[Any]]]) -> Mesh:
    offsets = np.cumsum([0, *(len(part["POSITION"]) for part in parts)])
    shared = set.intersection(*(set(part) for part in parts))
    faces = [
        part["indices"].reshape(-1, 3).astype(np.uint32) + np.uint32(offset)
        for part, offset in zip(parts, offsets[:-1], strict=True)
    ]

    def all_of(name: str) -> npt.NDArray[Any] | None:
        return np.concatenate([part[name] for part in parts]) if name in shared else None

    positions, normals, colors = all_of("POSITION"), all_of("NORMAL"), all_of("COLOR_0")
    assert positions is not None
    return Mesh(
        positions=positions,
        faces=np.concatenate(faces),
        normals=np.zeros_like(positions) if normals is None else normals,
        uv=all_of("TEXCOORD_0"),
        colors=None if colors is None else _as_shorts(colors[:, :3]),
    )


def _as_shorts(colors: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    if colors.dtype == np.uint16:
        return colors
    scale = 257 if colors.dtype == np.uint8 else 65535
    return np.rint(np.clip(colors.astype(np.float64) * scale, 0, 65535)).astype(np.uint16)


def _array(tree: Tree, binary: bytes, index: int) -> npt.NDArray[Any]:
    """Accessor ``index`` as a (count, components) array; a slice that does not fit raises."""
    accessor = tree["accessors"][index]
    view = tree["bufferViews"][accessor["bufferView"]]
    kind, width = _COMPONENTS[accessor["componentType"]], _WIDTHS[accessor["type"]]
    stride = view.get("byteStride", width * kind.itemsize)
    offset = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    shape, strides = (accessor["count"], width), (stride, kind.itemsize)
    return np.ascontiguousarray(np.ndarray(shape, kind, binary, offset, strides))
