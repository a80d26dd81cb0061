"""What the roles are by themselves, whatever was granted to them."""

from collections.abc import Iterator

from dermalia.tenancy.catalogue import SCHEMAS, Connection, rows
from dermalia.tenancy.grants import BACKUP, KEYSTORE_BACKUP, OWNER, ROLES

POWERS = """
    SELECT rolname, rolsuper OR rolcreaterole OR rolreplication, rolbypassrls
    FROM pg_roles WHERE rolname = ANY(%s)
"""
MEMBERSHIPS = """
    SELECT pg_get_userbyid(member), pg_get_userbyid(roleid) FROM pg_auth_members
    WHERE pg_get_userbyid(member) = ANY(%s)
"""
OF_ANOTHER_OWNER = """
    SELECT format('"%%s"."%%s"', relnamespace::regnamespace, relname),
           pg_get_userbyid(relowner)
    FROM pg_class
    WHERE relkind IN ('r', 'p', 'm', 'f') AND relnamespace::regnamespace::text = ANY(%s)
      AND pg_get_userbyid(relowner) <> %s
"""


def different_roles(connection: Connection) -> Iterator[str]:
    """Roles that are missing, grew, or stand in for others; tables that are somebody else's."""
    found = {role: powers for role, *powers in rows(connection, POWERS, [[OWNER, *ROLES]])}
    for role in (OWNER, *ROLES):
        if role not in found:
            yield f"The role {role} is missing."
        elif found[role] != [False, role in {BACKUP, KEYSTORE_BACKUP}]:
            yield f"The role {role} may see more, or less, than it should."
    for member, role in rows(connection, MEMBERSHIPS, [list(ROLES)]):
        yield f"{member} is a member of {role} and may do what that role may."
    for name, owner in rows(connection, OF_ANOTHER_OWNER, [list(SCHEMAS), OWNER]):
        yield f"{name} belongs to {owner}, not to {OWNER}."
