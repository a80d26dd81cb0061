"""What a ray sees where it meets the model: colour and soft studio light.

Everything is kept in planes, one row of numbers for each component, because that is what arrays are
quick with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .color import LINEAR, PLASTER

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

    from .camera import Camera
    from .mesh import Mesh

    Floats = npt.NDArray[np.float32]
    Shorts = npt.NDArray[np.uint16]
    Integers = npt.NDArray[np.integer[Any]]

_INSIDE = 0.35  # how bright the back of the surface looks, against its front

# Directions in the camera's right, up and backward axes, strength, and how far light creeps round
# the edge of the shadow: a broad key from the upper left and a fill that leaves no harsh shadow.
_LIGHTS = (
    ((-0.50, 0.55, 0.67), 0.62, 0.45),
    ((0.75, 0.10, 0.65), 0.24, 0.60),
)
_SKY = 0.22
_FULL = 65535
_LINEAR_SHORTS = np.rint(LINEAR * _FULL).astype(np.uint16)
_LEVEL_SHORTS = np.arange(256, dtype=np.uint16) * np.uint16(_FULL // 255)


@dataclass(frozen=True, slots=True)
class Texture:
    """``planes`` (channels, rows * columns), row by row from the top left: 0 to 65535 for the
    values 0 to 1."""

    planes: Shorts
    rows: int
    columns: int

    @classmethod
    def of(cls, image: Image.Image) -> Texture:
        """The linear light of an RGB image."""
        return cls._through(_LINEAR_SHORTS, image)

    @classmethod
    def of_levels(cls, image: Image.Image) -> Texture:
        """The levels of a greyscale image, one channel."""
        return cls._through(_LEVEL_SHORTS, image)

    @classmethod
    def _through(cls, table: Shorts, image: Image.Image) -> Texture:
        texels = np.asarray(image).reshape(image.height * image.width, -1)
        planes = np.empty(texels.T.shape, np.uint16)
        for plane, channel in zip(planes, texels.T, strict=True):
            table.take(channel, out=plane, mode="clip")
        return cls(planes, image.height, image.width)

    def at(self, uv: Floats) -> Floats:
        """Values (channels, k) between the four texels around points (2, k); edges are repeated."""
        x = np.clip(uv[0] * self.columns - 0.5, 0, self.columns - 1)
        y = np.clip(uv[1] * self.rows - 0.5, 0, self.rows - 1)
        left, top = x.astype(np.intp), y.astype(np.intp)
        along, down = x - left.astype(np.float32), y - top.astype(np.float32)
        first = top * self.columns + left
        after = first + (left < self.columns - 1)
        below = self.columns * (top < self.rows - 1)
        along /= _FULL
        lower_right = along * down
        upper_right, lower_left = along - lower_right, down / _FULL - lower_right
        weighed = (
            (first, np.float32(1 / _FULL) - along - lower_left),
            (after, upper_right),
            (first + below, lower_left),
            (after + below, lower_right),
        )
        mixed = np.empty((len(self.planes), len(first)), np.float32)
        for plane, values in zip(self.planes, mixed, strict=True):
            _add_up([(plane.take(texels), weight) for texels, weight in weighed], values)
        return mixed


def _add_up(weighed: list[tuple[npt.NDArray[Any], Floats]], total: Floats) -> None:
    """Write the sum of values (k,) times their weights (k,) into ``total`` (k,)."""
    (values, weight), *others = weighed
    np.multiply(values, weight, out=total)
    for values, weight in others:
        total += values * weight


@dataclass(frozen=True, slots=True)
class Points:
    """Points of the surface as a camera sees them: ``albedo`` (3, k) and ``light`` (k,), linear,
    and ``uv`` (2, k) where the model has texture coordinates."""

    albedo: Floats
    light: Floats
    uv: Floats | None

    def colors(self) -> Floats:
        """Linear colours (3, k)."""
        return self.albedo * self.light


@dataclass(frozen=True, slots=True)
class Surface:
    """The model's attributes, ready to be looked up.

    ``corners`` (3, m) are the vertices of each face, ``outward`` (3, m) points out of it,
    ``normals`` (3, n) and ``looks`` (0 to 5, n) are each vertex's: texture coordinates, then
    colours, where there are any.
    """

    mesh: Mesh
    texture: Texture | None
    corners: npt.NDArray[np.intp]
    outward: Floats
    normals: Floats
    looks: Floats

    @classmethod
    def of(cls, mesh: Mesh, texture: Image.Image | None) -> Surface:
        """From a mesh in model coordinates and an RGB image or None."""
        corners = np.ascontiguousarray(mesh.faces.T).astype(np.intp)
        positions = np.ascontiguousarray(mesh.positions.T)
        a, b, c = (positions.take(corner, axis=1) for corner in corners)
        looks = []
        if mesh.uv is not None:
            looks.append(mesh.uv.T)
        if mesh.colors is not None:
            looks.append(mesh.colors.T.astype(np.float32) / np.float32(_FULL))
        return cls(
            mesh,
            None if texture is None else Texture.of(texture),
            corners,
            np.cross(b - a, c - a, axis=0),
            np.ascontiguousarray(mesh.normals.T),
            np.concatenate([np.empty((0, len(mesh.positions)), np.float32), *looks]),
        )

    def with_texture(self, texture: Image.Image | None) -> Surface:
        """The same in another texture."""
        return replace(self, texture=None if texture is None else Texture.of(texture))

    def lit_for(self, camera: Camera) -> Lit:
        """The surface in the light that goes with a camera."""
        axes = camera.axes.astype(np.float32)
        towards = axes @ self.normals
        first = self.mesh.positions.take(self.corners[0], axis=0) - camera.eye.astype(np.float32)
        inside = np.einsum("mc,cm->m", first, self.outward) > 0
        attributes = [_light(towards)[None], self.looks]
        if inside.any():
            attributes.append(_INSIDE * _light(-towards)[None])
        return Lit(self, np.concatenate(attributes), inside)


@dataclass(frozen=True, slots=True)
class Lit:
    """A surface and how a camera sees it: ``inside`` (m,) are the faces that show it their back.

    ``attributes`` are each vertex's: light, looks, and light on its back where some are inside.
    """

    surface: Surface
    attributes: Floats
    inside: npt.NDArray[np.bool_]

    def look(self, triangles: Integers, u: Floats, v: Floats) -> Points:
        """Where rays meet ``triangles`` (k,) at (u, v).

        The light is that of the corners: triangles are a few pixels large.
        """
        where = triangles.astype(np.intp)
        weighed = [
            (corner.take(where), weight)
            for corner, weight in zip(self.surface.corners, (1 - u - v, u, v), strict=True)
        ]
        found = np.empty((len(self.attributes), len(where)), np.float32)
        for attribute, values in zip(self.attributes, found, strict=True):
            _add_up([(attribute.take(vertex), weight) for vertex, weight in weighed], values)
        light, looks = found[0], found[1 : 1 + len(self.surface.looks)]
        inside = self.inside.take(where)
        if inside.any():
            light = np.where(inside, found[-1], light)
        uv = None if self.surface.mesh.uv is None else looks[:2]
        return Points(self._albedo(looks, uv), light, uv)

    def _albedo(self, looks: Floats, uv: Floats | None) -> Floats:
        if self.surface.texture is not None and uv is not None:
            return self.surface.texture.at(uv)
        if self.surface.mesh.colors is not None:
            return looks[-3:]
        return np.broadcast_to(np.array(PLASTER, np.float32)[:, None], (3, looks.shape[1]))


def _light(normals: Floats) -> Floats:
    """How much light (n,) reaches surfaces with these normals (3, n), in the camera's axes; one for
    a surface that faces the camera."""
    facing = _unscaled_light(np.array([[0], [0], [1]], np.float32))
    light: Floats = _unscaled_light(normals) / facing
    return light


def _unscaled_light(normals: Floats) -> Floats:
    light: Floats = (_SKY * (0.5 + 0.5 * normals[1])).astype(np.float32)
    for direction, strength, wrap in _LIGHTS:
        towards = np.array(direction, np.float32) / np.float32(np.linalg.norm(direction))
        light += strength * np.maximum(towards @ normals + wrap, 0) / (1 + wrap)
    return light
