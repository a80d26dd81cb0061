"""A long-lens camera: around the model and framed on all of it, or close to a part."""

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

_CLOSE_MARGIN = 0.12
_STEEPEST = 0.35  # how far a close-up looks from above or below: the sine of the angle

VIEWS = {
    "front": 0.0,
    "left": 45.0,
    "right": -45.0,
    "left_side": 90.0,
    "right_side": -90.0,
}
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
        """Directions (k, 3) through picture points, in pixels from the top left corner, as long as
        it is to the plane one metre in front of the camera."""
        right, up, backward = self.axes.astype(np.float32)
        across = (x - np.float32(self.width / 2)) * np.float32(self.pixel_angle)
        above = (np.float32(self.height / 2) - y) * np.float32(self.pixel_angle)
        directions = np.empty((len(x), 3), np.float32)
        for axis in range(3):
            directions[:, axis] = across * right[axis] + (above * up[axis] - backward[axis])
        return directions

    def bounds(self, positions: Floats) -> tuple[int, int, int, int]:
        """The picture's rows and columns (top, bottom, left, right) that hold all the points."""
        local = (positions - self.eye.astype(np.float32)) @ self.axes.astype(np.float32).T
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
    steepness = float(np.tan(_FIELD_OF_VIEW / 2) * (1 - 2 * _MARGIN))
    low, high = positions[:, 1].min(), positions[:, 1].max()
    upper = positions[:, 1] > low + _SHOULDERS * (high - low)
    placed = {}
    for name, degrees in VIEWS.items():
        axes = _axes(degrees)
        local = positions @ axes.astype(np.float32).T
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


def close_up(positions: Floats, normals: Floats, *, width: int, height: int) -> Camera:
    """A camera that looks straight at part of the surface and has all its points in the picture.

    ``positions`` and ``normals`` (k, 3) are the part's; the camera stays upright.
    """
    axes = _axes_towards(normals.sum(axis=0, dtype=np.float64))
    local = positions @ axes.T
    middle = (local.min(axis=0) + local.max(axis=0)) / 2
    x, y, z = (local - middle).T
    steepness = np.tan(_FIELD_OF_VIEW / 2) * (1 - 2 * _CLOSE_MARGIN)
    tall = (np.abs(y) / steepness + z).max()
    wide = (np.abs(x) / (steepness * width / height) + z).max()
    eye = (middle + np.array([0, 0, float(max(tall, wide))])) @ axes
    return Camera(axes, eye, width, height)


def _axes_towards(direction: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    backward = direction / max(float(np.linalg.norm(direction)), 1e-12)
    backward[1] = np.clip(backward[1], -_STEEPEST, _STEEPEST)
    level = float(np.hypot(backward[0], backward[2]))
    if level < 1e-6:
        return _axes(0.0)
    backward[[0, 2]] *= np.sqrt(1 - backward[1] ** 2) / level
    right = np.array([backward[2], 0, -backward[0]]) / np.hypot(backward[0], backward[2])
    return np.stack([right, np.cross(backward, right), backward])


def _axes(degrees: float) -> npt.NDArray[np.float64]:
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    return np.array([[cosine, 0, -sine], [0, 1, 0], [sine, 0, cosine]])
