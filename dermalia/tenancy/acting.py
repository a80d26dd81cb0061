"""For which practice this code is at work: inside its scope, and between two of them.

A worker closes the scope before it speaks to a service; whom it speaks for is known all the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from dermalia.tenancy.scope import current_practice, in_scope

_acting: ContextVar[int | None] = ContextVar("acting", default=None)


@contextmanager
def acting_for(practice_id: int) -> Iterator[None]:
    """Whatever the block does is done for this practice; opens no scope."""
    before = _acting.set(practice_id)
    try:
        yield
    finally:
        _acting.reset(before)


def practice_at_work() -> int | None:
    """The id of the practice in scope, else of the one the work is done for, else None."""
    return current_practice() if in_scope() else _acting.get()
