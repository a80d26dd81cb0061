"""Taking scans in the background, as a device needs its time too."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from dermalia.sandbox.isemeco.captured import Captured

SYNTHETIC = "Synthetic face"
ANOTHER_DAY = "The same face, another day"
_FIRST_SEED = 3  # a face that shows every metric well comes first


def synthetic_capture(seed: int, sitting: int = 0) -> Captured:
    """A synthetic face in full size. Takes seconds and several cores.

    Args:
        sitting: the same face on another day.
    """
    from dermalia.sandbox.face import make_capture

    return make_capture(
        seed=seed, sitting=sitting, triangles=200_000, texture_size=4096, overlay_size=2048
    )


class Studio:
    """Makes captures one at a time, each on a daemon thread, so that a stop never waits for one."""

    def __init__(
        self, captures: Mapping[str, Captured], synthetic: Callable[[int, int], Captured]
    ) -> None:
        self._captures = dict(captures)
        self._synthetic = synthetic
        self._seeds = itertools.count(_FIRST_SEED)
        self._sitter = (_FIRST_SEED, 0)  # who sat last, and how often before
        self._turn = threading.Lock()
        self._state = threading.Lock()
        self._in_progress = 0
        self._failure: str | None = None

    @property
    def subjects(self) -> tuple[str, ...]:
        """What can be scanned, the given captures first."""
        return (*self._captures, SYNTHETIC, ANOTHER_DAY)

    @property
    def in_progress(self) -> int:
        """How many scans are being taken or wait for their turn."""
        return self._in_progress

    @property
    def failure(self) -> str | None:
        """Why the last scan that failed did so."""
        return self._failure

    def take(self, subject: str, keep: Callable[[Captured], str]) -> Future[str]:
        """Capture a subject, then hand it to ``keep``; the future gives what that returns.

        Raises KeyError for a subject not on offer.
        """
        make = self._maker(subject)
        taken: Future[str] = Future()
        with self._state:
            self._in_progress += 1

        def work() -> None:
            try:
                with self._turn:
                    scan_id = keep(make())
            except Exception as fault:  # noqa: BLE001 whatever it is, it belongs to the future's owner
                self._done(f"{type(fault).__name__}: {fault}")
                taken.set_exception(fault)
            else:
                self._done(None)
                taken.set_result(scan_id)

        threading.Thread(target=work, name="take-scan", daemon=True).start()
        return taken

    def _maker(self, subject: str) -> Callable[[], Captured]:
        if subject in (SYNTHETIC, ANOTHER_DAY):
            seed, sitting = self._sitter
            again = subject == ANOTHER_DAY
            self._sitter = sitter = (seed, sitting + 1) if again else (next(self._seeds), 0)
            return lambda: self._synthetic(*sitter)
        capture = self._captures[subject]
        return lambda: capture

    def _done(self, failure: str | None) -> None:
        with self._state:
            self._in_progress -= 1
            self._failure = failure or self._failure
