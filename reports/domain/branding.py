"""A practice's colour, made readable on our pages by day and by night.

Whatever colour a practice names, its hue is kept as well as possible; lightness and, where the
screen cannot show it, chroma give way until every use meets WCAG 2.2: 4.5:1 for text (1.4.3),
which is more than the 3:1 of bars and outlines (1.4.11) needs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reports.domain.color import Oklch, Rgb, contrast

TEXT_CONTRAST = 4.5
_HEX = re.compile(r"#?([0-9a-f]{6})", re.IGNORECASE)

# One part in 256 of lightness is less than one step of a channel.
_STEP = 1 / 256
_HOVER = 0.07  # how far the hover colour lies behind the resting one, in lightness
_MOST_CHROMA = 0.16  # stronger would shout beside a person's face


@dataclass(frozen=True, slots=True)
class Ground:
    """What an accent stands on: the two backgrounds, its own tint, and the ink upon it.

    Attributes:
        tint: lightness and greatest chroma (OKLCH) of the soft accent background.
        away: the way lightness has to go for more contrast, −1 darker or +1 lighter.
    """

    paper: Rgb
    surface: Rgb
    on_accent: Rgb
    tint: tuple[float, float]
    away: int


# The values of frontend/css/tokens.css; a test keeps the two alike.
LIGHT = Ground(
    Rgb.parse("f8f5ef"), Rgb.parse("fffdfa"), Rgb.parse("fdfbf7"), tint=(0.925, 0.03), away=-1
)
DARK = Ground(
    Rgb.parse("111718"), Rgb.parse("192021"), Rgb.parse("0b1e20"), tint=(0.30, 0.04), away=1
)


@dataclass(frozen=True, slots=True)
class Accent:
    """The four colours of a theme that follow the practice's."""

    accent: Rgb
    strong: Rgb
    soft: Rgb
    on_accent: Rgb

    @classmethod
    def derive(cls, color: Rgb, ground: Ground) -> "Accent":
        """The accent nearest to ``color`` that can be read on ``ground``, and be written on."""
        wished = Oklch.of(color)
        calm = Oklch(wished.lightness, min(wished.chroma, _MOST_CHROMA), wished.hue)
        soft = Oklch(ground.tint[0], min(calm.chroma, ground.tint[1]), calm.hue).rgb()
        against = (ground.paper, ground.surface, ground.on_accent, soft)
        accent = next(
            shade
            for shade in _shades(calm, ground.away)
            if min(contrast(shade.rgb(), other) for other in against) >= TEXT_CONTRAST
        )
        strong = Oklch(accent.lightness + ground.away * _HOVER, accent.chroma, accent.hue)
        return cls(accent.rgb(), strong.rgb(), soft, ground.on_accent)

    def declarations(self) -> str:
        """The colours as CSS custom properties."""
        return (
            f"--accent:{self.accent};--accent-strong:{self.strong};"
            f"--accent-soft:{self.soft};--on-accent:{self.on_accent}"
        )


def stylesheet(color: str) -> str:
    """The style sheet that gives a page the practice's accent; loaded after our own.

    Args:
        color: six hexadecimal digits, with or without ``#``.

    Raises:
        ValueError: for anything else.
    """
    match = _HEX.fullmatch(color)
    if match is None:
        raise ValueError("A colour has six hexadecimal digits.")
    wished = Rgb.parse(match[1])
    light, dark = (Accent.derive(wished, ground).declarations() for ground in (LIGHT, DARK))
    # Paper is white at night, too.
    return f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def _shades(color: Oklch, away: int) -> Iterator[Oklch]:
    """From the colour itself to black or white, which always satisfies."""
    lightness = color.lightness
    while 0 < lightness < 1:
        yield Oklch(lightness, color.chroma, color.hue)
        lightness += away * _STEP
    yield Oklch(1.0 if away > 0 else 0.0, 0.0, color.hue)
