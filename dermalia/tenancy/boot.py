"""What must be true of the database before a process serves anything."""

from django.core.exceptions import ImproperlyConfigured
from django.db import connection


def require_safe_role() -> None:
    """Refuse to run as a role that could see every practice's rows.

    Raises:
        ImproperlyConfigured: if the role is a superuser, bypasses row-level security or owns
            a table.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT rolsuper, rolbypassrls,
                   EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid AND relkind = 'r')
            FROM pg_roles WHERE rolname = current_user
            """
        )
        superuser, bypasses, owns = cursor.fetchone()
    connection.close()
    if superuser or bypasses or owns:
        raise ImproperlyConfigured(
            "DERMALIA_DATABASE_URL names a role that is a superuser, bypasses row-level security"
            " or owns tables. Use the role dermalia_app."
        )
