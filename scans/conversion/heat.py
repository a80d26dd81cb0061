"""A measured overlay mixed over the lit skin, as the 3D view's shader does it."""

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

_SHARE = 0.82  # of the skin's own picture that an overlay covers
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)

# Cividis (Nuñez, Anderton, Renslow 2018, doi:10.1371/journal.pone.0199239): lightness rises
# evenly, with and without colour vision deficiency. The stops are the 3D view's.
_STOPS = (
    (0x00, 0x20, 0x4D),
    (0x00, 0x33, 0x6F),
    (0x39, 0x48, 0x6B),
    (0x57, 0x5C, 0x6D),
    (0x70, 0x71, 0x73),
    (0x8A, 0x87, 0x79),
    (0xA6, 0x9D, 0x75),
    (0xC4, 0xB5, 0x6C),
    (0xE4, 0xCF, 0x5B),
    (0xFF, 0xEA, 0x46),
)
_TABLE = np.stack(
    [
        LINEAR[
            np.rint(
                np.interp(np.linspace(0, 1, 256), np.linspace(0, 1, len(_STOPS)), channel)
            ).astype(np.uint8)
        ]
        for channel in np.array(_STOPS).T
    ],
    axis=1,
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
        """Linear colours (k, 3) of points that have texture coordinates."""
        assert points.uv is not None
        lit = points.colors()
        grey = (lit @ _LUMINANCE)[:, None]
        found = self.texture.at(points.uv)
        level = found if self.is_grey else (found @ _LUMINANCE)[:, None]
        tint = _TABLE[(found[:, 0] * 255 + 0.5).astype(np.uint8)] if self.is_grey else found
        # Where little or nothing was measured the face stays easier to recognise.
        rise = np.clip(level / np.float32(0.4), 0, 1)
        share = _SHARE * (0.6 + 0.4 * rise * rise * (3 - 2 * rise))
        mixed: Floats = (0.06 + grey) * (1 - share) + tint * (0.78 + 0.5 * grey) * share
        return mixed
