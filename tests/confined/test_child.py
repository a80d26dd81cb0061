"""The conversation with a child process, whatever the child does."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dermalia.confined import AnswerTooLong, Child, ChildDied, ChildLate, ConfinedError, child
from tests.waiting import long_before

Start = Callable[[str], Child]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Start:
    """Runs a few lines of Python as the child."""

    def run(lines: str) -> Child:
        (tmp_path / "lines.py").write_text(f"import os, sys, time\n{lines}\n")
        monkeypatch.setattr(child, "_ROOT", tmp_path)
        return Child("lines", ["first", "second"], environment={"GIVEN": "yes"})

    return run


def asked(running: Child, request: bytes = b"", *, seconds: float = 10.0) -> bytes:
    with running:
        return bytes(running.exchange([request], seconds=seconds, answer_bytes=5_000_000))


def test_it_answers_what_it_was_asked(start: Start) -> None:
    echo = start("sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])")
    request = os.urandom(4_000_000)  # far more than a pipe holds
    assert asked(echo, request) == request[::-1]


def test_it_gets_its_arguments_and_nothing_of_our_environment(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DERMALIA_SECRET", "a secret")
    told = asked(start("print(sys.argv[1:], sorted(os.environ), os.getcwd())")).decode()
    assert "['first', 'second']" in told
    assert "GIVEN" in told
    assert "SECRET" not in told
    assert told.strip().endswith(" /")


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ("time.sleep(60)", ChildLate),
        ("os.close(1); os.close(2); time.sleep(60)", ChildLate),
        ("os.kill(os.getpid(), 24)", ChildLate),  # the processor time was up
        ("sys.exit(3)", ChildDied),
        ("os.kill(os.getpid(), 9)", ChildDied),
        ("print('x' * 5_000_001)", AnswerTooLong),
    ],
)
def test_each_end_has_its_name(
    start: Start, monkeypatch: pytest.MonkeyPatch, lines: str, error: type[ConfinedError]
) -> None:
    monkeypatch.setattr(child, "_WAIT_AFTER_ANSWER", 0.2)
    with pytest.raises(error):
        asked(start(lines), seconds=0.8 if error is ChildLate else 10)


def test_what_it_prints_as_an_error_is_not_kept(start: Start) -> None:
    talkative = start("sys.stderr.write('Testperson' * 100_000); print('ok')")
    assert asked(talkative) == b"ok\n"


def test_it_is_gone_after_its_time(start: Start) -> None:
    sleeping = start("sys.stdin.close(); time.sleep(60)")
    with long_before(60), sleeping as running, pytest.raises(ChildLate):
        running.exchange([b"x" * 1_000_000], seconds=0.2, answer_bytes=10)
    assert running._process.returncode is not None
