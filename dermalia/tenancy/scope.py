"""The scope itself: a transaction in which Postgres lets one practice's rows through."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


class _Here(threading.local):
    """Which practice is in scope. Kept per thread, as the connection is that holds the scope."""

    practice_id: int | None = None
    # What stands for the practice while a statement is put together that any may ask.
    place: object = None


_here = _Here()


class NoPracticeScope(RuntimeError):
    """A practice's rows were asked for outside of any practice's scope."""


def current_practice() -> int:
    """The id of the practice in scope.

    Raises:
        NoPracticeScope: outside of ``practice_scope``.
    """
    if _here.place is not None:
        raise NoPracticeScope("A statement for any practice is being put together.")
    if _here.practice_id is None:
        raise NoPracticeScope("Open practice_scope(practice_id) before touching its rows.")
    return _here.practice_id


def practice_to_filter_by() -> object:
    """The practice in scope, or its place in a statement that is being put together."""
    return current_practice() if _here.place is None else _here.place


@contextmanager
def for_any_practice(place: object) -> Iterator[None]:
    """Let managers filter by ``place``, and refuse to tell which practice is in scope.

    For ``dermalia.tenancy.statements`` alone: what is put together in here is asked by others.
    """
    _here.place = place
    try:
        yield
    finally:
        _here.place = None


def in_scope() -> bool:
    """Whether a practice's scope is open in this thread."""
    return _here.practice_id is not None


@contextmanager
def practice_scope(practice_id: int) -> Iterator[None]:
    """A transaction that sees the rows of one practice only.

    Scopes nest; the outer one holds again afterwards, also after an inner commit, which by
    itself would leak its ``SET LOCAL`` outwards. Do not yield from inside a scope: it belongs
    to the thread, so whoever runs the generator stands in it until it goes on.
    """
    # Without autocommit a transaction is open already, and goes on when ours has ended.
    outer, inside = _here.practice_id, not connection.get_autocommit()
    with transaction.atomic():
        _tell_postgres(practice_id)
        _here.practice_id = int(practice_id)
        try:
            yield
        finally:
            _here.practice_id = outer
        # Reached on success only: a rollback takes the inner setting back by itself, and so
        # does the end of the transaction, if this is where it ends.
        if inside and not connection.needs_rollback:
            _tell_postgres(outer)


def _tell_postgres(practice_id: int | None) -> None:
    value = "" if practice_id is None else str(int(practice_id))
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.practice_id', %s, true)", [value])
