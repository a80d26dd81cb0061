"""Rights on tables, columns and schemas."""

from collections.abc import Iterator

from django.apps import apps

from dermalia.tenancy.catalogue import SCHEMAS, Connection, rows, table_of
from dermalia.tenancy.grants import MIGRATIONS, MIGRATIONS_RIGHTS, ROLES, rights

# Every right on a table or column that is not its owner's.
GRANTED = """
    SELECT format('"%%s"."%%s"', relnamespace::regnamespace, relname),
           CASE grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(grantee)::text END,
           privilege_type
    FROM pg_class, aclexplode(relacl)
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND grantee <> relowner
      AND relnamespace::regnamespace::text = ANY(%s)
    UNION ALL
    SELECT format('"%%s"."%%s"', relnamespace::regnamespace, relname),
           CASE grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(grantee)::text END,
           format('%%s (%%s)', privilege_type, attname)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid, aclexplode(attacl)
    WHERE grantee <> relowner AND relnamespace::regnamespace::text = ANY(%s)
"""
MAY_CREATE = """
    SELECT rolname, schema FROM pg_roles, unnest(%s::text[]) AS schema
    WHERE rolname = ANY(%s) AND has_schema_privilege(rolname, schema, 'CREATE')
"""
# Rights that tables yet to be made would have by themselves.
DEFAULTS = """
    SELECT pg_get_userbyid(defaclrole), defaclacl::text FROM pg_default_acl
    WHERE defaclobjtype IN ('r', 'S') AND (defaclnamespace = 0
      OR defaclnamespace::regnamespace::text = ANY(%s))
"""


def different_rights(connection: Connection) -> Iterator[str]:
    """Rights that a role has and should not have, or lacks and needs."""
    schemas = list(SCHEMAS)
    wanted = set(_wanted())
    found = set(rows(connection, GRANTED, [schemas, schemas]))
    for name, role, right in sorted(found - wanted):
        yield f"{role} may {right} on {name}, which is more than it should."
    for name, role, right in sorted(wanted - found):
        yield f"{role} may not {right} on {name}, which it needs."
    for role, schema in rows(connection, MAY_CREATE, [schemas, list(ROLES)]):
        yield f"{role} may create tables and functions in the schema {schema}."
    for owner, acl in rows(connection, DEFAULTS, [schemas]):
        yield f"Default privileges of {owner} open tables yet to be made: {acl}."


def _wanted() -> Iterator[tuple[str, str, str]]:
    for model in apps.get_models(include_auto_created=True):
        for role, right in rights(model):
            for single in _single(right):
                yield table_of(model), role, single
    for role, right in MIGRATIONS_RIGHTS:
        yield MIGRATIONS, role, right


def _single(right: str) -> Iterator[str]:
    """``SELECT (a, b)`` as ``SELECT (a)`` and ``SELECT (b)``; ``SELECT, INSERT`` as both."""
    verb, bracket, columns = right.partition(" (")
    if not bracket:
        yield from right.split(", ")
        return
    for column in columns.rstrip(")").split(", "):
        yield f"{verb} ({column})"
