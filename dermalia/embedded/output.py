"""What the children of the supervisor write, line by line, under their names."""

import itertools
import os
import selectors
import sys
from collections.abc import Sequence
from typing import IO, TextIO

_COLOURS = (36, 33, 35, 32, 34, 31)  # cyan, yellow, magenta, green, blue, red
_CHUNK = 65_536
# Longer lines are passed on in pieces, so that a child cannot fill our memory.
_LONGEST_LINE = 65_536


class Console:
    """Writes lines with the name of their source before them: `worker | ready`.

    Names are coloured where `stream` (standard error by default) is a terminal and NO_COLOR is
    not set.
    """

    def __init__(self, names: Sequence[str], stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._width = max(map(len, names), default=0)
        coloured = self._stream.isatty() and not os.environ.get("NO_COLOR")
        self._colours = dict(zip(names, itertools.cycle(_COLOURS), strict=False))
        if not coloured:
            self._colours = {}

    def write(self, name: str, line: str) -> None:
        prefix = f"{name:<{self._width}} |"
        if name in self._colours:
            prefix = f"\x1b[{self._colours[name]}m{prefix}\x1b[0m"
        try:
            self._stream.write(f"{prefix} {line}\n")
            self._stream.flush()
        except OSError:
            pass  # Nobody reads us any more (`| head`): no reason to stop the services.


class Pump:
    """Carries the output of several processes to a console without blocking on any of them."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._selector = selectors.DefaultSelector()
        self._rests: dict[IO[bytes], bytes] = {}

    def add(self, name: str, output: IO[bytes]) -> None:
        os.set_blocking(output.fileno(), False)
        self._rests[output] = b""
        self._selector.register(output, selectors.EVENT_READ, name)

    def turn(self, seconds: float) -> None:
        """Wait up to `seconds` for output and pass it on."""
        for key, _ in self._selector.select(seconds):
            output = next(found for found in self._rests if found is key.fileobj)
            if not self._pass_on(output, key.data):
                self._remove(output, key.data)

    def drain(self, output: IO[bytes]) -> None:
        """Pass on what is left in `output` and close it."""
        if output not in self._rests:
            return
        name = self._selector.get_key(output).data
        while self._pass_on(output, name):
            pass
        self._remove(output, name)

    def close(self) -> None:
        for output in list(self._rests):
            self.drain(output)
        self._selector.close()

    def _pass_on(self, output: IO[bytes], name: str) -> bool:
        """Pass on one chunk; False if there is none now."""
        try:
            chunk = os.read(output.fileno(), _CHUNK)
        except BlockingIOError:
            return False
        *lines, rest = (self._rests[output] + chunk).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        for line in lines:
            self._write(name, line)
        self._rests[output] = rest
        return bool(chunk)

    def _remove(self, output: IO[bytes], name: str) -> None:
        rest = self._rests.pop(output)
        if rest:
            self._write(name, rest)
        self._selector.unregister(output)
        output.close()

    def _write(self, name: str, line: bytes) -> None:
        self._console.write(name, line.decode("utf-8", "replace").rstrip("\r"))
