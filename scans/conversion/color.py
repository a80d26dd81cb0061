"""sRGB, in which images are stored, and linear light, in which it is added up (IEC 61966-2-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_LEVELS = np.arange(256) / 255
LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
"""The linear light, 0 to 1, of each of the 256 sRGB levels."""

PLASTER = (0.50, 0.475, 0.455)
"""What a mesh without any colour is made of: linear, a warm light grey."""

_LIGHT = np.arange(65536) / 65535
_SRGB = np.rint(
    255 * np.where(_LIGHT <= 0.0031308, _LIGHT * 12.92, 1.055 * _LIGHT ** (1 / 2.4) - 0.055)
).astype(np.uint8)


def linear_shorts(srgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    """sRGB bytes, as scanners write vertex colours, to linear light in 16 bits."""
    return np.rint(LINEAR * 65535).astype(np.uint16)[srgb]


def srgb_bytes(linear: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Linear light, clipped to 0 to 1, to sRGB bytes."""
    levels = (np.clip(linear, 0, 1) * np.float32(65535)).astype(np.uint16)
    encoded: npt.NDArray[np.uint8] = _SRGB[levels]
    return encoded
