"""Waiting for what other threads and processes do: looked at often, and not for ever."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 120.0  # used up only where something is broken, on the busiest machine, too


def until(
    look: Callable[[], T | None], otherwise: str | Callable[[], str] = "it did not come true"
) -> T:
    """What ``look`` finds, as soon as that is something; ``otherwise`` says what did not happen."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, otherwise() if callable(otherwise) else otherwise
        time.sleep(0.02)
    return found


def free_port() -> int:
    """A TCP port of this machine on which nobody listened a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def long_before(seconds: float) -> Iterator[None]:
    """What is inside is done in half the time that it would take if nobody gave up.

    That time must be far from what a busy machine may need.
    """
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds / 2
