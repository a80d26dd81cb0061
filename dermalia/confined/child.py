"""The parent's side of one conversation with a child process."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .conversation import ChildLate, ConfinedError, converse

_ROOT = Path(__file__).resolve().parents[2]
_WAIT_AFTER_ANSWER = 10.0


class ChildDied(ConfinedError):
    """The child ended with another exit code than 0.

    Attributes:
        code: the exit code; negative for a signal's number.
    """

    def __init__(self, code: int) -> None:
        super().__init__(signal.Signals(-code).name if code < 0 else f"exit {code}")
        self.code = code


class Child:
    """A Python module run in a process of its own: it reads one request and writes one answer.

    Use as a context manager: whatever happens inside, the child is gone afterwards.

    Args:
        module: run as ``python -m module *arguments``, from the project's folder.
        environment: all it gets, beside the language and the place of our code.
    """

    def __init__(
        self, module: str, arguments: Sequence[str], *, environment: Mapping[str, str]
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-B", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd="/",
            env={**environment, "LANG": "C.UTF-8", "PYTHONPATH": str(_ROOT)},
            start_new_session=True,
        )

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def exchange(self, request: Sequence[bytes], *, seconds: float, answer_bytes: int) -> bytearray:
        """Send the request and return the whole answer of at most ``answer_bytes``.

        Raises ConfinedError: ChildLate, AnswerTooLong or ChildDied.
        """
        answer = converse(self._process, request, seconds=seconds, answer_bytes=answer_bytes)
        try:
            code = self._process.wait(_WAIT_AFTER_ANSWER)
        except subprocess.TimeoutExpired as error:
            raise ChildLate("it answered and did not end") from error
        if code == -signal.SIGXCPU:
            raise ChildLate("SIGXCPU")
        if code != 0:
            raise ChildDied(code)
        return answer

    def end(self) -> None:
        """Kill the child and whatever it might have started; harmless when it has ended."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
