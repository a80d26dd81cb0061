"""A measured overlay on a face of plaster, as the 3D view's shader draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .color import LINEAR
from .surface import Points, Texture

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

    Floats = npt.NDArray[np.float32]

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
_LEAST_STRUCTURE = 0.72  # how dark the darkest skin leaves the plaster
_SHADE = 0.45  # how much of the light's modelling stays

# One hue, lightness falling evenly: reads the same with and without colour vision deficiency, in
# grey print and on every skin. The stops are the 3D view's (frontend/js/viewer/scale.js).
STOPS = (
    (0xF0, 0xEA, 0xE0),
    (0xBF, 0xD2, 0xCC),
    (0x8D, 0xB9, 0xB6),
    (0x57, 0x9E, 0xA1),
    (0x24, 0x7F, 0x87),
    (0x0D, 0x5E, 0x69),
    (0x05, 0x3C, 0x48),
)
_TABLE = np.stack(
    [
        LINEAR[
            np.rint(
                np.interp(np.linspace(0, 1, 256), np.linspace(0, 1, len(STOPS)), channel)
            ).astype(np.uint8)
        ]
        for channel in np.array(STOPS).T
    ],
    axis=0,
)


@dataclass(frozen=True, slots=True)
class Heat:
    """An overlay in the model's texture layout: levels to be tinted, or colours as they are."""

    texture: Texture
    is_grey: bool

    @classmethod
    def of(cls, image: Image.Image) -> Heat:
        """From a greyscale ("L") or an RGB image."""
        is_grey = image.mode == "L"
        return cls(Texture.of_levels(image) if is_grey else Texture.of(image), is_grey)

    def over(self, points: Points) -> Floats:
        """Linear colours (3, k) of points that have texture coordinates."""
        assert points.uv is not None
        found = self.texture.at(points.uv)
        structure = _LEAST_STRUCTURE + (1 - _LEAST_STRUCTURE) * _smooth(points.albedo, 0.45)
        structure *= 1 + _SHADE * (points.light - 1)
        tinted: Floats = self._tint(found) * structure
        return tinted

    def _tint(self, found: Floats) -> Floats:
        if self.is_grey:
            levels: Floats = _TABLE.take((found[0] * 255 + 0.5).astype(np.intp), axis=1)
            return levels
        share = _smooth(found, 0.4)
        mixed: Floats = _TABLE[:, :1] * (1 - share) + found * share
        return mixed


def _smooth(colors: Floats, full: float) -> Floats:
    """From 0 for black to 1 at a luminance of ``full``, (k,), smoothly at both ends."""
    rise = np.clip((_LUMINANCE @ colors) / np.float32(full), 0, 1)
    smooth: Floats = rise * rise * (3 - 2 * rise)
    return smooth
