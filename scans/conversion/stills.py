"""Still pictures of the model, ray traced without a graphics card.

Every pixel gets one ray; the few on an outline, where a single ray would leave steps, get nine.
Inside outlines the texture, reduced to about one texel a pixel, does the smoothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from embreex import rtcore_scene
from embreex.mesh_construction import TriangleMesh
from PIL import Image

from .camera import Camera, close_up, framed
from .color import LINEAR, srgb_bytes
from .heat import Heat
from .surface import Lit, Points, Surface

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    import numpy.typing as npt

    from .mesh import Mesh
    from .zones import ZoneMap

    Floats = npt.NDArray[np.float32]
    Colouring = Callable[[Points], Floats]

_GRID = 3  # rays along each side of a pixel on an outline
_RAYS = 1 << 15  # traced in one go, to stay within the processor's cache
_MEASURED = 20_000  # triangles: enough to tell how large texels are
_DEPTH_STEP = 0.01  # metres between neighbouring pixels that make an outline inside the model
_BACKDROP_MIDDLE = (246, 244, 241)
_BACKDROP_CORNER = (221, 218, 214)
_FRONT = "front"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Picture:
    """One still: ``view`` is a name in `camera.VIEWS`, or ``zone-`` and a zone; ``metric`` is what
    lies over it."""

    view: str
    metric: str | None
    image: Image.Image


@dataclass(frozen=True, slots=True)
class Motif:
    """What is photographed: a mesh in model coordinates, an RGB texture or None, greyscale or RGB
    overlays by metric, and where its zones are."""

    mesh: Mesh
    texture: Image.Image | None
    overlays: Mapping[str, Image.Image]
    zones: ZoneMap | None


def render(
    motif: Motif,
    *,
    width: int,
    height: int,
    zone_size: int,
    develop: Callable[[Picture], T],
    pool: ThreadPoolExecutor,
) -> list[T]:
    """Photograph every view, the front once more with each overlay, and a close-up of each zone.

    ``develop`` is called on each `Picture`, in the threads of ``pool``, so that no more pictures
    are held than are worked on; its results come back in a fixed order.
    """
    studio = _Studio.of(motif, framed(motif.mesh.positions, width=width, height=height))
    close = studio.with_texture(motif.texture)

    def wide(view: str, camera: Camera) -> list[T]:
        overlays = motif.overlays if view == _FRONT and motif.mesh.uv is not None else {}
        return [develop(picture) for picture in studio.pictures(view, camera, overlays)]

    def near(zone: str, camera: Camera) -> list[T]:
        return [develop(picture) for picture in close.pictures(f"zone-{zone}", camera, {})]

    # The front with its overlays takes longest, so it goes first.
    jobs = [pool.submit(wide, *shot) for shot in studio.cameras.items()]
    jobs += [pool.submit(near, *shot) for shot in _close_ups(motif, zone_size).items()]
    return [result for job in jobs for result in job.result()]


def _close_ups(motif: Motif, size: int) -> dict[str, Camera]:
    if motif.zones is None or motif.mesh.uv is None:
        return {}
    return {
        zone: close_up(
            motif.mesh.positions[held], motif.mesh.normals[held], width=size, height=size
        )
        for zone, held in motif.zones.vertices(motif.mesh.uv).items()
    }


@dataclass(frozen=True, slots=True)
class _Studio:
    scene: Any
    surface: Surface
    cameras: Mapping[str, Camera]

    @classmethod
    def of(cls, motif: Motif, cameras: Mapping[str, Camera]) -> _Studio:
        texture = motif.texture
        if texture is not None and motif.mesh.uv is not None:
            texture = _at_pixel_scale(texture, motif.mesh, cameras[_FRONT])
        return cls(_embree_scene(motif.mesh), Surface.of(motif.mesh, texture), cameras)

    def with_texture(self, texture: Image.Image | None) -> _Studio:
        """The same with the texture as it is, for pictures from nearby."""
        return replace(self, surface=self.surface.with_texture(texture))

    def pictures(
        self, view: str, camera: Camera, overlays: Mapping[str, Image.Image]
    ) -> Iterator[Picture]:
        """The view as it is, and with each overlay."""
        exposure = _Exposure.of(self, camera)
        yield Picture(view, None, exposure.picture(Points.colors))
        for metric, overlay in overlays.items():
            yield Picture(view, metric, exposure.picture(Heat.of(overlay).over))

    def trace(self, camera: Camera, lit: Lit, x: Floats, y: Floats) -> _Rays:
        """Rays through the picture points ``x`` and ``y`` (k,)."""
        origins = np.tile(camera.eye.astype(np.float32), (min(len(x), _RAYS), 1))
        spans = [slice(start, start + _RAYS) for start in range(0, len(x), _RAYS)]
        parts = [self._span(origins, camera.directions(x[at], y[at]), lit) for at in spans]
        if not parts:
            return _Rays(np.zeros(0, np.float32), np.zeros(0, np.intp), [])
        depths = np.concatenate([part.depths for part in parts])
        points = [points for part in parts for points in part.points]
        return _Rays(depths, np.flatnonzero(np.isfinite(depths)), points)

    def _span(self, origins: Floats, directions: Floats, lit: Lit) -> _Rays:
        met = self.scene.run(origins[: len(directions)], directions, output=1)
        hit = np.flatnonzero(met["primID"] >= 0)
        depths = np.full(len(directions), np.inf, np.float32)
        depths[hit] = met["tfar"].take(hit)
        triangles, u, v = (met[name].take(hit) for name in ("primID", "u", "v"))
        return _Rays(depths, hit, [lit.look(triangles, u, v)])


@dataclass(frozen=True, slots=True)
class _Rays:
    """What ``k`` rays meet: distances (k,), infinite for nothing, the numbers of those rays that
    meet something, and the points met, in order."""

    depths: Floats
    met: npt.NDArray[np.intp]
    points: list[Points]

    def colors(self, colouring: Colouring) -> Floats:
        """Linear colours (3, k), zero where nothing is met."""
        colors = np.zeros((3, len(self.depths)), np.float32)
        if self.points:
            colors[:, self.met] = np.concatenate([colouring(each) for each in self.points], axis=1)
        return colors


@dataclass(frozen=True, slots=True)
class _Exposure:
    """What a camera has met, still to be coloured.

    ``box`` is the part of the picture that holds the model (top, bottom, left, right), ``outline``
    its pixels, counted row by row, that ``fine`` looks at more closely.
    """

    camera: Camera
    box: tuple[int, int, int, int]
    coarse: _Rays
    outline: npt.NDArray[np.int64]
    fine: _Rays

    @classmethod
    def of(cls, studio: _Studio, camera: Camera) -> _Exposure:
        box = top, bottom, left, right = camera.bounds(studio.surface.mesh.positions)
        lit = studio.surface.lit_for(camera)
        x, y = _pixel_centres(slice(top, bottom), slice(left, right))
        coarse = studio.trace(camera, lit, x, y)
        outline = np.flatnonzero(_outlines(coarse.depths.reshape(bottom - top, right - left)))
        inner_x, inner_y = _pixel_centres(slice(0, _GRID), slice(0, _GRID))
        fine = studio.trace(
            camera,
            lit,
            (x[outline, None] - 0.5 + inner_x / _GRID).ravel().astype(np.float32),
            (y[outline, None] - 0.5 + inner_y / _GRID).ravel().astype(np.float32),
        )
        return cls(camera, box, coarse, outline, fine)

    def picture(self, colouring: Colouring) -> Image.Image:
        """An RGB picture before the backdrop."""
        backdrop, empty = _backdrop(self.camera.height, self.camera.width)
        colors = self.coarse.colors(colouring)
        seen = np.zeros(colors.shape[1], bool)
        seen[self.coarse.met] = True
        rim = self.fine.colors(colouring).reshape(3, -1, _GRID**2).mean(axis=2)
        share = np.isfinite(self.fine.depths).reshape(-1, _GRID**2).mean(axis=1, dtype=np.float32)
        behind = backdrop[:, self._places(self.outline)]
        colors[:, self.outline] = rim + behind * (1 - share)
        seen[self.outline] = True
        shown = np.flatnonzero(seen)
        picture = empty.copy()
        picture.reshape(-1, 3)[self._places(shown)] = srgb_bytes(colors.take(shown, axis=1)).T
        return Image.fromarray(picture)

    def _places(self, pixels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Pixels of the box as pixels of the picture, both counted row by row."""
        top, _, left, right = self.box
        rows, columns = np.divmod(pixels, right - left)
        places: npt.NDArray[np.int64] = (rows + top) * self.camera.width + columns + left
        return places


def _embree_scene(mesh: Mesh) -> Any:
    scene = rtcore_scene.EmbreeScene()
    TriangleMesh(scene, np.ascontiguousarray(mesh.positions), mesh.faces.astype(np.int32))
    return scene


def _at_pixel_scale(texture: Image.Image, mesh: Mesh, camera: Camera) -> Image.Image:
    """The texture with about as many texels on the model as the picture has pixels there."""
    assert mesh.uv is not None
    faces = mesh.faces[:: 1 + len(mesh.faces) // _MEASURED]
    corners, uv = mesh.positions[faces], mesh.uv[faces]
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


@cache
def _backdrop(height: int, width: int) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """Linear colours (3, height * width), light and a little darker towards the corners, and the
    same in sRGB, (height, width, 3). Not to be written to."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)
    far = np.minimum((1.1 * (x - 0.5)) ** 2 + (y - 0.45) ** 2, 0.5) * 2
    middle, corner = LINEAR[list(_BACKDROP_MIDDLE)], LINEAR[list(_BACKDROP_CORNER)]
    backdrop: Floats = middle[:, None] + (corner - middle)[:, None] * far.ravel()
    return backdrop, np.ascontiguousarray(srgb_bytes(backdrop).T).reshape(height, width, 3)
