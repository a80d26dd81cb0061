"""Where a scan is to stand on the web: its unit and its axes found out, its front towards +Z."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .axes import UP, Stance, stance_of
from .mesh import Pose
from .notes import Note
from .raw import RawMesh

if TYPE_CHECKING:
    import numpy.typing as npt

Unit = Literal["m", "cm", "mm", "unknown"]

_TYPICAL_SIZE = 0.3  # metres: a head with its neck
_UNITS: dict[Unit, float] = {"m": 1.0, "cm": 0.01, "mm": 0.001}
_PLAUSIBLE_SIZE = (0.08, 1.2)  # metres: from a cut-out face to a bust with shoulders
_ALONG = np.eye(3)


@dataclass(frozen=True, slots=True)
class Placement:
    """The pose, and what was found out: ``unit`` of the file's numbers, ``up`` as an axis of the
    file ("y", "-z"), and notes on what was not as it should be."""

    pose: Pose
    unit: Unit
    up: str
    notes: tuple[Note, ...]


def find(mesh: RawMesh) -> Placement:
    """Where the mesh is to stand: middle at the origin, in metres, +Y up, its front towards +Z.

    What a file says of its unit is believed if a head comes of it; else, of metres, centimetres and
    millimetres, the one is taken that makes a head, and anything else is scaled to a head's size.
    +Y is taken for up, as OBJ and glTF files have it, unless the shape or a comment in the file
    speaks for another axis. A scan that is open at the back faces where its surface faces on the
    whole.
    """
    low, high = mesh.positions.min(axis=0).astype(np.float64), mesh.positions.max(axis=0)
    scale, unit, notes = _unit_of(float((high - low).max()), mesh.hints.unit)
    stance = stance_of(mesh.positions, mesh.faces, scale=scale)
    if not stance.sure and mesh.hints.up not in (None, "y"):
        stance = _as_said(mesh.hints.up or "y", stance)
    up = _name(stance.up)
    if up != "y":
        notes = (*notes, Note.UP_AXIS_TURNED)
    return Placement(Pose(_rotation(stance), (low + high) / 2, scale), unit, up, notes)


def _unit_of(size: float, said: float | None) -> tuple[float, Unit, tuple[Note, ...]]:
    """Metres per unit, the unit's name, and notes, for a mesh of so many units."""
    low, high = _PLAUSIBLE_SIZE
    if said is not None and low <= size * said <= high:
        return said, _unit_name(said), ()
    unit = min(_UNITS.values(), key=lambda unit: abs(np.log(size * unit / _TYPICAL_SIZE)))
    if not low <= size * unit <= high:
        return _TYPICAL_SIZE / size, "unknown", (Note.SCALED_TO_HEAD,)
    note = Note.UNIT_GUESSED if said is None else Note.UNIT_CORRECTED
    return unit, _unit_name(unit), (note,)


def _unit_name(unit: float) -> Unit:
    return next(name for name, metres in _UNITS.items() if metres == unit)


def _as_said(up: str, stance: Stance) -> Stance:
    """Up is what the file says, and the front as usual for it, unless the surface tells."""
    axis = _ALONG["xyz".index(up[-1])] * (-1 if up.startswith("-") else 1)
    front = stance.front
    if abs(front @ axis) > 0.5:  # a file that says Z is up and has a face that faces Z is not right
        front = -_ALONG[UP] if up.endswith("z") else _ALONG[2]
    return Stance(axis, front, sure=True)


def _rotation(stance: Stance) -> npt.NDArray[np.float64]:
    """The matrix whose rows are the model's axes: the subject's left, up and front."""
    return np.stack([np.cross(stance.up, stance.front), stance.up, stance.front])


def _name(direction: npt.NDArray[np.float64]) -> str:
    axis = int(np.abs(direction).argmax())
    return ("-" if direction[axis] < 0 else "") + "xyz"[axis]
