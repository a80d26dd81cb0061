"""Binary glTF: its two chunks, and the plain (uncompressed) meshes in it that gltfpack is
given and gives back."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ConversionError, ErrorCode

if TYPE_CHECKING:
    import numpy.typing as npt

    from .mesh import Indices, Mesh

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
_LOW_PART = 4095

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


def join(tree: Tree, binary: bytes | bytearray) -> bytes:
    """A GLB file from a JSON tree and its one buffer."""
    text = json.dumps(tree, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    padding = bytes(-len(binary) % 4)
    size = len(binary) + len(padding)
    length = _HEADER.size + 2 * _CHUNK.size + len(text) + size
    return b"".join(
        [
            _HEADER.pack(MAGIC, 2, length),
            _CHUNK.pack(len(text), b"JSON"),
            text,
            _CHUNK.pack(size, b"BIN\0"),
            binary,
            padding,
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

    def add(self, data: bytes | memoryview) -> int:
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
        view = self.add(np.ascontiguousarray(values).data.cast("B"))
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


def numbered(mesh: Mesh) -> bytes:
    """What gltfpack needs to know to simplify a mesh, as an uncompressed GLB: no normals.

    Each vertex carries its number along, as a second pair of texture coordinates.
    """
    buffer = Buffer.empty()
    attributes = {"POSITION": buffer.add_array(mesh.positions.astype("<f4", copy=False))}
    if mesh.uv is not None:
        attributes["TEXCOORD_0"] = buffer.add_array(mesh.uv.astype("<f4", copy=False))
    attributes["TEXCOORD_1"] = buffer.add_array(_as_floats(len(mesh.positions)))
    if mesh.colors is not None:
        # Four components keep every vertex aligned to four bytes, as glTF asks for.
        opaque = np.full((len(mesh.colors), 4), 65535, "<u2")
        opaque[:, :3] = mesh.colors
        attributes["COLOR_0"] = buffer.add_array(opaque, normalized=True)
    indices = buffer.add_array(mesh.faces.astype("<u4", copy=False).reshape(-1, 1))
    tree = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": attributes, "indices": indices}]}],
        **buffer.parts(),
    }
    return join(tree, buffer.data)


def _as_floats(count: int) -> npt.NDArray[np.float32]:
    """The numbers below ``count`` in two parts, (count, 2), which floats hold exactly."""
    numbers = np.arange(count)
    pairs = np.empty((count, 2), "<f4")
    pairs[:, 0], pairs[:, 1] = numbers & _LOW_PART, numbers >> _LOW_PART.bit_length()
    return pairs


def read_numbered(data: bytes, *, most: int) -> tuple[Indices, npt.NDArray[np.int64]]:
    """What gltfpack made of `numbered` with -noq -kv: triangles (m, 3), and the numbers (k,), below
    ``most``, of the vertices that are left.

    Raises ConversionError: DAMAGED_MESH where no triangle is left, UNREADABLE_MESH.
    """
    tree, binary = split(data)
    try:
        primitives = [each for mesh in tree.get("meshes", []) for each in mesh["primitives"]]
        if not primitives:
            raise ConversionError(ErrorCode.DAMAGED_MESH)
        (primitive,) = primitives
        pairs = _array(tree, binary, primitive["attributes"]["TEXCOORD_1"])
        faces = _array(tree, binary, primitive["indices"]).reshape(-1, 3).astype(np.uint32)
        if not (np.isfinite(pairs).all() and (pairs >= 0).all() and (pairs < 1 << 24).all()):
            raise ValueError("no numbers")
        low, high = pairs.astype(np.int64).T
        numbers = low + (high << _LOW_PART.bit_length())
        if faces.max(initial=0) >= len(numbers) or numbers.max(initial=0) >= most:
            raise ValueError("index out of range")
        return faces, numbers
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="GLB arrays") from error


def _array(tree: Tree, binary: bytes, index: int) -> npt.NDArray[Any]:
    """Accessor ``index`` as a (count, components) array; a slice that does not fit raises."""
    accessor = tree["accessors"][index]
    view = tree["bufferViews"][accessor["bufferView"]]
    kind, width = _COMPONENTS[accessor["componentType"]], _WIDTHS[accessor["type"]]
    stride = view.get("byteStride", width * kind.itemsize)
    offset = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    shape, strides = (accessor["count"], width), (stride, kind.itemsize)
    return np.ascontiguousarray(np.ndarray(shape, kind, binary, offset, strides))
