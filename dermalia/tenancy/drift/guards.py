"""What must hold at every start: row-level security, forced, by the policies of the models."""

from collections.abc import Iterator

from dermalia.tenancy.catalogue import Connection, rows, scoped_models, table_of
from dermalia.tenancy.policies import IN_SCOPE, Policy, policies

# Expressions as Postgres spells them out again.
SPELLED = {
    IN_SCOPE: (
        "(practice_id ="
        " (NULLIF(current_setting('app.practice_id'::text, true), ''::text))::integer)"
    )
}
COMMANDS = {"*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}


def unguarded(connection: Connection) -> Iterator[str]:
    """Ways by which one practice's rows could reach another: nothing may run while one is open."""
    forced = {name for (name,) in rows(connection, FORCED)}
    found = _policies(connection)
    for model in scoped_models():
        name = table_of(model)
        if name not in forced:
            yield f"{name} has no forced row-level security."
        actual = found.get(name, set())
        expected = {_spelled(policy) for policy in policies(model)}
        missing = {policy.name for policy in expected} - {policy.name for policy in actual}
        for policy in sorted(missing):
            yield f"{name} lacks the policy {policy}."
        for wrong in sorted(policy.name for policy in actual - expected):
            yield f"{name} has a policy {wrong} that is not the models'."
    for whose, setting in rows(connection, STANDING_SETTINGS):
        yield f"{whose} always starts with {setting}: a scope is to be opened, never standing."


FORCED = """
    SELECT format('"%%s"."%%s"', relnamespace::regnamespace, relname) FROM pg_class
    WHERE relkind IN ('r', 'p') AND relrowsecurity AND relforcerowsecurity
"""
# Of this database, of a role, or of both.
STANDING_SETTINGS = """
    SELECT coalesce('The role ' || rolname, 'The database'), setting
    FROM pg_db_role_setting LEFT JOIN pg_roles ON pg_roles.oid = setrole, unnest(setconfig) setting
    WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND setting ~ '^(app\\.practice_id|row_security|session_replication_role)='
"""
POLICIES = """
    SELECT format('"%%s"."%%s"', relnamespace::regnamespace, relname), polname, polcmd::text,
           coalesce((SELECT string_agg(rolname, ', ' ORDER BY rolname)
                     FROM pg_roles WHERE oid = ANY(polroles)), 'public'),
           coalesce(pg_get_expr(polqual, polrelid), ''),
           coalesce(pg_get_expr(polwithcheck, polrelid), '')
    FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
    WHERE polpermissive
"""


def _policies(connection: Connection) -> dict[str, set[Policy]]:
    found: dict[str, set[Policy]] = {}
    for name, policy, command, role, using, check in rows(connection, POLICIES):
        found.setdefault(name, set()).add(Policy(policy, COMMANDS[command], role, using, check))
    return found


def _spelled(policy: Policy) -> Policy:
    using, check = (SPELLED.get(sql, sql) for sql in (policy.using, policy.check))
    return Policy(policy.name, policy.command, policy.role, using, check)
