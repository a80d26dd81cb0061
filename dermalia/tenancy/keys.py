"""The composite foreign keys between guarded tables: they hold the practice as well."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from dermalia.tenancy.catalogue import (
    Connection,
    bare_name,
    keys_between_practice_owned,
    rows,
    scoped_models,
    table_of,
)

FOUND = """
    SELECT conname,
           format('"%%s"."%%s"', here.relnamespace::regnamespace, here.relname),
           format('"%%s"."%%s"', there.relnamespace::regnamespace, there.relname),
           ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS k(number, place)
                 JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place),
           ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY AS k(number, place)
                 JOIN pg_attribute ON attrelid = confrelid AND attnum = number ORDER BY place)
    FROM pg_constraint
    JOIN pg_class here ON here.oid = conrelid JOIN pg_class there ON there.oid = confrelid
    WHERE contype = 'f' AND convalidated AND condeferred
"""


@dataclass(frozen=True, slots=True)
class CompositeKey:
    """``table (practice_id, column)`` refers to ``target (practice_id, referenced)``."""

    name: str
    table: str
    target: str
    column: str
    referenced: str
    index: str = field(compare=False, default="")

    @property
    def sql(self) -> Iterator[str]:
        """Makes the key, in place of any other of its name."""
        yield (
            f"CREATE UNIQUE INDEX IF NOT EXISTS {self.index}"
            f" ON {self.target} (practice_id, {self.referenced})"
        )
        yield f"ALTER TABLE {self.table} DROP CONSTRAINT IF EXISTS {self.name}"
        yield (
            f"ALTER TABLE {self.table} ADD CONSTRAINT {self.name}"
            f" FOREIGN KEY (practice_id, {self.column})"
            f" REFERENCES {self.target} (practice_id, {self.referenced})"
            " DEFERRABLE INITIALLY DEFERRED"
        )


def missing_keys(connection: Connection) -> Iterator[CompositeKey]:
    """The keys that the models ask for and the database does not have."""
    found = {
        CompositeKey(name, here, there, columns[-1], referenced[-1])
        for name, here, there, columns, referenced in rows(connection, FOUND)
        if (len(columns), columns[0], referenced[0]) == (2, "practice_id", "practice_id")
    }
    return (key for key in _wanted() if key not in found)


def _wanted() -> Iterator[CompositeKey]:
    for model in scoped_models():
        for foreign_key, target in keys_between_practice_owned(model):
            yield CompositeKey(
                name=f"{bare_name(model)}_{foreign_key.column}_same_practice",
                table=table_of(model),
                target=table_of(target),
                column=str(foreign_key.column),
                referenced=str(target._meta.pk.column),
                index=f"{bare_name(target)}_in_practice",
            )
