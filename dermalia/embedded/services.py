"""Postgres, Redis and S3 of one data folder."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from dermalia.embedded.accounts import service_account
from dermalia.embedded.binaries import Binaries
from dermalia.embedded.credentials import environment
from dermalia.embedded.errors import EmbeddedError, one_line_errors
from dermalia.embedded.layout import Layout
from dermalia.embedded.locks import FolderLock, wait_until_free
from dermalia.embedded.postgres import Postgres
from dermalia.embedded.redis import Redis
from dermalia.embedded.s3 import ObjectStorage
from dermalia.embedded.service import Service

_KINDS: tuple[type[Service], ...] = (Redis, ObjectStorage, Postgres)
_LEFTOVER_SECONDS = 0.5


def _do_nothing() -> None:
    pass


class Services:
    """The three servers of the prepared data folder `data`, for as long as this process lives.

    With `durable` off nothing is synced to disk, so a power cut loses data: for tests.
    `while_waiting` is called every few milliseconds while a server starts; what it raises ends
    the start.

    Start them from a thread that lives as long as they should: when it ends, even by SIGKILL,
    the kernel tells the servers to stop. A later start waits for them and goes on from their
    data.
    """

    def __init__(
        self,
        data: Path,
        *,
        durable: bool = True,
        binaries: Binaries | None = None,
        while_waiting: Callable[[], None] = _do_nothing,
    ) -> None:
        self.layout = Layout.of(data)
        self.while_waiting = while_waiting
        self._durable = durable
        self._binaries = binaries
        self._lock = FolderLock(self.layout.lock)
        self._services: dict[str, Service] = {}
        self._started = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether `start` has succeeded and `stop` has not been called since."""
        return self._started

    def start(self) -> None:
        """Start all three and wait until each has answered a request.

        Raises NotPrepared if `prepare` never ran, and EmbeddedError, in one line, if another
        process runs these services or one of them does not start; nothing is left running.
        """
        with one_line_errors(self.layout.data):
            environment(self.layout.data)
            self._lock.acquire()
            try:
                self._start_all()
                self._started = True
            except BaseException:
                self.stop()
                raise

    def stop(self, hurry: Callable[[], int] = lambda: 0) -> None:
        """Stop S3, Redis and Postgres, in this order; fine if they do not run.

        `hurry` is asked again and again how many rungs of patience to skip (0: none).
        """
        services, self._services = self._services, {}
        self._started = False
        # A stack, so that one that cannot be stopped does not keep the others running.
        with ExitStack() as stack:
            stack.callback(self._lock.release)
            if self._lock.held:
                stack.callback(self.layout.remove_alias)
            for name in ("postgres", "redis", "s3"):
                if name in services:
                    stack.callback(services[name].stop, hurry)

    @property
    def names(self) -> list[str]:
        return list(self._services)

    def check(self) -> list[str]:
        """Names (`postgres`, `redis`, `s3`) of those that have died."""
        self.layout.ensure_alias()
        return [name for name, service in self._services.items() if not service.alive()]

    def restart(self, name: str) -> None:
        """Start the service `name` again, dead or alive, and wait until it answers.

        Raises EmbeddedError, in one line, if it does not start.
        """
        if name not in self._services:
            raise EmbeddedError(f"{name} does not run here, so it cannot be restarted.")
        service = self._services[name]
        with one_line_errors(self.layout.data):
            if service.alive():
                service.stop()
            try:
                service.launch()
                service.await_ready()
            except BaseException:
                service.stop()
                raise

    def last_words(self, name: str) -> str:
        """One line on why the dead service `name` died."""
        return self._services[name].last_words()

    def _wait(self) -> None:
        # Looked up at each call: the supervisor takes over services that already run.
        self.while_waiting()

    def _start_all(self) -> None:
        self.layout.create_folders()
        self.layout.ensure_alias()
        self._clear_leftovers()
        account = service_account(self.layout.postgres)
        binaries = (self._binaries or Binaries.installed()).usable_by(account)
        for kind in _KINDS:
            service = kind(
                self.layout,
                binaries,
                account,
                durable=self._durable,
                while_waiting=self._wait,
            )
            self._services[kind.name] = service
            # The next one starts while this one does; the slowest, Postgres, comes last
            # because creating its cluster holds up this thread.
            service.launch()
        for started in self._services.values():
            started.await_ready()

    def _clear_leftovers(self) -> None:
        """End what is left of the application's processes from a run that was killed.

        The kernel ended the processes themselves, not what they had forked: a worker's pool
        would go on with its task beside the new one. The services see to their own leftovers.
        """
        ours = {kind.name for kind in _KINDS}
        for run_lock in self.layout.run.glob("*.lock"):
            if run_lock.stem not in ours:
                wait_until_free(run_lock, grace=_LEFTOVER_SECONDS, while_waiting=self._wait)
