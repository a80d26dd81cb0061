"""Deleting the rows of scans and their reports, many at once, and counting what went of each."""

from collections import Counter
from collections.abc import Iterator, Mapping
from uuid import UUID

from django.db import connection, models

from dermalia.tenancy.catalogue import rows, table_of
from reports.models import Report
from scans.models import Scan


def delete_rows(report_of: Mapping[UUID, UUID | None]) -> dict[UUID, Counter[str]]:
    """Delete everything of the scans, in the practice in scope; what outlives them lets go of them.

    By the owner's id, never through a join: row security hides the index from the planner.

    Args:
        report_of: by each scan's id the id of its report, if it came to one. The caller holds
            the rows of both, so that nothing is added to them meanwhile.

    Returns:
        By each scan's id how many rows of which model went.
    """
    deleted: dict[UUID, Counter[str]] = {scan_id: Counter() for scan_id in report_of}
    scan_of = {report_id: scan_id for scan_id, report_id in report_of.items() if report_id}
    itself = {scan_id: scan_id for scan_id in report_of}
    for model, owners in ((Report, scan_of), (Scan, itself)):
        _let_go(model, list(owners))
        for owned, column in (*_owned(model), (model, str(model._meta.pk.column))):
            for owner_id in _delete(owned, column, list(owners)):
                deleted[owners[owner_id]][owned._meta.label] += 1
    return deleted


def relations(
    model: type[models.Model],
) -> Iterator[tuple[models.ForeignKey[models.Model, models.Model], object]]:
    """Every foreign key that points to the model, with what becomes of its row (``on_delete``)."""
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel):  # one to one is a kind of it
            yield relation.field, relation.on_delete


def _owned(model: type[models.Model]) -> Iterator[tuple[type[models.Model], str]]:
    """What goes with a row of the model, each with the column that says whose it is."""
    for key, on_delete in relations(model):
        if on_delete is models.CASCADE:
            yield key.model, str(key.column)


def _let_go(model: type[models.Model], ids: list[UUID]) -> None:
    for key, on_delete in relations(model):
        if on_delete is models.SET_NULL:
            column = connection.ops.quote_name(str(key.column))
            sql = f"UPDATE {table_of(key.model)} SET {column} = NULL WHERE {column} = ANY(%s)"  # noqa: S608 (ours)
            with connection.cursor() as cursor:
                cursor.execute(sql, [ids])


def _delete(model: type[models.Model], column: str, ids: list[UUID]) -> list[UUID]:
    """The value of ``column`` of each row that went."""
    name = connection.ops.quote_name(column)
    sql = f"DELETE FROM {table_of(model)} WHERE {name} = ANY(%s) RETURNING {name}"  # noqa: S608 (ours)
    return [owner_id for (owner_id,) in rows(connection, sql, [ids])]
