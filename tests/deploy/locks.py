"""What a migration must not do to tables in use, while the old code still runs beside it."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import connection
from django.db.migrations import Migration, RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterIndexTogether,
    AlterModelTable,
    AlterUniqueTogether,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED

TAKES_AWAY = (RemoveField, DeleteModel, RenameField, RenameModel, AlterModelTable)
LOCKS = {
    AddIndex: "builds an index while nobody may write: AddIndexConcurrently",
    AddConstraint: "reads the table while nobody may use it: AddConstraintNotValid, then, in a"
    " migration of its own, ValidateConstraint; a unique one on an index made concurrently",
    AlterUniqueTogether: "builds an index while nobody may write",
    AlterIndexTogether: "builds an index while nobody may write",
}


def faults(migration: Migration, before: ProjectState) -> Iterator[str]:
    """A sentence for each operation that would stop or break a running installation.

    Args:
        before: the models as they are before the migration.

    Tables that the migration itself creates are empty and unknown to the old code: anything may
    be done to them. ``contract = True`` in a migration says that no version still in use reads
    what it takes away.
    """
    new: set[str] = set()
    state = before.clone()
    operations = list(_flat(migration.operations))
    for operation in operations:
        if isinstance(operation, CreateModel):
            new.add(operation.name_lower)
        if _model(operation) not in new:
            for fault in _faults(operation, state, migration):
                yield f"{migration.app_label}.{migration.name}: {operation.describe()}: {fault}"
        operation.state_forwards(migration.app_label, state)
    moves_data = [each for each in operations if isinstance(each, RunPython | RunSQL)]
    if any(isinstance(each, RunPython) for each in moves_data) and (
        migration.atomic or len(moves_data) < len(operations)
    ):
        yield (
            f"{migration.app_label}.{migration.name}: moves rows in the transaction that changes"
            " tables: a migration of its own, atomic = False, in batches"
        )


def _faults(operation: Operation, state: ProjectState, migration: Migration) -> Iterator[str]:
    if isinstance(operation, TAKES_AWAY) and not getattr(migration, "contract", False):
        yield "the old code still asks for it: a release later, with contract = True"
    if not isinstance(operation, AddIndexConcurrently | AddConstraintNotValid):
        yield from (reason for kind, reason in LOCKS.items() if isinstance(operation, kind))
    if isinstance(operation, AddField):
        yield from _added(operation.field)
    if isinstance(operation, AlterField):
        yield from _altered(operation, state, migration.app_label)


def _added(field: Any) -> Iterator[str]:
    if field.many_to_many or field.generated:
        yield "writes the table anew, or another one: not in one step"
    elif not field.null and field.db_default is NOT_PROVIDED:
        yield "rows that the old code inserts would lack it: null=True or db_default"
    if field.unique or field.db_index or field.remote_field:
        yield "builds an index or checks a key while nobody may write: those come by themselves"


def _altered(operation: AlterField, state: ProjectState, app: str) -> Iterator[str]:
    old: Any = state.models[app, operation.model_name_lower].fields[operation.name_lower]
    new: Any = operation.field
    after = state.clone()
    operation.state_forwards(app, after)
    if _kind(state, operation, app) != _kind(after, operation, app):
        yield "changes the column's type: a new column, filled in batches"
    if old.null and not new.null:
        yield "reads the table while nobody may use it: a check, not valid at first"
    if (new.unique, new.db_index) > (old.unique, old.db_index):
        yield "builds an index while nobody may write"


def _kind(state: ProjectState, operation: AlterField, app: str) -> str | None:
    model = state.apps.get_model(app, operation.model_name)
    kind: str | None = model._meta.get_field(operation.name).db_type(connection)
    return kind


def _model(operation: Operation) -> str:
    """The table's model, as migrations write it; empty for an operation on no single one."""
    named = getattr(operation, "model_name", "") or getattr(operation, "name", "")
    return str(named).lower()


def _flat(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        else:
            yield operation
