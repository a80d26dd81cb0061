"""What a ray sees where it meets the model: colour and soft studio light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .color import LINEAR, PLASTER

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

    from .mesh import Mesh

    Floats = npt.NDArray[np.float32]
    Integers = npt.NDArray[np.integer[Any]]

_INSIDE = 0.35  # how bright the back of the surface looks, against its front

# Directions in the camera's right, up and backward axes, strength, and how far light creeps round
# the edge of the shadow: a broad key from the upper left and a fill that leaves no harsh shadow.
_LIGHTS = (
    ((-0.50, 0.55, 0.67), 0.62, 0.45),
    ((0.75, 0.10, 0.65), 0.24, 0.60),
)
_SKY = 0.22


@dataclass(frozen=True, slots=True)
class Texture:
    """``texels`` (rows * columns, 3), linear, row by row from the top left."""

    texels: Floats
    rows: int
    columns: int

    @classmethod
    def of(cls, image: Image.Image) -> Texture:
        """From an RGB image."""
        pixels = np.asarray(image)
        return cls(LINEAR[pixels.reshape(-1, 3)], image.height, image.width)

    def at(self, uv: Floats) -> Floats:
        """Linear colours (k, 3) between the four texels around each point; edges are repeated."""
        x = np.clip(uv[:, 0] * self.columns - 0.5, 0, self.columns - 1)
        y = np.clip(uv[:, 1] * self.rows - 0.5, 0, self.rows - 1)
        left, top = x.astype(np.int32), y.astype(np.int32)
        right = np.minimum(left + 1, self.columns - 1)
        bottom = np.minimum(top + 1, self.rows - 1)
        along, down = (x - left)[:, None], (y - top)[:, None]
        upper = self._texel(top, left) * (1 - along) + self._texel(top, right) * along
        lower = self._texel(bottom, left) * (1 - along) + self._texel(bottom, right) * along
        mixed: Floats = upper * (1 - down) + lower * down
        return mixed

    def _texel(self, row: Integers, column: Integers) -> Floats:
        return self.texels.take(row * self.columns + column, axis=0)


@dataclass(frozen=True, slots=True)
class Surface:
    """The model's attributes, ready to be looked up; ``outward`` (m, 3) points out of each face."""

    mesh: Mesh
    texture: Texture | None
    outward: Floats

    @classmethod
    def of(cls, mesh: Mesh, texture: Image.Image | None) -> Surface:
        """From a mesh in model coordinates and an RGB image or None."""
        a, b, c = (mesh.positions.take(mesh.faces[:, corner], axis=0) for corner in range(3))
        return cls(mesh, None if texture is None else Texture.of(texture), np.cross(b - a, c - a))

    def shade(
        self, triangles: Integers, u: Floats, v: Floats, directions: Floats, axes: Floats
    ) -> Floats:
        """Linear colours (k, 3) where rays of ``directions`` meet ``triangles`` at (u, v).

        ``axes`` are the camera's right, up and backward directions as rows.
        """
        corners = self.mesh.faces.take(triangles, axis=0)
        weights = np.stack([1 - u - v, u, v], axis=1)
        normals = _between(self.mesh.normals, corners, weights)
        normals /= np.sqrt(np.einsum("kc,kc->k", normals, normals) + np.float32(1e-12))[:, None]
        outward = self.outward.take(triangles, axis=0)
        inside = np.einsum("kc,kc->k", outward, directions) > 0
        normals[inside] *= -1
        light = _light(normals @ axes.T)
        light[inside] *= _INSIDE
        return self._albedo(corners, weights) * light[:, None]

    def _albedo(self, corners: Integers, weights: Floats) -> Floats:
        if self.texture is not None and self.mesh.uv is not None:
            return self.texture.at(_between(self.mesh.uv, corners, weights))
        if self.mesh.colors is not None:
            colors: Floats = _between(self.mesh.colors, corners, weights) / np.float32(65535)
            return colors
        return np.broadcast_to(np.array(PLASTER, np.float32), (len(corners), 3))


def _between(values: npt.NDArray[Any], corners: Integers, weights: Floats) -> Floats:
    """Vertex values (n, c) at points given by their triangles' corners (k, 3) and weights."""
    mixed: Floats = values.take(corners[:, 0], axis=0) * weights[:, :1]
    mixed += values.take(corners[:, 1], axis=0) * weights[:, 1:2]
    mixed += values.take(corners[:, 2], axis=0) * weights[:, 2:]
    return mixed


def _light(normals: Floats) -> Floats:
    """How much light reaches surfaces with these normals (k, 3), in the camera's axes; one for a
    surface that faces the camera."""
    facing = _unscaled_light(np.array([[0, 0, 1]], np.float32))
    light: Floats = _unscaled_light(normals) / facing
    return light


def _unscaled_light(normals: Floats) -> Floats:
    light = _SKY * (0.5 + 0.5 * normals[:, 1])
    for direction, strength, wrap in _LIGHTS:
        towards = np.array(direction, np.float32) / np.float32(np.linalg.norm(direction))
        light += strength * np.maximum(normals @ towards + wrap, 0) / (1 + wrap)
    return light.astype(np.float32)
