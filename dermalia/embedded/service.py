"""What Postgres, Redis and S3 have in common: run in an own folder, answer, stop."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from dermalia.embedded.accounts import Account, hand_over, require_own
from dermalia.embedded.binaries import Binaries
from dermalia.embedded.errors import EmbeddedError
from dermalia.embedded.layout import Layout
from dermalia.embedded.locks import wait_until_free
from dermalia.embedded.process import POLL_SECONDS, LogFile, Process, Program, Rung, say_farewell

# Nothing of ours (secrets, proxies, PG* settings) is a service's business.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"}


class Service(ABC):
    """One server of a data folder.

    It runs with its own folder as working directory and names every file relative to that:
    so it needs no right to any folder above, and a data folder under a closed home works as
    it is.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    ladder: ClassVar[Sequence[Rung]]
    # Leftovers of an earlier run have been told to end; how long until they are killed.
    leftover_seconds: ClassVar[float] = 5
    start_seconds: ClassVar[float] = 30

    def __init__(
        self,
        layout: Layout,
        binaries: Binaries,
        account: Account | None,
        *,
        durable: bool,
        while_waiting: Callable[[], None],
    ) -> None:
        self.layout = layout
        self.binaries = binaries
        self.account = account
        self.durable = durable
        self.while_waiting = while_waiting
        self._log = LogFile(layout.log(self.name))
        self._process: Process | None = None

    @property
    @abstractmethod
    def folder(self) -> Path:
        """The folder that belongs to this service and its account."""

    @abstractmethod
    def program(self) -> Program:
        """The server to run, once `make_ready` has returned."""

    @abstractmethod
    def make_ready(self) -> None:
        """Create or mend the files of the service; nothing of it runs."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server answers a real request by now."""

    def settle(self) -> None:  # noqa: B027 - most have nothing to settle
        """Create or mend what needs the running server; idempotent."""

    def launch(self) -> None:
        """Start the server without waiting for it, after what an earlier run left is gone."""
        # What outlives the death of our own server was not told to end: kill it at once.
        grace = 0 if self._process is not None else self.leftover_seconds
        run_lock = self.layout.run_lock(self.name)
        wait_until_free(run_lock, grace=grace, while_waiting=self.while_waiting)
        hand_over(self.folder, self.account)
        require_own(self.folder)
        self.make_ready()
        self._process = self.start_process(self.program())

    def await_ready(self) -> None:
        """Wait until the server answers and is settled.

        Raises EmbeddedError, in one line, if it dies or is silent for `start_seconds`.
        """
        deadline = time.monotonic() + self.start_seconds
        while not self.answers():
            self._require_alive()
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"{self.label} does not answer after {self.start_seconds:.0f} s: "
                    f"see {self.layout.log(self.name)}."
                )
            self.pause()
        self._require_alive()
        self.settle()

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, hurry: Callable[[], int] = lambda: 0) -> int | None:
        """Stop the server and wait until nothing of it is left.

        Returns its return code, or None if it was not started.
        """
        if self._process is None:
            return None
        code = say_farewell(self._process, self.ladder, hurry)
        self._process = None
        return code

    def start_process(self, program: Program) -> Process:
        with self._log.open() as output:
            return Process.start(program, output)

    def finish(self, program: Program) -> None:
        """Run `program` to its end; raises EmbeddedError, in one line, if it fails."""
        process = self.start_process(program)
        try:
            while (code := process.poll()) is None:
                self.pause()
        except BaseException:
            say_farewell(process, ())
            raise
        if code != 0:
            raise EmbeddedError(self._log.explain_death(self.label, code, self.layout.data))

    def pause(self) -> None:
        self.while_waiting()
        time.sleep(POLL_SECONDS)

    def new_program(
        self,
        argv: Sequence[str | Path],
        *,
        death_signal: int,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        listener: int = -1,
    ) -> Program:
        return Program(
            name=self.name,
            argv=argv,
            run_lock=self.layout.run_lock(self.name),
            env=_ENVIRONMENT | dict(env or {}),
            death_signal=death_signal,
            cwd=cwd or self.folder,
            account=self.account,
            listener=listener,
        )

    def last_words(self) -> str:
        """One line on why the server died."""
        code = self._process.poll() if self._process is not None else None
        if code is None:
            return f"{self.label} was not started."
        return self._log.explain_death(self.label, code, self.layout.data)

    def _require_alive(self) -> None:
        if not self.alive():
            raise EmbeddedError(self.last_words())
