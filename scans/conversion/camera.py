"""A long-lens camera around the model, framed on all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

# The field of view, upright, of a 135 mm lens at a portrait's 4:5: faces keep their proportions.
_FIELD_OF_VIEW = np.radians(14.0)
_MARGIN = 0.07  # of the picture's height or width, on each side
_SHOULDERS = 0.4  # the lower part of the model that may be wider than the picture

VIEWS = {"front": 0.0, "left": 45.0, "right": -45.0}
"""Degrees to turn the camera towards the subject's own left (+X), by the name of the view."""


@dataclass(frozen=True, slots=True)
class Camera:
    """``axes`` (3, 3) are its right, up and backward directions as rows, ``eye`` (3,) its place."""

    axes: npt.NDArray[np.float64]
    eye: npt.NDArray[np.float64]
    width: int
    height: int

    @property
    def pixel_angle(self) -> float:
        """The tangent between the directions of two neighbouring pixels at the centre."""
        return float(2 * np.tan(_FIELD_OF_VIEW / 2) / self.height)

    def directions(self, x: Floats, y: Floats) -> Floats:
        """Unit directions (k, 3) through picture points, in pixels from the top left corner."""
        local = np.empty((len(x), 3), np.float32)
        local[:, 0] = (x - self.width / 2) * self.pixel_angle
        local[:, 1] = (self.height / 2 - y) * self.pixel_angle
        local[:, 2] = -1
        local /= np.sqrt(np.einsum("kc,kc->k", local, local))[:, None]
        return np.ascontiguousarray(local @ self.axes.astype(np.float32))

    def bounds(self, positions: Floats) -> tuple[int, int, int, int]:
        """The picture's rows and columns (top, bottom, left, right) that hold all the points."""
        local = (positions - self.eye) @ self.axes.T
        across = local[:, :2] / -local[:, 2:] / self.pixel_angle
        x, y = self.width / 2 + across[:, 0], self.height / 2 - across[:, 1]
        top, left = max(0, int(y.min())), max(0, int(x.min()))
        bottom, right = min(self.height, int(y.max()) + 1), min(self.width, int(x.max()) + 1)
        return top, bottom, left, right


def framed(positions: Floats, *, width: int, height: int) -> dict[str, Camera]:
    """One camera for each view, all at the same distance from the middle of what they see.

    The whole height is in the picture, and the whole width of the upper part; broad shoulders
    may be cut at the sides, as in a portrait.
    """
    steepness = np.tan(_FIELD_OF_VIEW / 2) * (1 - 2 * _MARGIN)
    low, high = positions[:, 1].min(), positions[:, 1].max()
    upper = positions[:, 1] > low + _SHOULDERS * (high - low)
    placed = {}
    for name, degrees in VIEWS.items():
        axes = _axes(degrees)
        local = positions @ axes.T
        middle = (local[upper].min(axis=0) + local[upper].max(axis=0)) / 2
        middle[1] = (low + high) / 2
        x, y, z = (local - middle).T
        # A point is inside the frame when |x| <= slope * (distance - z).
        tall = (np.abs(y) / steepness + z).max()
        wide = (np.abs(x[upper]) / (steepness * width / height) + z[upper]).max()
        placed[name] = (axes, middle, float(max(tall, wide)))
    distance = max(needed for _, _, needed in placed.values())
    return {
        name: Camera(axes, (middle + np.array([0, 0, distance])) @ axes, width, height)
        for name, (axes, middle, _) in placed.items()
    }


def _axes(degrees: float) -> npt.NDArray[np.float64]:
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    return np.array([[cosine, 0, -sine], [0, 1, 0], [sine, 0, cosine]])
