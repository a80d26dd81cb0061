"""Numbers as exporters write them, against Python's own reading of the same text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.conversion import ConversionError, ErrorCode
from scans.conversion.digits import MARGIN, Table, decimals

PLAIN = st.from_regex(r"[+-]?([0-9]{1,12}(\.[0-9]{0,12})?|\.[0-9]{1,12})", fullmatch=True)
POWERS = st.from_regex(r"[+-]?[0-9]{1,8}(\.[0-9]{0,18})?[eE][+-]?[0-2]?[0-9]", fullmatch=True)
ANY = st.one_of(PLAIN, POWERS)
BLANK = st.sampled_from([" ", "  ", "\t", " \r"])


def table(text: str) -> Table:
    return decimals(np.frombuffer(b" " * MARGIN + text.encode() + b"\n", np.uint8))


@given(st.lists(st.lists(st.tuples(ANY, BLANK), min_size=1, max_size=5), min_size=1, max_size=8))
def test_numbers_are_read_as_python_reads_them(lines: list[list[tuple[str, str]]]) -> None:
    read = table("\n".join("".join(blank + word for word, blank in line) for line in lines))
    assert read.counts.tolist() == [len(line) for line in lines]
    wanted = np.array([float(word) for line in lines for word, _ in line])
    assert np.array_equal(read.values.astype(np.float32), wanted.astype(np.float32))
    assert np.allclose(read.values, wanted, rtol=1e-15, atol=0)


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_single_precision_survives_being_written_in_full(numbers: list[float]) -> None:
    for form in ("%.9g", "%r", "%.17e"):
        read = table(" ".join(form % number for number in numbers))
        assert np.array_equal(read.values.astype(np.float32), np.array(numbers, np.float32))


def test_lines_may_have_different_numbers_of_words() -> None:
    read = table(" 1 2 3\n 4 5 6 7\n\n 8 9 10")
    assert read.counts.tolist() == [3, 4, 0, 3]
    assert table(" 1 2 3 4\n 5 6 7").columns(2).tolist() == [[1, 2], [5, 6]]


@pytest.mark.parametrize(
    "word",
    [
        *("nan", "inf", "1,5", "1.2.3", "1..2", "--1", "1-2", "-", "+", ".", "-.", "1e", "e5"),
        *("0x10", "1_000", "1" * 50, "1e5.5", "\u0661", "1f", "1/2", "\0"),
    ],
)
def test_what_is_no_decimal_number_is_refused(word: str) -> None:
    with pytest.raises(ConversionError) as caught:
        table(f" 1 {word} 2")
    assert caught.value.code is ErrorCode.UNREADABLE_MESH
