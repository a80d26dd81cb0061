"""Row-level security, composite foreign keys and append-only tables, derived from the models.

A table is protected because its model says whose it is, not because somebody remembered to
write a policy. Everything here is idempotent and runs after each migration, as the owner.
"""

from collections.abc import Iterator

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from dermalia.tenancy.catalogue import scoped_models, table_of
from dermalia.tenancy.grants import grants
from dermalia.tenancy.keys import missing_keys
from dermalia.tenancy.models import ScopedRow
from dermalia.tenancy.policies import NAMES, policies

# By a trigger as well as by grants: it holds the owner back too.
REFUSE_CHANGE_BODY = """
    BEGIN
        RAISE EXCEPTION 'rows of % are written once', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END
"""
REFUSE_CHANGE = f"""
    CREATE OR REPLACE FUNCTION public.refuse_change() RETURNS trigger LANGUAGE plpgsql
    AS $${REFUSE_CHANGE_BODY}$$
"""


def protect(connection: BaseDatabaseWrapper) -> None:
    """Bring grants, policies, keys and triggers of all tables in line with the models.

    In one transaction: whoever reads meanwhile sees neither a table without its policy nor a
    role without its rights.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '30s'")
        for statement in statements():
            cursor.execute(statement)
        # Only what is missing: Postgres looks through the whole table for each.
        for key in list(missing_keys(connection)):
            for statement in key.sql:
                cursor.execute(statement)


def statements() -> Iterator[str]:
    """The SQL that ``protect`` always runs, in order."""
    yield from grants()
    yield REFUSE_CHANGE
    for model in scoped_models():
        yield from _row_level_security(model)
        if model.append_only:
            yield from _written_once(model)


def _row_level_security(model: type[ScopedRow]) -> Iterator[str]:
    table = table_of(model)
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    for name in NAMES:
        yield f"DROP POLICY IF EXISTS {name} ON {table}"
    for policy in policies(model):
        yield f"CREATE POLICY {policy.name} ON {table} {policy.definition}"


def _written_once(model: type[ScopedRow]) -> Iterator[str]:
    for name, event, level in (
        ("written_once", "UPDATE OR DELETE", "ROW"),
        ("never_emptied", "TRUNCATE", "STATEMENT"),
    ):
        yield (
            f"CREATE OR REPLACE TRIGGER {name} BEFORE {event} ON {table_of(model)}"
            f" FOR EACH {level} EXECUTE FUNCTION public.refuse_change()"
        )
