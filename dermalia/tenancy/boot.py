"""What must be true of the database before a process serves anything."""

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from dermalia.tenancy import drift
from dermalia.tenancy.catalogue import SCHEMAS

# Whatever goes beyond reading and writing rows that a policy lets through.
POWERS = """
    SELECT rolsuper OR rolbypassrls OR rolcreaterole
        OR EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid)
        OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid AND relkind = 'r')
        OR EXISTS (SELECT FROM pg_class WHERE relkind = 'r'
                   AND relnamespace::regnamespace::text = ANY(%s)
                   AND has_table_privilege(pg_class.oid, 'TRUNCATE'))
    FROM pg_roles WHERE rolname = current_user
"""


def require_guarded_tables() -> None:
    """Refuse to run while a practice's table is without its policies (see ``drift``).

    Raises:
        ImproperlyConfigured: naming the tables.
    """
    found = list(drift.unguarded(connection))
    if found:
        raise ImproperlyConfigured(f"{' '.join(found)} Run manage.py setup_database.")


def require_safe_role() -> None:
    """Refuse to run as roles that could see every practice's rows or empty a table.

    Raises:
        ImproperlyConfigured: if the role of application, sweeper or admin is a superuser, bypasses
            row-level security, makes or stands in for other roles, owns a table or may truncate
            one.
    """
    for alias, setting, role in (
        ("default", "DERMALIA_DATABASE_URL", "dermalia_app"),
        ("sweeper", "DERMALIA_DATABASE_SWEEPER_URL", "dermalia_sweeper"),
        ("admin", "DERMALIA_DATABASE_ADMIN_URL", "dermalia_admin"),  # where there is an admin
    ):
        if alias in connections and _is_powerful(connections[alias]):
            raise ImproperlyConfigured(
                f"{setting} names a role that is a superuser, bypasses row-level security, makes"
                " or stands in for other roles, owns tables or may truncate them."
                f" Use the role {role}."
            )


def _is_powerful(connected: BaseDatabaseWrapper) -> bool:
    with connected.cursor() as cursor:
        cursor.execute(POWERS, [list(SCHEMAS)])
        return bool(cursor.fetchone()[0])
