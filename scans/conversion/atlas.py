"""Several images and plain colours as one image, which one material of the model can wear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from .color import srgb_bytes
from .errors import ConversionError, ErrorCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .mesh import Floats

UNITS = 64
"""An atlas is this many units wide and high, whatever its size in pixels."""

_GUTTER = 0.5  # units around each cell: at 2048 pixels no neighbour shows down to mip level 4
_COLOR_CELL = 2
_MOST_CELLS = 128
_SHRINK = 0.97

Box = tuple[float, float, float, float]
Color = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Request:
    """A cell asked for: ``pixels`` (width, height) of the image and the part of it that is used,
    ``box`` (left, top, right, bottom) from 0 to 1; or only a linear ``color``."""

    pixels: tuple[int, int] | None
    box: Box
    color: Color


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a request lies: ``left``, ``top``, ``width``, ``height`` in units, gutters included."""

    request: Request
    left: int
    top: int
    width: int
    height: int

    def moved(self, uv: Floats) -> Floats:
        """Texture coordinates (n, 2) of the cell's image as coordinates of the atlas."""
        if self.request.pixels is None:
            middle = [self.left + self.width / 2, self.top + self.height / 2]
            return np.broadcast_to(np.array(middle, np.float32) / np.float32(UNITS), uv.shape)
        left, top, right, bottom = self.request.box
        inner = np.array([self.width, self.height]) - 2 * _GUTTER
        place = (np.clip(uv, (left, top), (right, bottom)) - (left, top)) * inner
        place /= (max(right - left, 1e-9), max(bottom - top, 1e-9))
        return ((place + _GUTTER + (self.left, self.top)) / UNITS).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Atlas:
    """The cells, in the order of their requests."""

    cells: tuple[Cell, ...]

    def compose(
        self,
        images: Mapping[int, Image.Image],
        *,
        size: int,
        resample: Image.Resampling = Image.Resampling.LANCZOS,
        with_colors: bool = True,
    ) -> Image.Image:
        """A square image of ``size`` pixels with ``images`` in the cells of their numbers.

        Other cells have their colour, or are black like the rest if ``with_colors`` is False.
        """
        mode = next(iter(images.values())).mode
        atlas = Image.new(mode, (size, size))
        for number, cell in enumerate(self.cells):
            box = _pixels(cell, size)
            if number in images:
                atlas.paste(_with_gutter(images[number], cell, size, resample), box[:2])
            elif with_colors:
                red, green, blue = srgb_bytes(np.array(cell.request.color, np.float32)).tolist()
                atlas.paste((red, green, blue), box)
        return atlas


def plan(requests: Sequence[Request]) -> Atlas:
    """Lay out cells on shelves, images as large as fit and all at the same scale.

    Raises ConversionError(TOO_LARGE) for more cells than one image can hold.
    """
    if len(requests) > _MOST_CELLS:
        raise ConversionError(ErrorCode.TOO_LARGE, where="materials")
    sizes = [_used_pixels(request) for request in requests]
    scale = UNITS / max(max(size) for size in sizes)
    while True:
        cells = _on_shelves(requests, [_units(size, scale) for size in sizes])
        if cells is not None:
            return Atlas(cells)
        scale *= _SHRINK


def _used_pixels(request: Request) -> tuple[float, float]:
    if request.pixels is None:
        return 0.0, 0.0
    left, top, right, bottom = request.box
    return request.pixels[0] * (right - left), request.pixels[1] * (bottom - top)


def _units(size: tuple[float, float], scale: float) -> tuple[int, int]:
    """Whole units of a cell: at least one inside of the gutters."""
    width, height = (max(_COLOR_CELL, int(np.floor(edge * scale))) for edge in size)
    return width, height


def _on_shelves(
    requests: Sequence[Request], sizes: Sequence[tuple[int, int]]
) -> tuple[Cell, ...] | None:
    cells: dict[int, Cell] = {}
    left = top = shelf = 0
    for number in sorted(range(len(sizes)), key=lambda number: sizes[number][::-1], reverse=True):
        width, height = sizes[number]
        if left + width > UNITS:
            left, top, shelf = 0, top + shelf, 0
        if width > UNITS or top + height > UNITS:
            return None
        cells[number] = Cell(requests[number], left, top, width, height)
        left, shelf = left + width, max(shelf, height)
    return tuple(cells[number] for number in range(len(sizes)))


def _pixels(cell: Cell, size: int) -> tuple[int, int, int, int]:
    left, top = cell.left * size // UNITS, cell.top * size // UNITS
    right = (cell.left + cell.width) * size // UNITS
    return left, top, right, (cell.top + cell.height) * size // UNITS


def _with_gutter(
    image: Image.Image, cell: Cell, size: int, resample: Image.Resampling
) -> Image.Image:
    """The used part of the image in the middle of its cell, its edges drawn out over the gutter."""
    left, top, right, bottom = _pixels(cell, size)
    gutter = int(_GUTTER * size) // UNITS
    width, height = right - left - 2 * gutter, bottom - top - 2 * gutter
    box = cell.request.box
    used = (
        box[0] * image.width,
        box[1] * image.height,
        max(box[2] * image.width, box[0] * image.width + 1e-3),
        max(box[3] * image.height, box[1] * image.height + 1e-3),
    )
    inner = np.asarray(image.resize((width, height), resample, box=used, reducing_gap=3.0))
    around = [(gutter, gutter), (gutter, gutter), (0, 0)][: inner.ndim]
    return Image.fromarray(np.pad(inner, around, mode="edge"))
