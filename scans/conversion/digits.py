"""Numbers out of text, millions at a time.

Up to eight digits are one 64-bit word and become their value in three multiplications (Langdale and
Lemire, "Parsing Gigabytes of JSON per Second", VLDB Journal 28, 2019, section 3.1.3), here for a
whole array of words at once. What is no plain decimal number takes a slower way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .errors import ConversionError, ErrorCode

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Places = npt.NDArray[np.int64]
    Counts = npt.NDArray[np.int32]

MARGIN = 8
"""How many bytes must stand before the first number, to be loaded along with it."""

_WORD = 8
_DIGITS_OF_A_WORD = 0x0F0F0F0F0F0F0F0F
_KEEP = np.array(
    [
        0 if digits == 0 else _DIGITS_OF_A_WORD >> 8 * (_WORD - digits) << 8 * (_WORD - digits)
        for digits in range(_WORD + 1)
    ],
    np.uint64,
)
_STEPS = (
    (2561, 8, 0x00FF00FF00FF00FF),
    (6553601, 16, 0x0000FFFF0000FFFF),
    (42949672960001, 32, None),
)
_TENTHS = 10.0 ** np.arange(2 * _WORD + 1)
_LONGEST_NUMBER = 40
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def _table(characters: bytes) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[list(characters)] = True
    return table


BLANKS = _table(b" \t\r\n")
_PLAIN = _table(b"0123456789+-. \t\r\n")
_DECIMAL = _table(b"0123456789+-.eE \t\r\n")


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of some lines: ``values`` (n,) float64, and how many each line has, (lines,)."""

    values: npt.NDArray[np.float64]
    counts: Counts

    def columns(self, wanted: int) -> npt.NDArray[np.float32]:
        """The first ``wanted`` numbers of every line, (lines, wanted)."""
        if len(self.counts) and (self.counts == self.counts[0]).all():
            rows = self.values.reshape(len(self.counts), -1)[:, :wanted]
        else:
            firsts = np.cumsum(self.counts) - self.counts
            rows = self.values[firsts[:, None] + np.arange(wanted)]
        with np.errstate(over="ignore"):  # becomes infinite, which the reader refuses
            return rows.astype(np.float32)


def unreadable(where: str) -> ConversionError:
    """The error for text that is not what its format says."""
    return ConversionError(ErrorCode.UNREADABLE_MESH, where=where)


def decimals(text: Bytes) -> Table:
    """The decimal numbers of a text of whole lines that starts with `MARGIN` blanks.

    Raises ConversionError(UNREADABLE_MESH) for anything that is not a finite number in decimals.
    """
    if not _PLAIN.take(text).all():
        return _any_decimals(text)
    # A number is a run of digits with a sign or none, and after a dot, if there is one, another.
    places = separators(text, ord("."))
    marks = text.take(places)
    starts, ends = places[:-1] + 1, places[1:]
    after_dot, before_dot = marks[:-1] == ord("."), marks[1:] == ord(".")
    if (after_dot & before_dot).any():
        raise unreadable("number with two dots")
    first = text.take(starts)  # of a run without a character: the mark that ends it
    signed = (first == ord("-")) | (first == ord("+"))
    signs = np.count_nonzero(text == ord("-")) + np.count_nonzero(text == ord("+"))
    if signs != np.count_nonzero(signed & ~after_dot):
        raise unreadable("sign inside a number")
    digits = (ends - starts).astype(np.int32) - signed
    if digits.max(initial=0) > 2 * _WORD:
        return _any_decimals(text)
    begins = ((digits > 0) | signed | before_dot) & ~after_dot
    values = wholes(text, ends, digits)
    whole, fractions = np.flatnonzero(begins), np.flatnonzero(after_dot)
    numbers, dotted = values.take(whole).astype(np.float64), before_dot.take(whole)
    if len(fractions) == len(whole):
        numbers += values.take(fractions) / _TENTHS.take(digits.take(fractions))
    else:
        numbers[dotted] += values.take(fractions) / _TENTHS.take(digits.take(fractions))
    if (digits.take(whole) + np.where(dotted, digits.take(whole + dotted), 0) < 1).any():
        raise unreadable("number without a digit")
    np.negative(numbers, where=first.take(whole) == ord("-"), out=numbers)
    return Table(numbers, per_line(begins, marks))


def separators(text: Bytes, mark: int) -> Places:
    """Where blanks and ``mark`` are, from the last byte of the margin on."""
    inner = text[MARGIN - 1 :]
    return np.flatnonzero((inner <= ord(" ")) | (inner == mark)) + (MARGIN - 1)


def per_line(begins: npt.NDArray[np.bool_], marks: Bytes) -> Counts:
    """How many words each line has; ``begins`` tells whether one follows each of the ``marks``."""
    so_far = np.cumsum(begins, dtype=np.int32)
    newlines = np.flatnonzero(marks[1:] == ord("\n"))
    return np.diff(so_far.take(newlines), prepend=np.int32(0))


def wholes(text: Bytes, ends: Places, digits: Counts) -> npt.NDArray[np.uint64]:
    """Unsigned numbers of at most sixteen ``digits`` that end before ``ends``."""
    values = _words(text, ends, np.minimum(digits, _WORD))
    long = np.flatnonzero(digits > _WORD)
    if len(long):
        values[long] += _words(text, ends[long] - _WORD, digits[long] - _WORD) * np.uint64(10**8)
    return values


def _words(text: Bytes, ends: Places, digits: Counts) -> npt.NDArray[np.uint64]:
    words = np.ndarray((len(text) - _WORD + 1,), "<u8", text, strides=(1,))
    values: npt.NDArray[np.uint64] = words[ends - _WORD]
    values &= _KEEP.take(digits)
    for factor, shift, mask in _STEPS:
        values *= np.uint64(factor)
        values >>= np.uint64(shift)
        if mask is not None:
            values &= np.uint64(mask)
    return values


def _any_decimals(text: Bytes) -> Table:
    """Exponents, or more digits than two words hold: read one at a time, rounded once."""
    if not _DECIMAL[text].all():
        raise unreadable("unexpected character")
    *lines, _ = text.tobytes().split(b"\n")
    words = [line.split() for line in lines]
    flat = [word for line in words for word in line]
    if any(len(word) > _LONGEST_NUMBER or not _NUMBER.fullmatch(word) for word in flat):
        raise unreadable("number not in decimals")
    return Table(
        np.array(flat, "S").astype(np.float64) if flat else np.zeros(0),
        np.array([len(line) for line in words], np.int32),
    )
