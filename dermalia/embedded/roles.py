"""The database and its roles, made and mended through a superuser's connection.

psycopg is imported where it is used: its import then runs while the server starts.
"""

from typing import TYPE_CHECKING

from dermalia.embedded.errors import EmbeddedError

if TYPE_CHECKING:
    import psycopg

DATABASE = "dermalia"
# Stays empty but for the minutes of a drill, which restores a backup into it.
DRILL_DATABASE = "dermalia_drill"
OWNER = "dermalia_owner"
# Role → whether it sees every row whatever the row-level security says.
ROLES = {
    OWNER: False,
    "dermalia_app": False,
    "dermalia_sweeper": False,
    "dermalia_backup": True,
    "dermalia_keystore_backup": True,
    "dermalia_admin": False,
}


def answers(url: str) -> bool:
    """Whether the server at `url` executes a statement by now."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def ensure(url: str) -> None:
    """Create missing roles and the database, and take back any power a role should not have.

    Idempotent and looked at on every start, so that a crash in between is mended by the next.
    Raises EmbeddedError if the server refuses.
    """
    import psycopg

    try:
        with psycopg.connect(url, autocommit=True) as connection:
            _ensure_roles(connection)
            for name in (DATABASE, DRILL_DATABASE):
                _ensure_database(connection, name)
    except psycopg.Error as error:
        reason = "; ".join(str(error).split("\n"))
        raise EmbeddedError(
            f"Postgres cannot create the database or its roles: {reason}"
        ) from error


def _ensure_roles(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    from psycopg import sql

    rows = connection.execute(
        "SELECT rolname, ARRAY[rolsuper, rolcreaterole, rolcreatedb, rolreplication,"
        " rolbypassrls, rolcanlogin] FROM pg_roles WHERE rolname = ANY(%s)",
        [list(ROLES)],
    )
    found = {str(role): powers for role, powers in rows}
    for role, bypasses in ROLES.items():
        if found.get(role) == [False, False, False, False, bypasses, True]:
            continue
        statement = "ALTER ROLE {}" if role in found else "CREATE ROLE {}"
        statement += " LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION "
        statement += "BYPASSRLS" if bypasses else "NOBYPASSRLS"
        connection.execute(sql.SQL(statement).format(sql.Identifier(role)))


def _ensure_database(connection: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    from psycopg import sql

    owner = connection.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    if owner == (OWNER,):
        return
    statement = "CREATE DATABASE {} OWNER {}" if owner is None else "ALTER DATABASE {} OWNER TO {}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(OWNER)))
