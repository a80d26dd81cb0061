"""A process of the application that dies at a chosen moment, as by ``kill -9``."""

import os
import signal
from collections.abc import Callable
from typing import NoReturn

from django.db import connections


def die(*_: object, **__: object) -> NoReturn:
    """The process ends here, without a word to anybody."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("killed processes do not go on")


def killed(work: Callable[[], object]) -> bool:
    """Do the work in a process of its own; whether it was killed over it.

    Needs a database where commits are real: the child opens connections of its own.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            # None of the parent's clean-up is the child's to do.
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
