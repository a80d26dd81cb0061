"""PLY meshes, with texture coordinates or vertex colours, read by trimesh."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from .color import linear_shorts
from .errors import ConversionError, ErrorCode
from .mesh import Mesh

if TYPE_CHECKING:
    import numpy.typing as npt


def read(data: bytes) -> Mesh:
    """The triangles of a PLY file; faces with more corners are cut into triangles.

    Raises ConversionError: EMPTY_MESH for a point cloud, UNREADABLE_MESH.
    """
    loaded = _load(data)
    faces = getattr(loaded, "faces", None)
    if faces is None or not len(faces):
        raise ConversionError(ErrorCode.EMPTY_MESH)
    vertices = np.asarray(loaded.vertices)
    faces = np.asarray(faces)
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="index out of range")
    positions = vertices.astype(np.float32)
    return Mesh(
        positions=positions,
        faces=faces.astype(np.uint32),
        normals=np.zeros_like(positions),
        uv=_texture_coordinates(loaded),
        colors=_vertex_colors(loaded),
    )


def _load(data: bytes) -> Any:
    import trimesh  # half a second to import, and most captures are OBJ files

    try:
        # No resolver and no materials: the texture a file names is never looked for.
        return trimesh.load(
            io.BytesIO(data), file_type="ply", process=False, skip_materials=True, resolver=None
        )
    except MemoryError:
        raise
    except Exception as error:  # the loader raises whatever its parsing stumbles over
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="ply loader") from error


def _texture_coordinates(loaded: Any) -> npt.NDArray[np.float32] | None:
    uv = getattr(loaded.visual, "uv", None)
    if uv is None or np.shape(uv) != (len(loaded.vertices), 2):
        return None
    u, v = np.asarray(uv, np.float32).T
    return np.stack([u, 1 - v], axis=1)  # PLY counts from the bottom of the image


def _vertex_colors(loaded: Any) -> npt.NDArray[np.uint16] | None:
    if getattr(loaded.visual, "kind", None) != "vertex":
        return None
    return linear_shorts(np.asarray(loaded.visual.vertex_colors)[:, :3])
