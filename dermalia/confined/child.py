"""The parent's side of one conversation with a child process."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_CHUNK = 1 << 18
_WAIT_AFTER_ANSWER = 10.0


class ConfinedError(Exception):
    """The child gave no usable answer."""


class ChildLate(ConfinedError):
    """The time was up, on the clock or on the processor."""


class AnswerTooLong(ConfinedError):
    """The child wrote more than it may."""


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
        deadline = time.monotonic() + seconds
        answer = _Conversation(self._process, request, deadline, answer_bytes).run()
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


class _Conversation:
    """Writes the request and reads the answer at the same time, so that no pipe fills up."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        request: Sequence[bytes],
        deadline: float,
        answer_bytes: int,
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._pending = [memoryview(chunk) for chunk in reversed(request) if chunk]
        self._deadline, self._room = deadline, answer_bytes
        self._answer = bytearray()

    def run(self) -> bytearray:
        """The answer, once the child has closed its end. Raises ChildLate or AnswerTooLong."""
        with selectors.DefaultSelector() as selector:
            for stream in (self._stdin, self._stdout, self._stderr):
                os.set_blocking(stream.fileno(), False)
            selector.register(self._stdin, selectors.EVENT_WRITE, self._write)
            selector.register(self._stdout, selectors.EVENT_READ, self._read)
            # What a library prints may quote the data, so it is read away and not kept.
            selector.register(self._stderr, selectors.EVENT_READ, self._discard)
            while selector.get_map():
                for key, _ in selector.select(self._remaining()):
                    if not key.data():
                        selector.unregister(key.fileobj)
        return self._answer

    def _remaining(self) -> float:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise ChildLate("the clock")
        return remaining

    def _write(self) -> bool:
        """Send one chunk; False when there is no more to send."""
        try:
            if self._pending:
                sent = os.write(self._stdin.fileno(), self._pending[-1][:_CHUNK])
                self._pending[-1] = self._pending[-1][sent:]
                if not self._pending[-1]:
                    self._pending.pop()
        except BrokenPipeError:
            self._pending.clear()  # it has died, or answered before it had read everything
        if self._pending:
            return True
        self._stdin.close()
        return False

    def _read(self) -> bool:
        chunk = os.read(self._stdout.fileno(), _CHUNK)
        self._answer += chunk
        if len(self._answer) > self._room:
            raise AnswerTooLong(f"more than {self._room} bytes")
        return bool(chunk)

    def _discard(self) -> bool:
        return bool(os.read(self._stderr.fileno(), _CHUNK))
