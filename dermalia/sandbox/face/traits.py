"""What a seed decides: the shape of the head, its colours, and how strong each metric is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Shape:
    """Departures from the average head, in millimetres unless the name says scale."""

    width_scale: float
    jaw: float
    chin: float
    nose_length: float
    nose_width: float
    nose_out: float
    brow: float
    cheek: float
    lips: float
    eye_spread: float
    lean: float  # how far nose and mouth stand off the middle: no face is symmetric


@dataclass(frozen=True, slots=True)
class Severity:
    """Strength of each metric, 0 (hardly there) to 1 (marked)."""

    wrinkles: float
    pores: float
    pigmentation: float
    redness: float
    dryness: float


@dataclass(frozen=True, slots=True)
class Traits:
    seed: int
    shape: Shape
    severity: Severity
    tone: float  # 0 fair to 1 deep
    cap_hue: float  # 0..1, picks the colour of cap and drape


_CHANGE = 0.12  # how far a metric's strength moves from one sitting to another, one sigma


def draw_traits(seed: int, sitting: int = 0) -> Traits:
    """Draws the traits of `seed`; equal arguments give equal traits on every machine.

    Another `sitting` is the same person on another day: shape, tone and cloth stay, the strength
    of each metric is a little more or less.
    """
    rng = np.random.default_rng([seed, 1])

    def spread(sd: float) -> float:
        return float(np.clip(rng.normal(0.0, sd), -2.0 * sd, 2.0 * sd))

    shape = Shape(
        width_scale=1.0 + spread(0.02),
        jaw=spread(2.0),
        chin=spread(1.5),
        nose_length=spread(1.6),
        nose_width=spread(0.9),
        nose_out=spread(1.4),
        brow=spread(1.0),
        cheek=spread(1.0),
        lips=spread(0.5),
        eye_spread=spread(0.8),
        lean=spread(0.5),
    )
    strengths = rng.uniform(0.15, 0.85, size=5)
    if sitting:
        change = np.random.default_rng([seed, 8, sitting]).normal(0.0, _CHANGE, size=5)
        strengths = np.clip(strengths + change, 0.05, 0.95)
    return Traits(
        seed=seed,
        shape=shape,
        severity=Severity(*(float(s) for s in strengths)),
        tone=float(rng.beta(1.6, 2.2)),
        cap_hue=float(rng.uniform()),
    )
