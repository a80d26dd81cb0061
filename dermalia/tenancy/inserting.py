"""Inserting many rows by one statement with one array a column."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

from dermalia.tenancy.catalogue import table_of

if TYPE_CHECKING:
    Column = models.Field[Any, Any]


def insert_all(rows: Sequence[models.Model], *, ignore_conflicts: bool = False) -> None:
    """Insert new rows of one model, in the caller's transaction.

    ``bulk_create`` writes a placeholder for each value of each row as soon as one column is binary
    or is left to the database. Of hundreds of rows that takes far longer to write and to parse
    than Postgres takes to insert them.

    Values that the database gives, such as ids and defaults, are not read back.

    Args:
        ignore_conflicts: leave out what is there already.
    """
    alike: dict[tuple[Column, ...], list[list[object]]] = defaultdict(list)
    for row in rows:
        given = _given(row)
        alike[tuple(given)].append(list(given.values()))
    for columns, values in alike.items():
        _insert(type(rows[0]), columns, values, ignore_conflicts)


def _given(row: models.Model) -> dict["Column", object]:
    """What the row says itself, as the database takes it; the rest the database fills in."""
    given: dict[Column, object] = {}
    for field in row._meta.local_concrete_fields:
        value = field.pre_save(row, add=True)
        left_out = isinstance(value, DatabaseDefault) or (
            value is None and isinstance(field, models.AutoField)
        )
        if not left_out:
            given[field] = field.get_db_prep_save(value, connection)
    return given


def _insert(
    model: type[models.Model],
    columns: Sequence["Column"],
    values: Sequence[Sequence[object]],
    ignore_conflicts: bool,
) -> None:
    names = ", ".join(connection.ops.quote_name(str(column.column)) for column in columns)
    arrays = ", ".join(f"%s::{_type(column)}[]" for column in columns)
    conflicts = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    sql = f"INSERT INTO {table_of(model)} ({names}) SELECT * FROM unnest({arrays}){conflicts}"  # noqa: S608 (ours)
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(column) for column in zip(*values, strict=True)])


def _type(column: "Column") -> str:
    """Without its length: what is too long is refused, as by any other insert, not cut off."""
    return str(column.db_type(connection)).partition("(")[0]
