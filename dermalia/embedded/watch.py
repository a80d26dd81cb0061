"""Starting again what died, with patience but not for ever."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from dermalia.embedded.errors import EmbeddedError


class GaveUpError(EmbeddedError):
    """Something dies again as soon as it is started."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """After each death within `quick_seconds` of the start the wait doubles from
    `first_seconds`; after `quick_deaths` of them in a row there is no further try."""

    first_seconds: float = 0.2
    quick_seconds: float = 10.0
    quick_deaths: int = 5


class Watch:
    """Looks after one process: `tend` it often.

    `alive` says whether it runs; `bury` clears away a dead one and says how it died; `restart`
    starts it, or raises EmbeddedError.
    """

    def __init__(
        self,
        name: str,
        *,
        alive: Callable[[], bool],
        bury: Callable[[], str],
        restart: Callable[[], None],
        backoff: Backoff,
        log: Callable[[str], None],
    ) -> None:
        self.name = name
        self._alive = alive
        self._bury = bury
        self._restart = restart
        self._backoff = backoff
        self._log = log
        self._started = time.monotonic()
        self._quick_deaths = 0
        self._due: float | None = None

    def tend(self) -> None:
        """Notice a death, or start what is due; raises GaveUpError when patience is at its end."""
        if self._due is None:
            if not self._alive():
                self._schedule(self._bury())
        elif time.monotonic() >= self._due:
            self._due = None
            self._started = time.monotonic()
            try:
                self._restart()
            except EmbeddedError as error:
                self._schedule(str(error))

    def _schedule(self, cause: str) -> None:
        if time.monotonic() - self._started > self._backoff.quick_seconds:
            self._quick_deaths = 0
        self._quick_deaths += 1
        if self._quick_deaths >= self._backoff.quick_deaths:
            raise GaveUpError(
                f"{self.name} died {self._quick_deaths} times in a row within "
                f"{self._backoff.quick_seconds:.0f} s of its start; the last time: {cause}"
            )
        wait = self._backoff.first_seconds * 2 ** (self._quick_deaths - 1)
        self._log(f"{self.name} died ({cause}); starting it again in {wait:.1f} s.")
        self._due = time.monotonic() + wait
