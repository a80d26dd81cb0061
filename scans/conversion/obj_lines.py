"""The lines of an OBJ file as arrays: one block of text at a time, several at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .digits import BLANKS, MARGIN, decimals, per_line, separators, unreadable, wholes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from .digits import Bytes, Counts

    Floats = npt.NDArray[np.float32]
    Integers = npt.NDArray[np.int32]
    Mask = npt.NDArray[np.bool_]

BLOCK = 1 << 20  # bytes: in smaller blocks the readers wait for one another, larger leave the cache
MISSING = -1
"""Stands for a texture coordinate or normal that a corner does not have."""

_KEYWORDS = ("v", "vt", "vn")
_LEAST_NUMBERS = {"v": 3, "vt": 2, "vn": 3}
_WITH_COLOR = 6
_INDEX_DIGITS = 9
_COMMENTS_KEPT = 100


@dataclass(frozen=True, slots=True)
class Corners:
    """One column of the faces' corners: ``indices`` (corners,), from 0.

    Where ``relative`` is True the index counts from the first of its kind in the same block.
    """

    indices: Integers
    relative: Mask | None


@dataclass(frozen=True, slots=True)
class Block:
    """What a block of text holds: numbers in rows, faces as lists of corners, and other words.

    ``colors`` is (n, 3) where every vertex has them; ``corners`` holds the columns v, vt, vn;
    ``uses`` tells before which face of the block the material changes, and to which.
    """

    rows: dict[str, Floats]
    colors: Floats | None
    counts: Counts
    corners: tuple[Corners, Corners, Corners]
    uses: list[tuple[int, bytes]]
    comments: list[bytes]
    names_materials: bool


def blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """Where blocks of whole lines start and end."""
    start = 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + BLOCK) + 1
        if end <= start:  # a line that is longer than a block
            end = data.find(b"\n", start) + 1 or len(data)
        yield start, end
        start = end


def read_block(data: bytes, start: int, end: int) -> Block:
    """Raises ConversionError(UNREADABLE_MESH) for a line that is not what its keyword says."""
    lines = _Lines.of(data[start:end])
    named = {keyword: lines.named(keyword) for keyword in (*_KEYWORDS, "f")}
    rows, colors = {}, None
    for keyword in _KEYWORDS:
        table = decimals(lines.select(named[keyword], len(keyword)))
        least = int(table.counts.min(initial=_WITH_COLOR + 1))
        if least < _LEAST_NUMBERS[keyword]:
            raise unreadable("number line cut short")
        rows[keyword] = _finite(table.columns(_LEAST_NUMBERS[keyword]))
        if keyword == "v" and least >= _WITH_COLOR and len(table.counts):
            colors = table.columns(_WITH_COLOR)[:, 3:]
    counts, corners = _faces(lines.select(named["f"], 1), named)
    other = ~np.logical_or.reduce(list(named.values()))
    uses, comments, names_materials = _words(lines, other, named["f"])
    return Block(rows, colors, counts, corners, uses, comments, names_materials)


@dataclass(frozen=True, slots=True)
class _Lines:
    text: Bytes
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, data: bytes) -> _Lines:
        lines = cls._split(data)
        if BLANKS.take(lines.text.take(lines.starts)).any():  # indented, or empty
            lines = cls._split(re.sub(rb"(?m)^[ \t\r\n]+", b"", data) or b"\n")
        return lines

    @classmethod
    def _split(cls, data: bytes) -> _Lines:
        text = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(text == ord("\n"))
        return cls(text, np.concatenate([[0], ends[:-1] + 1]))

    def named(self, keyword: str) -> Mask:
        """The lines that start with ``keyword`` and a blank."""
        mask = np.ones(len(self.starts), bool)
        for place, letter in enumerate(keyword):
            mask &= self.text.take(self.starts + place, mode="clip") == ord(letter)
        following = self.text.take(self.starts + len(keyword), mode="clip")
        mask &= BLANKS.take(following)
        return mask

    def select(self, wanted: Mask, keyword: int) -> Bytes:
        """A text of only the wanted lines with blanks for their keywords, after a margin."""
        lengths = np.diff(self.starts, append=len(self.text))
        kept = lengths[wanted]
        text = np.full(MARGIN + int(kept.sum()), ord(" "), np.uint8)
        text[MARGIN:] = self.text if wanted.all() else self.text[np.repeat(wanted, lengths)]
        starts = MARGIN + np.cumsum(kept) - kept
        for place in range(keyword):
            text[starts + place] = ord(" ")
        return text

    def starting(self, among: Mask, letters: bytes) -> list[int]:
        """The numbers of those lines that start with one of the letters."""
        first = self.text.take(self.starts)
        found: list[int] = np.flatnonzero(among & np.isin(first, list(letters))).tolist()
        return found

    def line(self, number: int) -> bytes:
        """One line, without blanks around it."""
        start = int(self.starts[number])
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)
        return self.text[start : int(end)].tobytes().strip()


def _finite(rows: Floats) -> Floats:
    if not np.isfinite(rows).all():
        raise unreadable("not finite")
    return rows


def _faces(text: Bytes, named: dict[str, Mask]) -> tuple[Counts, tuple[Corners, Corners, Corners]]:
    """How many corners each face has, and the corners' indices."""
    places = separators(text, ord("/"))
    marks = text.take(places)
    ends, slash = places[1:], marks[:-1] == ord("/")
    first = text.take(places[:-1] + 1)
    negative = first == ord("-")
    digits = np.diff(places).astype(np.int32) - 1 - negative
    held = digits > 0
    _check_corners(text, slash, held, negative, digits)
    values = wholes(text, ends, digits).astype(np.int32)
    if (values.min(where=held, initial=1)) < 1:
        raise unreadable("index out of range")
    begins = held & ~slash
    counts = per_line(begins, marks)
    if counts.min(initial=3) < 3:
        raise unreadable("face with fewer than three corners")
    corner = np.flatnonzero(begins)
    given: Mask = np.ones(len(corner), bool)
    columns = []
    for column, keyword in enumerate(_KEYWORDS):
        place = corner + column
        if column:
            given &= slash.take(place, mode="clip") & (place < len(slash))
        columns.append((place, given & held.take(place, mode="clip"), keyword))
    so_far = _lines_before(named, counts) if negative.any() else {}
    v, vt, vn = (
        _column(place, used, values, negative, so_far.get(keyword))
        for place, used, keyword in columns
    )
    return counts, (v, vt, vn)


def _check_corners(text: Bytes, slash: Mask, held: Mask, negative: Mask, digits: Counts) -> None:
    if np.count_nonzero(text == ord("-")) != np.count_nonzero(negative):
        raise unreadable("sign inside a number")
    strange = text[(text < ord("0")) & (text != ord("-")) & (text != ord("/"))]
    if (text > ord("9")).any() or not BLANKS.take(strange).all():
        raise unreadable("unexpected character")
    if (slash[2:] & slash[1:-1] & slash[:-2]).any():
        raise unreadable("corner with four numbers")
    if (slash[1:] & ~slash[:-1] & ~held[:-1]).any() or slash[:1].any():
        raise unreadable("corner without a position")
    if digits.max(initial=0) > _INDEX_DIGITS or (negative & ~held).any():
        raise unreadable("index too long")


def _lines_before(named: dict[str, Mask], counts: Counts) -> dict[str, Integers]:
    """For each corner, how many lines of each keyword the block holds before its face."""
    faces = named["f"]
    return {
        keyword: np.repeat(np.cumsum(named[keyword], dtype=np.int32)[faces], counts)
        for keyword in _KEYWORDS
    }


def _column(
    places: npt.NDArray[np.int64],
    used: Mask,
    values: Integers,
    negative: Mask,
    before: Integers | None,
) -> Corners:
    if not used.any():
        return Corners(np.full(len(places), MISSING, np.int32), None)
    indices = values.take(places, mode="clip") - np.int32(1)
    relative = None
    if before is not None:
        relative = used & negative.take(places, mode="clip")
        indices = np.where(relative, before - 1 - indices, indices)
    if not used.all():
        indices[~used] = MISSING
    return Corners(indices, relative)


def _words(
    lines: _Lines, other: Mask, faces: Mask
) -> tuple[list[tuple[int, bytes]], list[bytes], bool]:
    """Changes of material, the first comments, and whether a material file is named."""
    uses: list[tuple[int, bytes]] = []
    comments: list[bytes] = []
    names_materials = False
    if not other.any():
        return uses, comments, names_materials
    before = np.cumsum(faces)
    comments = [lines.line(number) for number in lines.starting(other, b"#")[:_COMMENTS_KEPT]]
    for number in lines.starting(other, b"um"):
        word, _, value = lines.line(number).replace(b"\t", b" ").partition(b" ")
        if word == b"usemtl":
            uses.append((int(before[number]), value.strip()))
        names_materials |= word == b"mtllib"
    return uses, comments, names_materials
