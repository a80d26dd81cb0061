"""A head-like shape of any size with a photographic texture, and the files it is stored in."""

from __future__ import annotations

import functools
import io
import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageFilter

from scans.conversion import Limits, Profile, SourceFile, meshes

if TYPE_CHECKING:
    import numpy.typing as npt

    from scans.conversion.mesh import Mesh
    from scans.conversion.raw import RawMesh

    Floats = npt.NDArray[np.float64]
    Indices = npt.NDArray[np.int64]

QUICK = Profile(
    triangles=4000, texture_size=256, overlay_size=128, still_width=80, still_height=100
)
"""Small outputs, for tests that look at something else than the pictures."""


@functools.cache
def head(triangles: int) -> tuple[Floats, Floats, Indices]:
    """Positions (n, 3) in millimetres, uv (n, 2) with the origin at the bottom left, faces (m, 3).

    An egg with a nose and eye sockets, +Y up and facing +Z, open at the neck, with one texture seam
    down the back. ``m`` is at most ``triangles``.
    """
    rows = max(4, int(np.sqrt(triangles / 4)))
    columns = 2 * rows
    v, u = np.meshgrid(
        np.linspace(0.12, 1, rows + 1), np.linspace(0, 1, columns + 1), indexing="ij"
    )
    around, down = 2 * np.pi * (u - 0.5), np.pi * (1 - v)  # u = 0.5 is the front
    radius = 1 + 0.16 * np.exp(-((around / 0.16) ** 2) - ((down - 1.65) / 0.22) ** 2)
    for side in (-1, 1):
        radius -= 0.07 * np.exp(-(((around - 0.42 * side) / 0.2) ** 2) - ((down - 1.4) / 0.14) ** 2)
    x = 80 * radius * np.sin(down) * np.sin(around)
    y = 120 * np.cos(down)
    z = 95 * radius * np.sin(down) * np.cos(around)
    corner = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).ravel()
    right, above = corner + 1, corner + columns + 1
    faces = np.concatenate(
        [np.stack([corner, right, above], 1), np.stack([right, above + 1, above], 1)]
    )
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    # The top row is one point, so half of its faces have no area.
    corners = points[faces]
    areas = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    return points, np.stack([u, v], axis=-1).reshape(-1, 2), faces[areas > 1e-9]


@functools.cache
def skin(size: int) -> Image.Image:
    """An RGB picture: skin tones, a red mark right of the middle (the subject's left cheek)."""
    random = np.random.default_rng(5)
    pixels = np.full((size, size, 3), (205, 160, 135), np.float32)
    for scale in (1, 2, 6):
        small = random.normal(0, 9, (size // scale + 1, size // scale + 1)).astype(np.float32)
        noise = Image.fromarray(small).resize((size, size), Image.Resampling.BILINEAR)
        pixels += np.asarray(noise)[..., None]
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    mark = Image.new("RGB", (size // 20, size // 20), (200, 20, 30))
    picture.paste(mark, (int(size * 0.57), int(size * 0.50)))
    return picture.filter(ImageFilter.GaussianBlur(0.6))


def image_bytes(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The image as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@functools.cache
def obj_bytes(triangles: int, *, quads: bool = False) -> bytes:
    """The head as an OBJ with texture coordinates; with quads where the grid has them."""
    points, uv, faces = head(triangles)
    polygons = (_quads(faces) if quads else faces) + 1
    corners = np.repeat(polygons, 2, axis=1)  # the same index for position and texture
    return "".join(
        [
            "mtllib scan.mtl\no head\n",
            _lines("v %.4f %.4f %.4f\n", points),
            _lines("vt %.6f %.6f\n", uv),
            "usemtl skin\n",
            _lines("f" + " %d/%d" * polygons.shape[1] + "\n", corners),
        ]
    ).encode()


def _lines(template: str, values: npt.NDArray[Any]) -> str:
    return template * len(values) % tuple(values.ravel().tolist())


def _quads(faces: Indices) -> Indices:
    """Both triangles of each cell of the grid, joined; cells with one triangle are left out."""
    lower = {int(a): (int(a), int(b), int(c)) for a, b, c in faces if b == a + 1}
    upper = {int(a) - 1: int(b) for a, b, c in faces if b != a + 1}
    return np.array([(a, b, upper[a], c) for a, b, c in lower.values() if a in upper])


def ply_bytes(triangles: int, *, colored: bool) -> bytes:
    """The head as a binary PLY, with vertex colours: the red half is the subject's left."""
    points, _, faces = head(triangles)
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(points)}"]
    header += [f"property float {axis}" for axis in "xyz"]
    fields: list[Any] = [("p", "<f4", 3)]
    if colored:
        header += [f"property uchar {name}" for name in ("red", "green", "blue")]
        fields.append(("c", "u1", 3))
    header += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header"]
    vertices = np.zeros(len(points), fields)
    vertices["p"] = points
    if colored:
        vertices["c"] = np.where(points[:, :1] > 0, (200, 20, 30), (205, 160, 135))
    rows = np.zeros(len(faces), [("n", "u1"), ("i", "<i4", 3)])
    rows["n"], rows["i"] = 3, faces
    return "\n".join(header).encode() + b"\n" + vertices.tobytes() + rows.tobytes()


def glb_bytes(tree: dict[str, Any], binary: bytes = b"") -> bytes:
    """A GLB file of a JSON tree and one binary chunk."""
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def head_glb(
    triangles: int, texture: bytes | None = None, *, index_shift: int = 0, **changes: Any
) -> bytes:
    """The head as a GLB in metres, with an embedded image; ``changes`` replace members.

    ``index_shift`` is added to every index of a vertex.
    """
    points, uv, faces = head(triangles)
    parts = [
        (points / 1000).astype("<f4").tobytes(),
        np.stack([uv[:, 0], 1 - uv[:, 1]], 1).astype("<f4").tobytes(),
        (faces + index_shift).astype("<u4").tobytes(),
    ]
    parts += [texture] if texture else []
    views, offset = [], 0
    for part in parts:
        views.append({"buffer": 0, "byteOffset": offset, "byteLength": len(part)})
        offset += len(part)
    low, high = ((points / 1000).astype("<f4").min(0), (points / 1000).astype("<f4").max(0))
    primitive: dict[str, Any] = {"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2}
    tree: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": len(points), "type": "VEC3"}
            | {"min": low.tolist(), "max": high.tolist()},
            {"bufferView": 1, "componentType": 5126, "count": len(uv), "type": "VEC2"},
            {"bufferView": 2, "componentType": 5125, "count": faces.size, "type": "SCALAR"},
        ],
        "bufferViews": views,
        "buffers": [{"byteLength": offset}],
    }
    if texture:
        primitive["material"] = 0
        tree["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
        tree["textures"] = [{"source": 0}]
        tree["images"] = [{"bufferView": 3, "mimeType": "image/jpeg"}]
    return glb_bytes({**tree, **changes}, b"".join(parts))


def mesh(data: bytes, name: str = "scan.obj") -> SourceFile:
    """A mesh file of a capture."""
    return SourceFile(name, "mesh", None, None, data)


def texture(data: bytes, light: str | None = None, name: str = "scan.jpg") -> SourceFile:
    """A texture of a capture."""
    return SourceFile(name, "texture", light, None, data)


def overlay(data: bytes, metric: str | None) -> SourceFile:
    """An overlay of a capture."""
    return SourceFile("overlay.png", "overlay", None, metric, data)


def material(data: bytes) -> SourceFile:
    """A material file of a capture."""
    return SourceFile("scan.mtl", "material", None, None, data)


@dataclass(frozen=True)
class Loaded:
    """A mesh as it goes to the web, and as the file had it."""

    mesh: Mesh
    raw: RawMesh


def loaded(data: bytes, *others: SourceFile, target: int = 100_000) -> Loaded:
    """A mesh file read in this process, and simplified to so many triangles."""
    raw = meshes.mended(meshes.read(mesh(data), others, Limits()))
    return Loaded(meshes.simplified(raw, target=target, limits=Limits()), raw)
