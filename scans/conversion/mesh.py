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

_TYPICAL_SIZE = 0.3  # metres: a head with its neck
_UNITS = (1.0, 0.01, 0.001)  # metres, centimetres, millimetres
_PLAUSIBLE_SIZE = (0.08, 1.2)  # metres: from a cut-out face to a bust with shoulders
_ONE_SIDED = 0.2


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


def checked(mesh: Mesh) -> Mesh:
    """The mesh with unusable normals replaced.

    Raises ConversionError(UNREADABLE_MESH) for coordinates that are
    not finite, indices out of range, or a mesh without extent.
    """
    if mesh.faces.max() >= len(mesh.positions):
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="index out of range")
    coordinates = [mesh.positions] if mesh.uv is None else [mesh.positions, mesh.uv]
    if not all(np.isfinite(values).all() for values in coordinates):
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="not finite")
    if not np.isfinite(extent := np.ptp(mesh.positions, axis=0).max()) or extent <= 0:
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="no extent")
    return replace(mesh, normals=_usable_normals(mesh))


def _usable_normals(mesh: Mesh) -> Floats:
    lengths = np.linalg.norm(mesh.normals, axis=1)
    usable = np.isfinite(lengths) & (lengths > 1e-6)
    normals = mesh.normals / np.where(usable, lengths, 1)[:, None]
    if not usable.all():
        normals[~usable] = _smooth_normals(mesh)[~usable]
    return normals.astype(np.float32)


def _smooth_normals(mesh: Mesh) -> Floats:
    """Area-weighted vertex normals, (n, 3); up where a vertex has no area around it."""
    areas = _area_vectors(mesh)
    normals = np.zeros((len(mesh.positions), 3))
    for axis in range(3):
        weights = np.repeat(areas[:, axis], 3)
        normals[:, axis] = np.bincount(mesh.faces.ravel(), weights, len(normals))
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0])
    return np.where(lengths > 1e-12, normals / np.maximum(lengths, 1e-12), up).astype(np.float32)


def _area_vectors(mesh: Mesh) -> npt.NDArray[np.float64]:
    corners = mesh.positions.astype(np.float64)[mesh.faces]
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2


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


def pose_of(mesh: Mesh) -> Pose:
    """Where the mesh is to stand: middle at the origin, in metres, its front towards +Z.

    +Y is taken as up, as OBJ and glTF files have it. Files name no unit: of metres, centimetres and
    millimetres the one is taken that makes a head of it, and anything else is scaled to a head's
    size. A scan that is open at the back faces where its surface faces on the whole; a closed bust
    faces +Z.
    """
    low, high = mesh.positions.min(axis=0), mesh.positions.max(axis=0)
    center = (low.astype(np.float64) + high) / 2
    return Pose(_towards_front(mesh), center, _metres_per_unit(float((high - low).max())))


def posed(mesh: Mesh, pose: Pose) -> Mesh:
    """The mesh in model coordinates."""
    turned = (mesh.positions - pose.center) @ pose.rotation.T * pose.scale
    return replace(
        mesh,
        positions=turned.astype(np.float32),
        normals=(mesh.normals @ pose.rotation.T).astype(np.float32),
    )


def _metres_per_unit(size: float) -> float:
    unit = min(_UNITS, key=lambda unit: abs(np.log(size * unit / _TYPICAL_SIZE)))
    low, high = _PLAUSIBLE_SIZE
    return unit if low <= size * unit <= high else _TYPICAL_SIZE / size


def _towards_front(mesh: Mesh) -> npt.NDArray[np.float64]:
    """A rotation about +Y by quarter turns; the areas of a surface closed around Y cancel out."""
    areas = _area_vectors(mesh)
    total = np.linalg.norm(areas, axis=1).sum()
    x, _, z = areas.sum(axis=0) / max(total, 1e-30)
    if max(abs(x), abs(z)) < _ONE_SIDED:
        return np.eye(3)
    if abs(z) >= abs(x):
        sine, cosine = 0.0, float(np.sign(z))
    else:
        sine, cosine = -float(np.sign(x)), 0.0
    return np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
