"""A strict look at an OBJ file before gltfpack parses it.

gltfpack is fast and forgiving: it reads words as zeros, wild indices as whatever lies in its
memory, and drops faces it cannot hold, all without a word. So the text is checked here, in vector
operations, and its triangles are counted, to be compared with what arrives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from .errors import ConversionError, ErrorCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Mask = npt.NDArray[np.bool_]

_INDEX_DIGITS = 9
_BLOCK = 1 << 16  # faces looked at in one go, to stay within the processor's cache


def _table(characters: bytes) -> Mask:
    table = np.zeros(256, bool)
    table[list(characters)] = True
    return table


_BLANK = _table(b" \t\r\n")
_NUMBER_LINE = _table(b"vtn0123456789+-.eE \t\r\n")
_FACE_LINE = _table(b"f0123456789-/ \t\r\n")
_HUGE = re.compile(rb"[eE]\+?0*[1-9][0-9]")  # gltfpack reads such numbers as zero
_LEAST_NUMBERS = {"v": 3, "vt": 2, "vn": 3}


@dataclass(frozen=True, slots=True)
class ObjFile:
    """An OBJ's text as gltfpack can read it, and what it holds."""

    data: bytes
    triangles: int
    counts: dict[str, int]
    _lines: _Lines
    _is_face: Mask
    _faces: _Lines

    @property
    def has_uv(self) -> bool:
        """Whether there are texture coordinates."""
        return self.counts["vt"] > 0

    @property
    def has_normals(self) -> bool:
        """Whether there are normals."""
        return self.counts["vn"] > 0

    def used_materials(self) -> set[bytes]:
        """The names after ``usemtl``; for comparing only."""
        return {name.strip() for name in re.findall(rb"(?m)^usemtl[ \t]+(.+)$", self.data)}

    def check_indices(self) -> None:
        """Raises ConversionError(UNREADABLE_MESH) for an index that points nowhere.

        The longest of the checks, and on its own so that it can run beside gltfpack: a wild index
        cannot do harm there, only give a wrong picture.
        """
        for first, faces in self._faces.blocks(_BLOCK):
            indices = _Indices.of(faces)
            if np.count_nonzero(indices.column == 0) != faces.tokens().sum():
                _unreadable("corner without a position")
            for column, keyword in enumerate(_LEAST_NUMBERS):
                _check_range(indices, column, self.counts[keyword])
            if indices.negative.any():
                numbers = np.flatnonzero(self._is_face)[first:]
                _check_relative(indices, self._lines, numbers, faces)


def inspect(data: bytes) -> ObjFile:
    """Check the text of an OBJ file and count its triangles (an n-gon has n - 2).

    Raises ConversionError: EMPTY_MESH without faces, UNREADABLE_MESH for numbers that are words
    (NaN) and for lines cut short. Call `ObjFile.check_indices` as well.
    """
    data = _normalised(data)
    lines = _Lines.of(data)
    counts = {}
    for keyword, least in _LEAST_NUMBERS.items():
        numbers = lines.select(lines.named(keyword), _NUMBER_LINE)
        if _HUGE.search(numbers.text.data):
            _unreadable("number beyond reason")
        tokens = numbers.tokens()
        if len(tokens) and tokens.min() < least:
            _unreadable("number line cut short")
        counts[keyword] = len(tokens)
    is_face = lines.named("f")
    faces = lines.select(is_face, _FACE_LINE)
    corners = faces.tokens()
    if not len(corners):
        raise ConversionError(ErrorCode.EMPTY_MESH)
    if corners.min() < 3:
        _unreadable("face with fewer than three corners")
    triangles = int(corners.sum()) - 2 * len(corners)
    return ObjFile(data, triangles, counts, lines, is_face, faces)


def _normalised(data: bytes) -> bytes:
    """Lines joined that a backslash continues, indents removed, a newline at the end."""
    if b"\\" in data:
        data = re.sub(rb"\\[ \t]*\r?\n", b" ", data)
    if data[:1] in b" \t" or re.search(rb"\n[ \t]", data):
        data = re.sub(rb"(?m)^[ \t]+", b"", data)
    return data + b"\n"


def _unreadable(where: str) -> NoReturn:
    raise ConversionError(ErrorCode.UNREADABLE_MESH, where=where)


@dataclass(frozen=True, slots=True)
class _Lines:
    """A text of whole lines: its bytes and where each line starts."""

    text: Bytes
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, data: bytes) -> _Lines:
        text = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(text == ord("\n"))
        return cls(text, np.concatenate([[0], ends[:-1] + 1]))

    def named(self, keyword: str) -> Mask:
        """The lines that start with ``keyword`` and a blank."""
        last = len(self.text) - 1
        mask = np.ones(len(self.starts), bool)
        for place, letter in enumerate(keyword):
            mask &= self.text[np.minimum(self.starts + place, last)] == ord(letter)
        return mask & _BLANK[self.text[np.minimum(self.starts + len(keyword), last)]]

    def select(self, wanted: Mask, allowed: Mask) -> _Lines:
        """Only the wanted lines; a character that is not allowed in them raises."""
        lengths = np.diff(self.starts, append=len(self.text))
        text = self.text[np.repeat(wanted, lengths)]
        if not allowed[text].all():
            _unreadable("unexpected character")
        kept = lengths[wanted]
        return _Lines(text, np.cumsum(kept) - kept)

    def blocks(self, size: int) -> Iterator[tuple[int, _Lines]]:
        """The lines in runs of at most ``size``, each with the number of its first line."""
        for first in range(0, len(self.starts), size):
            starts = self.starts[first : first + size]
            following = first + size
            end = self.starts[following] if following < len(self.starts) else len(self.text)
            yield first, _Lines(self.text[starts[0] : end], starts - starts[0])

    def tokens(self) -> npt.NDArray[np.int32]:
        """How many words each line has after its keyword."""
        if not len(self.starts):
            return np.zeros(0, np.int32)
        blank = _BLANK[self.text]
        begins = ~blank
        begins[1:] &= blank[:-1]
        return np.add.reduceat(begins, self.starts, dtype=np.int32) - 1


@dataclass(frozen=True, slots=True)
class _Indices:
    """The numbers of all faces: value without sign, sign, column in v/vt/vn, place in the text."""

    value: npt.NDArray[np.int32]
    negative: Mask
    column: npt.NDArray[np.int8]
    place: npt.NDArray[np.int64]

    @classmethod
    def of(cls, faces: _Lines) -> _Indices:
        text = faces.text.copy()
        text[faces.starts] = ord(" ")
        separators = np.flatnonzero(_BLANK[text] | (text == ord("/")))
        slash = text[separators] == ord("/")
        if (slash[2:] & slash[1:-1] & slash[:-2]).any():
            _unreadable("corner with four numbers")
        column = slash.astype(np.int8)
        column[1:] += slash[1:] & slash[:-1]
        lengths = np.diff(separators) - 1
        held = lengths > 0
        place, column = separators[:-1][held] + 1, column[:-1][held]
        negative = text[place] == ord("-")
        if np.count_nonzero(text == ord("-")) != np.count_nonzero(negative):
            _unreadable("sign inside a number")
        digits = lengths[held] - negative
        if digits.min() < 1 or digits.max() > _INDEX_DIGITS:
            _unreadable("index too long")
        return cls(_numbers(text, separators[1:][held], digits), negative, column, place)


def _numbers(
    text: Bytes, ends: npt.NDArray[np.int64], digits: npt.NDArray[np.int64]
) -> npt.NDArray[np.int32]:
    """Decimal numbers that end before ``ends``: one gather for each digit place."""
    values = np.zeros(len(ends), np.int32)
    power = 1
    for place in range(1, int(digits.max()) + 1):
        digit = text[np.maximum(ends - place, 0)].astype(np.int32) - ord("0")
        values += np.where(digits >= place, digit, 0) * power
        power *= 10
    return values


def _check_range(indices: _Indices, column: int, count: int) -> None:
    values = indices.value[indices.column == column]
    if len(values) and (values.min() < 1 or values.max() > count):
        _unreadable("index out of range")


def _check_relative(
    indices: _Indices, lines: _Lines, line_numbers: npt.NDArray[np.int64], faces: _Lines
) -> None:
    """A negative index counts back from the vertices read so far, so it has its own range."""
    for column, keyword in enumerate(_LEAST_NUMBERS):
        wanted = indices.negative & (indices.column == column)
        line = np.searchsorted(faces.starts, indices.place[wanted], side="right") - 1
        so_far = np.cumsum(lines.named(keyword))[line_numbers[line]]
        if (indices.value[wanted] > so_far).any():
            _unreadable("index out of range")
