"""The application's own processes under the supervisor."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermalia.embedded.credentials import environment
from dermalia.embedded.diagnosis import exit_text
from dermalia.embedded.layout import Layout
from dermalia.embedded.locks import wait_until_free
from dermalia.embedded.output import Pump
from dermalia.embedded.process import Farewell, LogFile, Process, Program, Rung

_QUIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running: `argv` is found in PATH, `env` is added to ours.

    It is stopped by `stop_signal`, after `stop_timeout` seconds by SIGQUIT, then by SIGKILL.
    When the supervisor is killed, the kernel sends it `death_signal`.
    """

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str] | None = None
    stop_signal: int = signal.SIGTERM
    stop_timeout: float = 15.0
    death_signal: int = signal.SIGKILL


class RunningChild:
    """A `Child` that is started, watched and stopped."""

    def __init__(self, child: Child, layout: Layout, pump: Pump | None) -> None:
        self.name = child.name
        self._child = child
        self._layout = layout
        self._pump = pump
        self._process: Process | None = None
        self._farewell: Farewell | None = None

    def start(self) -> None:
        run_lock = self._layout.run_lock(self.name)
        # Forks of an earlier one whose supervisor or parent was killed: their work is lost
        # either way, and two of one name must not run.
        wait_until_free(run_lock, grace=0, while_waiting=lambda: None)
        program = Program(
            name=self.name,
            argv=self._child.argv,
            run_lock=run_lock,
            env=self._environment(),
            death_signal=self._child.death_signal,
        )
        if self._pump is None:
            with LogFile(self._layout.log(self.name)).open() as output:
                self._process = Process.start(program, output)
            return
        self._process = Process.start(program, subprocess.PIPE)
        assert self._process.output is not None
        self._pump.add(self.name, self._process.output)

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def bury(self) -> str:
        """Clear away what a dead child left; returns how it died: `exit code 1`, `SIGKILL`."""
        if self._process is None:
            return "not started"
        code = self._process.poll()
        self._process.kill_rest()
        if self._pump is not None and self._process.output is not None:
            self._pump.drain(self._process.output)
        return exit_text(code) if code is not None else "running"

    def gone(self, hurry: int) -> bool:
        """Whether the child has stopped; asks it to with ever harder signals."""
        if self._process is None:
            return True
        if self._farewell is None:
            ladder = (
                Rung(self._child.stop_signal, self._child.stop_timeout),
                Rung(signal.SIGQUIT, _QUIT_SECONDS),
            )
            self._farewell = Farewell(self._process, ladder)
        return self._farewell.gone(hurry)

    def _environment(self) -> dict[str, str]:
        return {
            **environment(self._layout.data),
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            **(self._child.env or {}),
        }
