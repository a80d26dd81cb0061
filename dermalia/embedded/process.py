"""Start and end one process so that nothing of it outlives us unnoticed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dermalia.embedded import launch
from dermalia.embedded.accounts import Account
from dermalia.embedded.diagnosis import explain
from dermalia.embedded.locks import is_free, kill_holders, take_run_lock, wait_until_free

POLL_SECONDS = 0.01
_TAIL_BYTES = 8_192
_LOG_LIMIT_BYTES = 5_000_000
_PRIVATE_UMASK = 0o077


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a stop: a signal, and the seconds it may take before the next step."""

    signal: int
    seconds: float


KILL = Rung(signal.SIGKILL, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run. `run_lock` is inherited by the process and all it forks.

    `env` is the whole environment. `death_signal` is sent by the kernel when the *thread*
    that starts the process ends: start processes from one that lives as long as they should.
    """

    name: str
    argv: Sequence[str | Path]
    run_lock: Path
    env: Mapping[str, str]
    death_signal: int
    cwd: Path | None = None
    account: Account | None = None
    listener: int = -1


class Process:
    """A running program in a session of its own (Ctrl-C in our terminal does not reach it)."""

    def __init__(self, program: Program, popen: subprocess.Popen[bytes]) -> None:
        self.program = program
        self.pid = popen.pid
        self._popen = popen

    @classmethod
    def start(cls, program: Program, output: int | IO[bytes]) -> "Process":
        """Start `program` with standard output and error going to `output`.

        Raises EmbeddedError if an earlier process still holds its run lock.
        """
        uid, gid = (program.account.uid, program.account.gid) if program.account else (-1, -1)
        orders = (os.getpid(), program.death_signal, uid, gid, program.listener)
        lock = take_run_lock(program.run_lock)
        try:
            popen = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", launch.__file__),
                    *(str(number) for number in orders),
                    *(str(argument) for argument in program.argv),
                ],
                cwd=program.cwd,
                env=dict(program.env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock, program.listener) if program.listener != -1 else (lock,),
                umask=_PRIVATE_UMASK,
            )
        finally:
            os.close(lock)
        return cls(program, popen)

    @property
    def output(self) -> IO[bytes] | None:
        """The reading end, if the process was started with `subprocess.PIPE`."""
        return self._popen.stdout

    def poll(self) -> int | None:
        """The return code, or None while the process runs."""
        return self._popen.poll()

    def send(self, number: int) -> None:
        """Send a signal; to everything in the session if it is SIGKILL."""
        if self.poll() is not None:
            return
        if number == signal.SIGKILL:
            os.killpg(self.pid, number)
        else:
            self._popen.send_signal(number)

    def kill_rest(self) -> None:
        """After the death of the process: kill what it forked and did not take along."""
        if not is_free(self.program.run_lock):
            kill_holders(self.program.run_lock)


class Farewell:
    """One process on its way out, down a ladder of ever harder signals."""

    def __init__(self, process: Process, ladder: Sequence[Rung]) -> None:
        self._process = process
        self._ladder = (*ladder, KILL)
        self._rung = -1
        self._deadline = 0.0

    def gone(self, hurry: int = 0) -> bool:
        """Whether the process has ended; sends the next signal when it is due.

        `hurry` is the rung to be on at least: 1 skips the patience of the first signal.
        """
        if self._process.poll() is not None:
            self._process.kill_rest()
            return True
        last = len(self._ladder) - 1
        wanted = min(hurry, last)
        if time.monotonic() >= self._deadline:
            wanted = max(wanted, min(self._rung + 1, last))
        if wanted > self._rung:
            self._rung = wanted
            self._deadline = time.monotonic() + self._ladder[wanted].seconds
            self._process.send(self._ladder[wanted].signal)
        return False


def say_farewell(
    process: Process, ladder: Sequence[Rung], hurry: Callable[[], int] = lambda: 0
) -> int:
    """End `process`, wait until nothing of it is left, and return its return code."""
    farewell = Farewell(process, ladder)
    while not farewell.gone(hurry()):
        time.sleep(POLL_SECONDS)
    wait_until_free(process.program.run_lock, grace=0, while_waiting=lambda: None)
    code = process.poll()
    assert code is not None
    return code


class LogFile:
    """The file a service writes its output to, and where in it the present run begins."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._start = 0

    def open(self) -> IO[bytes]:
        """Open for appending, with the previous file kept as *.1* once it has grown large."""
        if self._path.exists() and self._path.stat().st_size > _LOG_LIMIT_BYTES:
            self._path.replace(self._path.with_suffix(".log.1"))
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._start = os.fstat(descriptor).st_size
        return os.fdopen(descriptor, "wb")

    def explain_death(self, name: str, code: int, data: Path) -> str:
        """One line on why the run that began with `open` ended."""
        with self._path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._start, end - _TAIL_BYTES))
            output = file.read().decode("utf-8", "replace")
        return explain(name, code, output, data)
