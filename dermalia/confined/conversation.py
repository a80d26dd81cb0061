"""Talking to a child process through its pipes, for so long and so much, and no more."""

import os
import selectors
import subprocess
import time
from collections.abc import Sequence

_CHUNK = 1 << 20


class ConfinedError(Exception):
    """The child gave no usable answer."""


class ChildLate(ConfinedError):
    """The time was up, on the clock or on the processor."""


class AnswerTooLong(ConfinedError):
    """The child wrote more than it may."""


def converse(
    process: subprocess.Popen[bytes],
    request: Sequence[bytes],
    *,
    seconds: float,
    answer_bytes: int,
) -> bytearray:
    """Send the request and return what the child writes until it closes its end.

    Args:
        process: with unbuffered pipes for all three streams.

    Raises:
        ChildLate: it has not finished in time; it is still there.
        AnswerTooLong: it wrote more than ``answer_bytes``.
    """
    return _Conversation(process, request, time.monotonic() + seconds, answer_bytes).run()


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
