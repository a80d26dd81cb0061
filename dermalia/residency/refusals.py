"""What becomes of a connection that was refused: an error, a line, a count and an alarm."""

import errno
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

from dermalia.operations.metrics import counters

logger = logging.getLogger(__name__)

ALARM_SECONDS = 60.0  # refusals of one minute are one entry: a library tries again and again
_NAMES = 256  # different destinations that are counted one by one; the others together
ELSEWHERE = "others"

_lock = threading.Lock()
_counted: Counter[str] = Counter()
_untold: Counter[str] = Counter()
_reporting = threading.local()
_tell: Callable[[Mapping[str, int]], None] | None = None
_teller: tuple[int, threading.Thread] | None = None


class ConnectionNotAdmitted(PermissionError):
    """The register does not name where the connection would lead. Nothing was sent.

    An ``OSError``, so that each library treats it as a host that cannot be reached.
    """

    def __init__(self, what: str) -> None:
        super().__init__(errno.EACCES, f"{what} is not in the register of services")


def refused() -> dict[str, int]:
    """Connections and look-ups this process has refused, by destination (``host:port``)."""
    with _lock:
        return dict(_counted)


def tell_by(teller: Callable[[Mapping[str, int]], None] | None) -> None:
    """Have ``teller`` write down for good what is refused from now on, or nobody.

    It is called in a thread of its own, at most once in ``ALARM_SECONDS``, with the number of
    refusals by destination since it was called last.
    """
    global _tell  # noqa: PLW0603 (one alarm per process, as there is one guard)
    _tell = teller


def refuse(what: str) -> None:
    """Count, write a line, ring, and raise.

    Args:
        what: host and port, or a name that was to be looked up; no path, no person.

    Raises:
        ConnectionNotAdmitted: always.
    """
    shown = ascii(what)[1:-1][:260]  # one line, whatever a library was told to look up
    # Whatever writes lines down may itself want to connect, and be refused.
    if not getattr(_reporting, "busy", False):
        _reporting.busy = True
        try:
            _count(shown)
            logger.error("Refused a connection to %s: not in the register of services", shown)
            _ring()
        finally:
            _reporting.busy = False
    raise ConnectionNotAdmitted(shown)


def _count(what: str) -> None:
    counters.REFUSED.inc()
    with _lock:
        known = what in _counted or len(_counted) < _NAMES
        _counted[what if known else ELSEWHERE] += 1
        _untold[what if known else ELSEWHERE] += 1


def _ring() -> None:
    """Wake the teller; a child has no threads of the process that forked it."""
    global _teller  # noqa: PLW0603
    if _tell is None:
        return
    with _lock:
        if _teller is not None and _teller[0] == os.getpid() and _teller[1].is_alive():
            return
        thread = threading.Thread(target=_tell_on, name="refused connections", daemon=True)
        _teller = os.getpid(), thread
    thread.start()


def _tell_on() -> None:
    """Tell at once, and go on for as long as there is something new."""
    global _teller  # noqa: PLW0603
    while True:
        with _lock:
            news = dict(_untold)
            if not news:
                _teller = None
                return
            _untold.clear()
        try:
            if _tell is not None:
                _tell(news)
        except Exception as error:  # noqa: BLE001 (an alarm must not end what it watches)
            logger.error("Refused connections cannot be written down: %s", type(error).__name__)
            with _lock:
                _untold.update(news)
        time.sleep(ALARM_SECONDS)


def _after_fork() -> None:
    # Another thread of the parent may have held it at that very moment.
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
