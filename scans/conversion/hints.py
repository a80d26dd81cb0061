"""What mesh files say of their units and of the axis that points up, in comments of exporters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .raw import Hints

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = {
    **dict.fromkeys((b"m", b"meter", b"meters", b"metre", b"metres"), 1.0),
    **dict.fromkeys((b"cm", b"centimeter", b"centimeters", b"centimetre", b"centimetres"), 0.01),
    **dict.fromkeys((b"mm", b"millimeter", b"millimeters", b"millimetre", b"millimetres"), 0.001),
}
_UNIT = re.compile(rb"(?i)\b(?:file[ _-]*)?units?\b[ \t]*(?:[:=]|is|are|in)?[ \t]*([a-z]+)")
_UP = re.compile(
    rb"(?i)\bup[ _-]?(?:axis|vector|direction)?\b[ \t]*(?:[:=]|is)?[ \t]*([+-]?[xyz])\b"
)
_AXIS_UP = re.compile(rb"(?i)(?<![a-z])([+-]?[xyz])[ _-]?(?:axis[ _-])?up\b")


def of_comments(lines: Iterable[bytes]) -> Hints:
    """What the comments say; a file that says two different things says nothing."""
    units, ups = set(), set()
    for line in lines:
        units |= {_UNITS[word.lower()] for word in _UNIT.findall(line) if word.lower() in _UNITS}
        for pattern in (_UP, _AXIS_UP):
            ups |= {word.decode().lower().lstrip("+") for word in pattern.findall(line)}
    return Hints(
        unit=units.pop() if len(units) == 1 else None, up=ups.pop() if len(ups) == 1 else None
    )
