"""The workers' time limits, for tasks that run outside of Celery's pool."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from celery.exceptions import SoftTimeLimitExceeded


@contextmanager
def time_limits(*, soft: float, hard: float) -> Iterator[None]:
    """Interrupt the block after ``soft`` seconds, end the process after ``hard``.

    Only in the main thread. The hard limit is the kernel's own: SIGALRM with its default
    action needs no Python to run, so it also ends code that never comes back to Python.

    Raises:
        SoftTimeLimitExceeded: in the block, which may still write down how it ended.
    """
    main = threading.main_thread().ident
    assert main is not None
    before = signal.signal(signal.SIGUSR1, _exceeded)
    warning = threading.Timer(soft, signal.pthread_kill, (main, signal.SIGUSR1))
    warning.daemon = True
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, hard)
    warning.start()
    try:
        yield
    finally:
        warning.cancel()
        warning.join()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGUSR1, before)


def _exceeded(*_: object) -> None:
    raise SoftTimeLimitExceeded
