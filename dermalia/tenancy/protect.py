"""Row-level security, composite foreign keys and grants, derived from the models.

A table is protected because its model says whose it is, not because somebody remembered to
write a policy. Everything here is idempotent and runs after each migration, as the owner.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import split_identifier

from dermalia.tenancy.models import ScopedRow
from dermalia.work.models import Work

APP, SWEEPER = "dermalia_app", "dermalia_sweeper"
SCHEMAS = ("public", "keystore")
IN_SCOPE = "practice_id = nullif(current_setting('app.practice_id', true), '')::int"


def scoped_models() -> Iterator[type[ScopedRow]]:
    """Every concrete model whose rows belong to a practice."""
    return (model for model in apps.get_models() if issubclass(model, ScopedRow))


def protect(connection: BaseDatabaseWrapper) -> None:
    """Bring grants, policies and composite keys of all tables in line with the models."""
    with connection.cursor() as cursor:
        for statement in statements():
            cursor.execute(statement)


def statements() -> Iterator[str]:
    """The SQL that ``protect`` runs, in order."""
    for schema in SCHEMAS:
        yield f"GRANT USAGE ON SCHEMA {schema} TO {APP}, {SWEEPER}"
        yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {APP}"
    yield f"GRANT SELECT ON django_migrations TO {APP}"
    for model in apps.get_models():
        yield from _grants(model)
    for scoped in scoped_models():
        yield from _row_level_security(scoped)
    for scoped in scoped_models():
        yield from _composite_keys(scoped)


def table_of(model: type[models.Model]) -> str:
    """The quoted, schema-qualified table name."""
    schema, name = split_identifier(model._meta.db_table)
    return f'"{schema or "public"}"."{name}"'


def _grants(model: type[models.Model]) -> Iterator[str]:
    table = table_of(model)
    rights = "SELECT, INSERT" if getattr(model, "append_only", False) else _FULL
    yield f"REVOKE ALL ON {table} FROM {APP}, {SWEEPER}"
    yield f"GRANT {rights} ON {table} TO {APP}"
    if issubclass(model, ScopedRow) and model.swept:
        yield f"GRANT SELECT ({', '.join(model.swept)}) ON {table} TO {SWEEPER}"
    if issubclass(model, Work):
        yield f"GRANT UPDATE (nudged_at) ON {table} TO {SWEEPER}"


_FULL = "SELECT, INSERT, UPDATE, DELETE"


def _row_level_security(model: type[ScopedRow]) -> Iterator[str]:
    table = table_of(model)
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield f"DROP POLICY IF EXISTS in_scope ON {table}"
    yield f"CREATE POLICY in_scope ON {table} USING ({IN_SCOPE}) WITH CHECK ({IN_SCOPE})"
    yield f"DROP POLICY IF EXISTS swept ON {table}"
    if model.swept:
        # Across practices; the column grants above let nothing else out.
        yield f"CREATE POLICY swept ON {table} TO {SWEEPER} USING (true) WITH CHECK (true)"


def _composite_keys(model: type[ScopedRow]) -> Iterator[str]:
    for field in model._meta.local_fields:
        target = field.related_model
        if not isinstance(field, models.ForeignKey) or not isinstance(target, type):
            continue
        if not issubclass(target, ScopedRow):
            continue
        yield _unique_within_practice(target)
        yield from _same_practice(model, field.column, target)


def _unique_within_practice(model: type[ScopedRow]) -> str:
    pk = model._meta.pk.column
    _, name = split_identifier(model._meta.db_table)
    return (
        f"CREATE UNIQUE INDEX IF NOT EXISTS {name}_in_practice"
        f" ON {table_of(model)} (practice_id, {pk})"
    )


def _same_practice(model: type[ScopedRow], column: str, target: type[ScopedRow]) -> Iterator[str]:
    _, name = split_identifier(model._meta.db_table)
    constraint = f"{name}_{column}_same_practice"
    yield f"ALTER TABLE {table_of(model)} DROP CONSTRAINT IF EXISTS {constraint}"
    yield (
        f"ALTER TABLE {table_of(model)} ADD CONSTRAINT {constraint}"
        f" FOREIGN KEY (practice_id, {column})"
        f" REFERENCES {table_of(target)} (practice_id, {target._meta.pk.column})"
        " DEFERRABLE INITIALLY DEFERRED"
    )
