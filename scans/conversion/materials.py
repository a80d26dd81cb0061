"""OBJ's material files (MTL): what paints the faces of each material."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from .raw import Paint, Wrap

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 10_000  # materials: more is no scan, and each costs time
# Options of map_Kd and how many words follow each; a file name may hold blanks, options do not.
_OPTIONS = {
    **dict.fromkeys(("-blendu", "-blendv", "-cc", "-clamp", "-imfchan", "-texres", "-bm"), 1),
    **dict.fromkeys(("-boost", "-type", "-colorspace"), 1),
    "-mm": 2,
}
_UP_TO_THREE = frozenset({"-o", "-s", "-t"})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def read(files: Iterable[bytes]) -> dict[bytes, Paint]:
    """The paint of each material, by the bytes of its name. What is not understood is left out.

    A material that names no image is painted in its diffuse colour (Kd), or plaster.
    """
    paints: dict[bytes, Paint] = {}
    for data in files:
        name = None
        for line in re.sub(rb"\\[ \t]*\r?\n", b" ", data).splitlines():
            keyword, _, value = line.strip().replace(b"\t", b" ").partition(b" ")
            if keyword == b"newmtl" and len(paints) < _MOST:
                name = value.strip()
                paints[name] = Paint()
            elif name is not None:
                paints[name] = _changed(paints[name], keyword.lower(), value.strip())
    return paints


def bare_name(path: str) -> str:
    """The last part of a path of any system, for comparing with the names of a capture's files."""
    return re.split(r"[/\\]", path)[-1].strip().casefold()


def _changed(paint: Paint, keyword: bytes, value: bytes) -> Paint:
    text = value.decode("utf-8", errors="replace")
    if keyword == b"kd":
        return replace(paint, color=_color(text) or paint.color)
    if keyword == b"map_kd":
        words, clamps = _without_options(text.split(" "))
        name = bare_name(" ".join(words)) or None
        wrap = Wrap.CLAMP if clamps else Wrap.REPEAT
        return replace(paint, image=name, wrap=wrap, named=True)
    return paint


def _color(text: str) -> tuple[float, float, float] | None:
    """Three numbers from 0 to 1. Exporters write what their own material has: linear light."""
    words = text.split()[:3]
    if len(words) not in (1, 3) or not all(_NUMBER.fullmatch(word) for word in words):
        return None
    # One number stands for all three.
    red, green, blue = (min(max(float(word), 0.0), 1.0) for word in (words * 3)[:3])
    return red, green, blue


def _without_options(words: list[str]) -> tuple[list[str], bool]:
    """The words of the file name, and whether the image does not repeat."""
    words, clamps = [word for word in words if word], False
    while words and words[0].lower() in _OPTIONS.keys() | _UP_TO_THREE:
        option = words.pop(0).lower()
        if option in _UP_TO_THREE:
            count = 0
            while count < 3 and count < len(words) - 1 and _NUMBER.fullmatch(words[count]):
                count += 1
        else:
            count = _OPTIONS[option]
            clamps |= option == "-clamp" and words[:1] == ["on"]
        words = words[count:]
    return words, clamps
