"""Composite keys and the triggers of append-only tables."""

from collections.abc import Iterator

from dermalia.tenancy.catalogue import (
    Connection,
    rows,
    scoped_models,
    table_of,
)
from dermalia.tenancy.keys import missing_keys
from dermalia.tenancy.protect import REFUSE_CHANGE_BODY

# tgtype: row 1, before 2, delete 8, update 16, truncate 32.
TRIGGERS = """
    SELECT format('"%%s"."%%s"', relnamespace::regnamespace, relname), tgname FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE tgenabled IN ('O', 'A') AND tgqual IS NULL AND cardinality(tgattr) = 0
      AND pronamespace = 'public'::regnamespace AND proname = 'refuse_change' AND prosrc = %s
      AND (tgname, tgtype) IN (('written_once', 1 + 2 + 8 + 16), ('never_emptied', 2 + 32))
"""


def different_keys(connection: Connection) -> Iterator[str]:
    """Foreign keys between guarded tables that do not hold the practice as well."""
    for key in missing_keys(connection):
        yield f"The foreign key {key.name} is missing: a row could point into another practice."


def different_triggers(connection: Connection) -> Iterator[str]:
    """Append-only tables whose rows their owner could change."""
    found = set(rows(connection, TRIGGERS, [REFUSE_CHANGE_BODY]))
    for model in scoped_models():
        for name in ("written_once", "never_emptied") if model.append_only else ():
            if (table_of(model), name) not in found:
                yield f"{table_of(model)} lacks the trigger {name}: its rows could be changed."
