"""A synthetic face: bust, textures, overlays and values that agree, all from one seed.

Nobody's likeness: the shape is built from rounded anthropometric averages and seeded departures.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from dermalia.sandbox.face.atlas import Atlas, FrontMap, make_atlas
from dermalia.sandbox.face.metrics import (
    METRICS,
    SCALE_MAX,
    SCALE_MIN,
    Fields,
    make_fields,
    zone_value,
)
from dermalia.sandbox.face.obj import corners, grid_normals, grid_size, write_mtl, write_obj
from dermalia.sandbox.face.paint import paint
from dermalia.sandbox.face.raster import Bytes, Noise
from dermalia.sandbox.face.shape import sculpt
from dermalia.sandbox.face.traits import draw_traits
from dermalia.sandbox.face.zones import OVERALL, ZONES, stretch, zone_masks

__all__ = ["METRICS", "OVERALL", "ZONES", "Capture", "CaptureFile", "Measurement", "make_capture"]

_MATERIAL, _MTL = "skin", "scan.mtl"
_LEAST_TRIANGLES, _LEAST_TEXELS = 2_000, 64
_JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """One file of a capture; `light` is set for textures only, `metric` for overlays only.

    Overlays are eight-bit grey in the layout of the textures: 0 is nothing, 255 the strongest.
    So are the zones: 0 is none, and the levels from one on are those of `ZONES`.
    """

    name: str
    kind: Literal["mesh", "material", "texture", "overlay", "zones"]
    light: str | None
    metric: str | None
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Measurement:
    """Mean intensity of a metric in a zone, one decimal; left and right are the subject's own."""

    metric: str
    zone: str
    value: float
    scale_min: float
    scale_max: float


@dataclass(frozen=True, slots=True)
class Capture:
    """Everything made from one seed. The mesh is in millimetres, y up, looking to +z."""

    seed: int
    files: tuple[CaptureFile, ...]
    measurements: tuple[Measurement, ...]
    triangles: int


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_JPEG_QUALITY, subsampling="4:2:2")
    return out.getvalue()


def _png(pixels: Bytes) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=4)
    return out.getvalue()


def _measurements(fields: Fields, atlas: Atlas, size: int) -> tuple[Measurement, ...]:
    masks = {zone: stretch(mask, size) for zone, mask in zone_masks(atlas).items()}
    return tuple(
        Measurement(metric, zone, zone_value(overlay, masks[zone]), SCALE_MIN, SCALE_MAX)
        for metric, overlay in fields.overlays.items()
        for zone in (*ZONES, OVERALL)
    )


def _zone_levels(atlas: Atlas, size: int) -> Bytes:
    """The place of each texel's zone in `ZONES`, counted from one; 0 outside of all."""
    masks = zone_masks(atlas)
    levels = np.zeros((size, size), np.uint8)
    for level, zone in enumerate(ZONES, start=1):
        levels[stretch(masks[zone], size)] = level
    return levels


def make_capture(
    *,
    seed: int,
    sitting: int = 0,
    triangles: int = 200_000,
    texture_size: int = 4096,
    overlay_size: int = 2048,
) -> Capture:
    """Makes the capture of `seed`; on one machine the same arguments give the same bytes.

    Each `sitting`, from 0, is the same person on another day, with other values.

    `triangles` is met within a few per cent. Sizes are texels a side. Raises ValueError for fewer
    than 2,000 triangles or textures under 64 texels, where zones would be empty.
    """
    if triangles < _LEAST_TRIANGLES or min(texture_size, overlay_size) < _LEAST_TEXELS:
        raise ValueError(
            f"at least {_LEAST_TRIANGLES} triangles and {_LEAST_TEXELS} texels are needed, "
            f"not {triangles}, {texture_size} and {overlay_size}"
        )
    traits = draw_traits(seed, sitting)
    rows, columns = grid_size(triangles)
    points = sculpt(traits.shape, rows=rows, columns=columns)
    normals = grid_normals(points)
    atlas = make_atlas(points, normals, min(1024, max(128, texture_size // 4)))
    front, noise = FrontMap(atlas), Noise(atlas, seed)
    with ThreadPoolExecutor(4) as pool:
        # Slow encoders run beside the painting; each started as soon as its input is there.
        mesh = pool.submit(write_obj, points, normals, material_file=_MTL, material=_MATERIAL)
        fields = make_fields(atlas, front, noise, traits, overlay_size)
        overlays = {metric: pool.submit(_png, field) for metric, field in fields.overlays.items()}
        lit = paint(atlas, front, noise, fields, traits, texture_size)
        zones = pool.submit(_png, _zone_levels(atlas, min(1024, overlay_size)))
        textures = {light: pool.submit(_jpeg, image) for light, image in lit.items()}
        measurements = _measurements(fields, atlas, overlay_size)
    files = (
        CaptureFile("scan.obj", "mesh", None, None, "model/obj", mesh.result()),
        CaptureFile(
            _MTL, "material", None, None, "model/mtl", write_mtl(_MATERIAL, "texture_white.jpg")
        ),
        *(
            CaptureFile(f"texture_{light}.jpg", "texture", light, None, "image/jpeg", job.result())
            for light, job in textures.items()
        ),
        *(
            CaptureFile(f"overlay_{metric}.png", "overlay", None, metric, "image/png", job.result())
            for metric, job in overlays.items()
        ),
        CaptureFile("zones.png", "zones", None, None, "image/png", zones.result()),
    )
    return Capture(seed, files, measurements, len(corners(rows, columns)))
