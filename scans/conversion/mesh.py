"""A triangle mesh as plain arrays, its checks, and its pose for the web."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .errors import ConversionError, ErrorCode

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Indices = npt.NDArray[np.uint32]
    Shorts = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Mesh:
    """``n`` vertices and ``m`` triangles, in glTF's conventions.

    ``positions`` (n, 3); ``faces`` (m, 3), counter-clockwise seen from outside; ``normals``
    (n, 3) of length one; ``uv`` (n, 2) with the origin at the image's top left, or None;
    ``colors`` (n, 3) linear light, 0 to 65535, or None.
    """

    positions: Floats
    faces: Indices
    normals: Floats
    uv: Floats | None = None
    colors: Shorts | None = None


def check_coordinates(positions: Floats, uv: Floats | None) -> None:
    """Raises ConversionError(UNREADABLE_MESH) for coordinates (n, 3) that are not finite or without
    extent, and for texture coordinates that are not finite."""
    if not all(np.isfinite(values).all() for values in (positions, uv) if values is not None):
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="not finite")
    with np.errstate(over="ignore"):
        extent = np.ptp(positions, axis=0).max()
    if not np.isfinite(extent) or extent <= 0:
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="no extent")


@dataclass(frozen=True, slots=True)
class Pose:
    """How the model was placed: ``model = scale * rotation @ (source - center)``.

    ``rotation`` (3, 3), ``center`` (3,) in source units, ``scale`` metres per source unit.
    """

    rotation: npt.NDArray[np.float64]
    center: npt.NDArray[np.float64]
    scale: float

    def matrix(self) -> list[float]:
        """The 4×4 matrix from source to model coordinates, by columns as in glTF."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.scale * self.rotation
        matrix[:3, 3] = -matrix[:3, :3] @ self.center
        return [float(value) for value in matrix.T.ravel()]


def posed(mesh: Mesh, pose: Pose) -> Mesh:
    """The mesh in model coordinates."""
    turned = (mesh.positions - pose.center) @ pose.rotation.T * pose.scale
    return replace(
        mesh,
        positions=turned.astype(np.float32),
        normals=(mesh.normals @ pose.rotation.T).astype(np.float32),
    )
