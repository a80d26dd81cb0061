"""Still pictures of the model, ray traced without a graphics card.

Every pixel gets one ray; the few on an outline, where a single ray would leave steps, get nine.
Inside outlines the texture, reduced to about one texel a pixel, does the smoothing.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from embreex import rtcore_scene
from embreex.mesh_construction import TriangleMesh
from PIL import Image

from .camera import Camera, framed
from .color import LINEAR, srgb_bytes
from .surface import Surface

if TYPE_CHECKING:
    import numpy.typing as npt

    from .mesh import Mesh

    Floats = npt.NDArray[np.float32]

_GRID = 3  # rays along each side of a pixel on an outline
_RAYS = 1 << 15  # traced in one go, to bound the memory
_DEPTH_STEP = 0.01  # metres between neighbouring pixels that make an outline inside the model
_BACKDROP_MIDDLE = (246, 244, 241)
_BACKDROP_CORNER = (221, 218, 214)


def render(
    mesh: Mesh, texture: Image.Image | None, *, width: int, height: int
) -> dict[str, Image.Image]:
    """One RGB picture of ``width`` by ``height`` pixels for each view in `camera.VIEWS`.

    ``mesh`` is in model coordinates; ``texture`` is an RGB image or None.
    """
    cameras = framed(mesh.positions, width=width, height=height)
    if texture is not None and mesh.uv is not None:
        texture = _at_pixel_scale(texture, mesh, cameras["front"])
    backdrop = _backdrop(height, width)
    with ThreadPoolExecutor(_processors()) as pool:
        tracer = _Tracer(_embree_scene(mesh), Surface.of(mesh, texture), pool)
        return {name: tracer.picture(camera, backdrop) for name, camera in cameras.items()}


def _processors() -> int:
    return min(len(os.sched_getaffinity(0)), 8)


def _embree_scene(mesh: Mesh) -> Any:
    scene = rtcore_scene.EmbreeScene()
    TriangleMesh(scene, np.ascontiguousarray(mesh.positions), mesh.faces.astype(np.int32))
    return scene


def _at_pixel_scale(texture: Image.Image, mesh: Mesh, camera: Camera) -> Image.Image:
    """The texture with about as many texels on the model as the picture has pixels there."""
    assert mesh.uv is not None
    corners, uv = mesh.positions[mesh.faces], mesh.uv[mesh.faces]
    sides, uv_sides = corners[:, 1:] - corners[:, :1], uv[:, 1:] - uv[:, :1]
    area = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1).sum()
    uv_area = np.abs(np.linalg.det(uv_sides.astype(np.float64))).sum()
    texels = np.sqrt(uv_area * texture.width * texture.height / max(area, 1e-12))  # a metre
    pixels = 1 / (camera.pixel_angle * np.linalg.norm(camera.eye))
    factor = float(np.clip(1.2 * pixels / max(texels, 1e-9), 1 / 16, 1))
    if factor > 0.9:
        return texture
    size = (max(1, round(texture.width * factor)), max(1, round(texture.height * factor)))
    return texture.resize(size, Image.Resampling.BOX)


@dataclass(frozen=True, slots=True)
class _Tracer:
    scene: Any
    surface: Surface
    pool: ThreadPoolExecutor

    def picture(self, camera: Camera, backdrop: Floats) -> Image.Image:
        """One view before ``backdrop`` (height, width, 3), linear."""
        top, bottom, left, right = camera.bounds(self.surface.mesh.positions)
        shape = (bottom - top, right - left)
        x, y = _pixel_centres(slice(top, bottom), slice(left, right))
        colors, depths = self._trace(camera, x, y)
        covered = np.isfinite(depths).astype(np.float32)
        outline = np.flatnonzero(_outlines(depths.reshape(shape)))
        inner_x, inner_y = _pixel_centres(slice(0, _GRID), slice(0, _GRID))
        fine_x = (x[outline, None] - 0.5 + inner_x / _GRID).ravel().astype(np.float32)
        fine_y = (y[outline, None] - 0.5 + inner_y / _GRID).ravel().astype(np.float32)
        fine_colors, fine_depths = self._trace(camera, fine_x, fine_y)
        colors[outline] = fine_colors.reshape(-1, _GRID**2, 3).mean(axis=1)
        covered[outline] = np.isfinite(fine_depths).reshape(-1, _GRID**2).mean(axis=1)
        picture = backdrop.copy()
        picture[top:bottom, left:right] *= 1 - covered.reshape(*shape, 1)
        picture[top:bottom, left:right] += colors.reshape(*shape, 3)
        return Image.fromarray(srgb_bytes(picture))

    def _trace(self, camera: Camera, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Linear colours (k, 3), zero where nothing is met, and distances (k,), infinite there."""
        spans = [slice(start, start + _RAYS) for start in range(0, len(x), _RAYS)]
        parts = self.pool.map(lambda span: self._span(camera, x[span], y[span]), spans)
        colors, depths = np.zeros((len(x), 3), np.float32), np.full(len(x), np.inf, np.float32)
        for span, (part, distances) in zip(spans, parts, strict=True):
            colors[span], depths[span] = part, distances
        return colors, depths

    def _span(self, camera: Camera, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        directions = camera.directions(x, y)
        origins = np.broadcast_to(camera.eye.astype(np.float32), directions.shape)
        met = self.scene.run(np.ascontiguousarray(origins), directions, output=1)
        hit = met["primID"] >= 0
        colors, depths = np.zeros((len(x), 3), np.float32), np.full(len(x), np.inf, np.float32)
        colors[hit] = self.surface.shade(
            met["primID"][hit],
            met["u"][hit],
            met["v"][hit],
            directions[hit],
            camera.axes.astype(np.float32),
        )
        depths[hit] = met["tfar"][hit]
        return colors, depths


def _pixel_centres(rows: slice, columns: slice) -> tuple[Floats, Floats]:
    """Picture points x and y, each (rows * columns,), row by row."""
    y, x = np.mgrid[rows, columns].astype(np.float32).reshape(2, -1)
    return x + np.float32(0.5), y + np.float32(0.5)


def _outlines(depths: Floats) -> npt.NDArray[np.bool_]:
    """Pixels (rows, columns) whose neighbour lies on another piece of surface, or on none."""
    near = np.where(np.isfinite(depths), depths, np.float32(1e6))
    down = np.abs(np.diff(near, axis=0)) > _DEPTH_STEP
    along = np.abs(np.diff(near, axis=1)) > _DEPTH_STEP
    outline = np.zeros(depths.shape, bool)
    outline[:-1] |= down
    outline[1:] |= down
    outline[:, :-1] |= along
    outline[:, 1:] |= along
    return outline


def _backdrop(height: int, width: int) -> Floats:
    """Linear colours (height, width, 3): light, and a little darker towards the corners."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)
    far = np.minimum((1.1 * (x - 0.5)) ** 2 + (y - 0.45) ** 2, 0.5) * 2
    middle, corner = LINEAR[list(_BACKDROP_MIDDLE)], LINEAR[list(_BACKDROP_CORNER)]
    backdrop: Floats = middle + (corner - middle) * far[..., None]
    return backdrop
