"""Telling whether a database is the one its rows are at home in (see ``models.Home``).

The first row is written by the migration that makes the table, and the table's rows are no part
of a backup: whatever is restored comes without a home, and gets one from ``restore`` alone.
"""

from uuid import UUID

from django.db import connection

from backups.models import Home

_IDENTITY = """
    SELECT system_identifier::text, (SELECT oid FROM pg_database WHERE datname = current_database())
    FROM pg_control_system()
"""


def is_home() -> bool:
    """Whether the rows here may be served."""
    newest = Home.objects.order_by("-since", "-pk").first()
    return newest is not None and (newest.cluster, newest.database) == _identity()


def settle(*, backup_id: UUID | None, entries: int) -> Home:
    """Write down that the ledger was replayed here: the marker without which nothing starts."""
    cluster, database = _identity()
    return Home.objects.create(
        cluster=cluster, database=database, backup_id=backup_id, entries=entries
    )


def _identity() -> tuple[str, int]:
    """The numbers of this cluster and of this database in it."""
    with connection.cursor() as cursor:
        cursor.execute(_IDENTITY)
        cluster, database = cursor.fetchone()
    return str(cluster), int(database)
