"""Where the face's zones lie: one greyscale image in the model's texture layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

ZONES = ("forehead", "left_eye", "right_eye", "nose", "left_cheek", "right_cheek", "chin")
"""The zones in the order of their levels: 1 is the first, 0 is none."""

_LEAST = 24  # vertices: what a zone needs to be worth a close-up


@dataclass(frozen=True, slots=True)
class ZoneMap:
    """``levels`` (rows, columns): the zone each texel belongs to."""

    levels: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, image: Image.Image) -> ZoneMap:
        """From a greyscale image whose levels are zones."""
        return cls(np.asarray(image.convert("L")))

    def vertices(self, uv: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.intp]]:
        """The vertices in each zone, for texture coordinates (n, 2); small zones are left out."""
        rows, columns = self.levels.shape
        row = np.clip((uv[:, 1] * rows).astype(np.intp), 0, rows - 1)
        column = np.clip((uv[:, 0] * columns).astype(np.intp), 0, columns - 1)
        level = self.levels[row, column]
        held = {name: np.flatnonzero(level == number) for number, name in enumerate(ZONES, start=1)}
        return {name: places for name, places in held.items() if len(places) >= _LEAST}
