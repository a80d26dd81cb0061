"""Files as other exporters write them: glTF in all its forms, PLY in all its kinds, materials."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import DracoPy
import numpy as np
from PIL import Image

from scans.conversion import SourceFile

from .support import image_bytes

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

RED, GREEN, BLUE = (220, 30, 30), (30, 200, 30), (30, 30, 220)
# A square of two triangles in the plane z = 0, seen from +Z; glTF's texture coordinates.
POINTS = np.array([[0, 0, 0], [0.2, 0, 0], [0.2, 0.2, 0], [0, 0.2, 0]], "<f4")
CORNERS = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], "<f4")
FACES = np.array([0, 1, 2, 0, 2, 3], "<u2")
_COMPONENTS = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}


def plain_image(color: tuple[int, int, int], size: int = 64) -> bytes:
    """A PNG of one colour."""
    return image_bytes(Image.new("RGB", (size, size), color), "PNG")


def named_texture(name: str, color: tuple[int, int, int], light: str | None = None) -> SourceFile:
    """A texture of one colour under the name a material refers to it by."""
    return SourceFile(name, "texture", light, None, plain_image(color))


class GltfMaker:
    """Collects arrays and images, and writes them as GLB, glTF with data URIs, or several files."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
            "meshes": [{"primitives": []}],
            "accessors": [],
            "bufferViews": [],
        }
        self.binary = bytearray()

    def view(self, data: bytes, **extra: Any) -> int:
        self.binary += bytes(-len(self.binary) % 4)
        view = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data), **extra}
        self.tree["bufferViews"].append(view)
        self.binary += data
        return len(self.tree["bufferViews"]) - 1

    def array(self, values: Array, **extra: Any) -> int:
        values = values.reshape(len(values), -1)
        kind = values.dtype.str[1:]
        accessor = {"componentType": _COMPONENTS[kind], "type": _TYPES[values.shape[1]]}
        accessor |= {"bufferView": self.view(values.tobytes()), "count": len(values), **extra}
        self.tree["accessors"].append(accessor)
        return len(self.tree["accessors"]) - 1

    def square(self, **changes: Any) -> dict[str, Any]:
        """The square as one more primitive, which ``changes`` alter."""
        attributes = {"POSITION": self.array(POINTS), "TEXCOORD_0": self.array(CORNERS)}
        primitive = {"attributes": attributes, "indices": self.array(FACES), **changes}
        self.tree["meshes"][0]["primitives"].append(primitive)
        return primitive

    def material(self, image: dict[str, Any] | None, **reference: Any) -> int:
        """A material with an image, or green without one; ``reference`` extends its use."""
        materials = self.tree.setdefault("materials", [])
        if image is None:
            materials.append({"pbrMetallicRoughness": {"baseColorFactor": [0, 0.6, 0, 1]}})
            return len(materials) - 1
        images, textures = self.tree.setdefault("images", []), self.tree.setdefault("textures", [])
        images.append(image)
        textures.append({"source": len(images) - 1})
        use = {"index": len(textures) - 1, **reference}
        materials.append({"pbrMetallicRoughness": {"baseColorTexture": use}})
        return len(materials) - 1

    def embedded(self, color: tuple[int, int, int]) -> dict[str, Any]:
        return {"bufferView": self.view(plain_image(color)), "mimeType": "image/png"}

    def draco(self, primitive: dict[str, Any]) -> None:
        """Compress the square of a primitive that `square` made."""
        data = DracoPy.encode(
            POINTS, FACES.reshape(-1, 3).astype(np.uint32), tex_coord=CORNERS.astype(np.float64)
        )
        decoded = DracoPy.decode(data)
        kinds = {each["attribute_type"]: each["unique_id"] for each in decoded.attributes}
        names = DracoPy.AttributeType
        primitive["extensions"] = {
            "KHR_draco_mesh_compression": {
                "bufferView": self.view(data),
                "attributes": {
                    "POSITION": kinds[names.POSITION],
                    "TEXCOORD_0": kinds[names.TEX_COORD],
                },
            }
        }
        for index in (*primitive["attributes"].values(), primitive["indices"]):
            self.tree["accessors"][index].pop("bufferView")
        self.tree["extensionsRequired"] = ["KHR_draco_mesh_compression"]

    def gltf(self, uri: str | None = None) -> bytes:
        """The textual form, with its data inside or beside under a name."""
        inside = "data:application/octet-stream;base64," + base64.b64encode(self.binary).decode()
        buffer = {"byteLength": len(self.binary), "uri": uri or inside}
        return json.dumps({**self.tree, "buffers": [buffer]}).encode()

    def glb(self) -> bytes:
        from .support import glb_bytes

        tree = {**self.tree, "buffers": [{"byteLength": len(self.binary)}]}
        return glb_bytes(tree, bytes(self.binary))


def ply(
    order: str, vertex: list[tuple[str, str]], rows: list[Any], face: list[str], faces: list[Any]
) -> bytes:
    """A PLY file: properties of vertices as (type, name), of faces as they stand in the header.

    ``order`` is "ascii", "<" or ">"; each row lists values, and lists of values, in order.
    """
    name = {"ascii": "ascii", "<": "binary_little_endian", ">": "binary_big_endian"}[order]
    head = ["ply", f"format {name} 1.0", "comment made for a test"]
    head += [f"element vertex {len(rows)}", *(f"property {kind} {of}" for kind, of in vertex)]
    head += [f"element face {len(faces)}", *(f"property {line}" for line in face), "end_header"]
    kinds = [[kind] for kind, _ in vertex]
    listed = [line.split()[1:3] if line.startswith("list") else line.split()[:1] for line in face]
    body = [_row(order, row, kinds) for row in rows] + [_row(order, row, listed) for row in faces]
    return "\n".join(head).encode() + b"\n" + b"".join(body)


_CODES = {"uchar": "u1", "int": "i4", "uint": "u4", "float": "f4", "double": "f8", "ushort": "u2"}


def _row(order: str, row: Any, kinds: list[list[str]]) -> bytes:
    parts: list[tuple[str, Any]] = []
    for value, kind in zip(row, kinds, strict=True):
        if len(kind) == 2:
            parts.append((kind[0], len(value)))
            parts += [(kind[1], item) for item in value]
        else:
            parts.append((kind[0], value))
    if order == "ascii":
        return " ".join(str(value) for _, value in parts).encode() + b"\n"
    return b"".join(np.array(value, order + _CODES[kind]).tobytes() for kind, value in parts)
