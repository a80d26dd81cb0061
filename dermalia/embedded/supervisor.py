"""Runs the services and the application's processes in the foreground until told to stop."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from dermalia.embedded.children import Child, RunningChild
from dermalia.embedded.output import Console, Pump
from dermalia.embedded.services import Services
from dermalia.embedded.watch import Backoff, GaveUpError, Watch

_NAME = "dermalia"
_TURN_SECONDS = 0.1
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# `make` and process managers repeat a signal to the whole group: that is one wish, not two.
_SAME_WISH_SECONDS = 0.3


class _StopWished(Exception):
    """Someone asked the supervisor to stop."""


class Supervisor:
    """Keeps `services` and `children` running in this process's foreground.

    `on_child_death` gets the name of a child that died, before it is started again; `on_ready`
    is called once when all have been started; `log` gets the supervisor's own lines (default:
    standard error, where the children's output goes too, unless `quiet` sends that to
    <data>/logs/<name>.log). The services write to such files always.
    """

    def __init__(
        self,
        services: Services,
        children: Sequence[Child],
        on_child_death: Callable[[str], None] | None = None,
        log: Callable[[str], None] | None = None,
        *,
        on_ready: Callable[[], None] | None = None,
        quiet: bool = False,
        backoff: Backoff | None = None,
    ) -> None:
        console = Console([_NAME, *(child.name for child in children)])
        self._services = services
        self._pump = Pump(console)
        self._log = log or (lambda line: console.write(_NAME, line))
        self._on_child_death = on_child_death
        self._on_ready = on_ready
        self._backoff = backoff or Backoff()
        self._children = [
            RunningChild(child, services.layout, None if quiet else self._pump)
            for child in children
        ]
        self._stops = 0
        self._last_stop = 0.0

    def run(self) -> int:
        """Start everything, watch over it, and stop it in order on SIGINT, SIGTERM or SIGHUP.

        Children stop first, then S3, Redis and Postgres; a second signal skips their patience.
        Services that already run are taken over. Returns 0 after a wished stop, 1 after giving
        up on something that dies again and again. Raises EmbeddedError if the services do not
        start. Call it once, from a thread that lives on.
        """
        with self._signals():
            try:
                self._start()
                self._watch()
            except _StopWished:
                return 0
            except GaveUpError as end:
                self._log(str(end))
                return 1
            finally:
                self._stop_all()

    def stop(self) -> None:
        """Wish for the end of `run`, from any thread; a second wish hurries."""
        now = time.monotonic()
        if now - self._last_stop > _SAME_WISH_SECONDS:
            self._last_stop = now
            self._stops += 1

    def _start(self) -> None:
        self._services.while_waiting = self._turn
        if not self._services.running:
            self._services.start()
        for child in self._children:
            child.start()
        if self._on_ready is not None:
            self._on_ready()

    def _watch(self) -> NoReturn:
        services = [self._watch_service(name) for name in self._services.names]
        children = [self._watch_child(child) for child in self._children]
        while True:
            self._turn(_TURN_SECONDS)
            for watch in services:
                watch.tend()
            if self._services.check():
                continue  # Without its services a child could only die again.
            for watch in children:
                watch.tend()

    def _watch_service(self, name: str) -> Watch:
        return Watch(
            name,
            alive=lambda: name not in self._services.check(),
            bury=lambda: self._services.last_words(name),
            restart=lambda: self._services.restart(name),
            backoff=self._backoff,
            log=self._log,
        )

    def _watch_child(self, child: RunningChild) -> Watch:
        return Watch(
            child.name,
            alive=child.alive,
            bury=lambda: self._bury(child),
            restart=child.start,
            backoff=self._backoff,
            log=self._log,
        )

    def _bury(self, child: RunningChild) -> str:
        cause = child.bury()
        if self._on_child_death is not None:
            try:
                self._on_child_death(child.name)
            except Exception as error:  # noqa: BLE001 - the caller's code must not end ours
                self._log(f"after the death of {child.name}: {type(error).__name__}: {error}")
        return cause

    def _turn(self, seconds: float = 0.0) -> None:
        """Pass on output for `seconds`; raises _StopWished once someone wished for it."""
        self._pump.turn(seconds)
        if self._stops:
            raise _StopWished

    def _stop_all(self) -> None:
        self._services.while_waiting = lambda: None
        children = list(self._children)
        while children := [child for child in children if not child.gone(self._hurry())]:
            self._pump.turn(_TURN_SECONDS)
        self._services.stop(self._hurry)
        self._pump.close()

    def _hurry(self) -> int:
        """Rungs of patience to skip: none for the first wish to stop, one for each further."""
        return max(0, self._stops - 1)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # Python gives signals to the main thread alone; `stop` does the same.
            return
        before = {number: signal.signal(number, lambda *_: self.stop()) for number in _STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
