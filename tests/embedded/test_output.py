"""How the output of several children reaches one terminal, pipe or file."""

import io
import os
import pty

import pytest

from dermalia.embedded.output import Console, Pump


def through(console: Console, stream: io.StringIO, written: bytes) -> list[str]:
    """The lines on `stream` after a child wrote `written` and ended."""
    reading, writing = os.pipe()
    os.write(writing, written)
    os.close(writing)
    pump = Pump(console)
    pump.add("web", os.fdopen(reading, "rb"))
    pump.close()
    return stream.getvalue().splitlines()


def test_names_are_padded_to_one_column() -> None:
    stream = io.StringIO()
    console = Console(["web", "worker"], stream)
    console.write("web", "ready")
    console.write("worker", "ready")
    assert stream.getvalue() == "web    | ready\nworker | ready\n"


@pytest.mark.parametrize(
    ("no_color", "expected"),
    [("", b"\x1b[36mweb |\x1b[0m ready\r\n"), ("1", b"web | ready\r\n")],
)
def test_names_are_coloured_on_a_terminal_unless_no_color_is_set(
    monkeypatch: pytest.MonkeyPatch, no_color: str, expected: bytes
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        Console(["web"], terminal).write("web", "ready")
        assert os.read(ours, 100) == expected
    os.close(ours)


def test_a_line_without_end_and_broken_utf8_are_passed_on() -> None:
    stream = io.StringIO()
    lines = through(Console(["web"], stream), stream, b"one\r\n\xff\nrest")
    assert lines == ["web | one", "web | \ufffd", "web | rest"]


def test_an_endless_line_is_passed_on_in_pieces() -> None:
    stream = io.StringIO()
    console = Console(["web"], stream)
    reading, writing = os.pipe()
    pump = Pump(console)
    pump.add("web", os.fdopen(reading, "rb"))
    for _ in range(3):
        os.write(writing, b"x" * 40_000)
        pump.turn(1)
    assert [len(line) for line in stream.getvalue().splitlines()] == [len("web | ") + 80_000]
    os.close(writing)
    pump.close()


def test_a_reader_that_went_away_is_no_reason_to_fail() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w")
    Console(["web"], stream).write("web", "ready")
    with pytest.raises(BrokenPipeError):
        stream.close()
