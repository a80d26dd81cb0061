"""The scope itself: a transaction in which Postgres lets one practice's rows through."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

_current: ContextVar[int | None] = ContextVar("practice", default=None)


class NoPracticeScope(RuntimeError):
    """A practice's rows were asked for outside of any practice's scope."""


def current_practice() -> int:
    """The id of the practice in scope.

    Raises:
        NoPracticeScope: outside of ``practice_scope``.
    """
    practice_id = _current.get()
    if practice_id is None:
        raise NoPracticeScope("Open practice_scope(practice_id) before touching its rows.")
    return practice_id


@contextmanager
def practice_scope(practice_id: int) -> Iterator[None]:
    """A transaction that sees the rows of one practice only.

    Scopes nest; the outer one holds again afterwards, also after an inner commit, which by
    itself would leak its ``SET LOCAL`` outwards.
    """
    outer = _current.get()
    with transaction.atomic():
        _tell_postgres(practice_id)
        token = _current.set(practice_id)
        try:
            yield
        finally:
            _current.reset(token)
        # Reached on success only: a rollback takes the inner setting back by itself.
        _tell_postgres(outer)


def _tell_postgres(practice_id: int | None) -> None:
    value = "" if practice_id is None else str(int(practice_id))
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.practice_id', %s, true)", [value])
