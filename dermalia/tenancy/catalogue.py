"""Which models are guarded, what their tables are called, and asking Postgres about them."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from django.apps import apps
from django.db import models
from django.db.backends.utils import split_identifier

from dermalia.tenancy.models import ScopedRow

SCHEMAS = ("public", "keystore")


def scoped_models() -> Iterator[type[ScopedRow]]:
    """Every concrete model whose rows belong to a practice."""
    return (model for model in apps.get_models() if issubclass(model, ScopedRow))


def keys_between_practice_owned(
    model: type[ScopedRow],
) -> Iterator[tuple[models.ForeignKey[models.Model, models.Model], type[ScopedRow]]]:
    """The foreign keys of a guarded model that point to guarded models, with their targets."""
    for field in model._meta.local_fields:
        target = field.related_model
        if not isinstance(field, models.ForeignKey) or not isinstance(target, type):
            continue
        if issubclass(target, ScopedRow):
            yield field, target


def table_of(model: type[models.Model]) -> str:
    """The quoted, schema-qualified table name."""
    schema, name = split_identifier(model._meta.db_table)
    return f'"{schema or "public"}"."{name}"'


def bare_name(model: type[models.Model]) -> str:
    """The table's name without its schema."""
    return split_identifier(model._meta.db_table)[1]


class Connection(Protocol):
    """Django's or psycopg's own."""

    def cursor(self) -> Any: ...


def rows(connection: Connection, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """The rows that ``sql`` gives. A percent sign in it is written twice."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
