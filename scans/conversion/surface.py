"""What a ray sees where it meets the model: colour and soft studio light."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
_LEVELS = np.linspace(0, 1, 256, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Texture:
    """``texels`` (rows * columns, channels), row by row from the top left, and what each of the
    256 levels stands for (``values``)."""

    texels: npt.NDArray[np.uint8]
    rows: int
    columns: int
    values: Floats

    @classmethod
    def of(cls, image: Image.Image) -> Texture:
        """The linear light of an RGB image."""
        return cls(np.asarray(image).reshape(-1, 3), image.height, image.width, LINEAR)

    @classmethod
    def of_levels(cls, image: Image.Image) -> Texture:
        """The levels of a greyscale image, 0 to 1, one channel."""
        return cls(np.asarray(image).reshape(-1, 1), image.height, image.width, _LEVELS)

    def at(self, uv: Floats) -> Floats:
        """Values (k, channels) between the four texels around each point; edges are repeated."""
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
        return self.values.take(self.texels.take(row * self.columns + column, axis=0))


@dataclass(frozen=True, slots=True)
class Points:
    """Points of the surface as a camera sees them: ``albedo`` (k, 3) and ``light`` (k,), linear,
    and ``uv`` (k, 2) where the model has texture coordinates."""

    albedo: Floats
    light: Floats
    uv: Floats | None

    def colors(self) -> Floats:
        """Linear colours (k, 3)."""
        return self.albedo * self.light[:, None]


@dataclass(frozen=True, slots=True)
class Surface:
    """The model's attributes, ready to be looked up.

    ``outward`` (m, 3) points out of each face; ``attributes`` (n, 3 to 8) are each vertex's normal,
    texture coordinates and colour side by side, so that one look-up finds all of them.
    """

    mesh: Mesh
    texture: Texture | None
    outward: Floats
    attributes: Floats

    @classmethod
    def of(cls, mesh: Mesh, texture: Image.Image | None) -> Surface:
        """From a mesh in model coordinates and an RGB image or None."""
        a, b, c = (mesh.positions.take(mesh.faces[:, corner], axis=0) for corner in range(3))
        columns = [mesh.normals]
        if mesh.uv is not None:
            columns.append(mesh.uv)
        if mesh.colors is not None:
            columns.append(mesh.colors.astype(np.float32) / np.float32(65535))
        return cls(
            mesh,
            None if texture is None else Texture.of(texture),
            np.cross(b - a, c - a),
            np.concatenate(columns, axis=1),
        )

    def with_texture(self, texture: Image.Image | None) -> Surface:
        """The same in another texture."""
        return replace(self, texture=None if texture is None else Texture.of(texture))

    def look(
        self, triangles: Integers, u: Floats, v: Floats, directions: Floats, axes: Floats
    ) -> Points:
        """Where rays of ``directions`` (k, 3) meet ``triangles`` at (u, v).

        ``axes`` are the camera's right, up and backward directions as rows.
        """
        corners = self.mesh.faces.take(triangles, axis=0)
        found = self.attributes.take(corners[:, 0], axis=0) * (1 - u - v)[:, None]
        found += self.attributes.take(corners[:, 1], axis=0) * u[:, None]
        found += self.attributes.take(corners[:, 2], axis=0) * v[:, None]
        normals = found[:, :3]
        normals /= np.sqrt(np.einsum("kc,kc->k", normals, normals) + np.float32(1e-12))[:, None]
        outward = self.outward.take(triangles, axis=0)
        inside = np.einsum("kc,kc->k", outward, directions) > 0
        normals[inside] *= -1
        light = _light(normals @ axes.T)
        light[inside] *= _INSIDE
        uv = None if self.mesh.uv is None else np.ascontiguousarray(found[:, 3:5])
        return Points(self._albedo(found, uv), light, uv)

    def _albedo(self, found: Floats, uv: Floats | None) -> Floats:
        if self.texture is not None and uv is not None:
            return self.texture.at(uv)
        if self.mesh.colors is not None:
            return found[:, -3:]
        return np.broadcast_to(np.array(PLASTER, np.float32), (len(found), 3))


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
