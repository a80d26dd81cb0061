"""The database that tests work on: a clone of the migrated one, emptied or replaced after them."""

import os
from itertools import count

import psycopg
from django.core.files.storage import storages

from dermalia.embedded import database_url
from tests.environment import DATA

CLONE = "dermalia_test"
_clones = count(1)


def superuser_connection() -> psycopg.Connection[tuple[object, ...]]:
    """A connection that no policy holds back, to look behind the application's back."""
    return psycopg.connect(database_url(DATA, "postgres", CLONE), autocommit=True)


def process_environment(**more: str) -> dict[str, str]:
    """The environment of a process of the application that works on the test's database."""
    return {
        **os.environ,
        "DERMALIA_DATABASE_URL": database_url(DATA, "dermalia_app", CLONE),
        "DERMALIA_DATABASE_SWEEPER_URL": database_url(DATA, "dermalia_sweeper", CLONE),
        "DERMALIA_DATABASE_ADMIN_URL": database_url(DATA, "dermalia_admin", CLONE),
        **more,
    }


def empty_database() -> None:
    """Delete every row a test committed, past policies and triggers."""
    with superuser_connection() as server:
        # No deadlock with a process of the test that is still on its way out.
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        server.execute("SET session_replication_role = replica")
        for (statement,) in server.execute(
            "SELECT format('DELETE FROM %I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('public', 'keystore') AND tablename <> 'django_migrations'"
            " AND tablename NOT LIKE 'auth\\_%' AND tablename <> 'django_content_type'"
            " AND tablename <> 'backups_home'"
        ).fetchall():
            server.execute(str(statement).encode())
    empty_ledger()


def empty_ledger() -> None:
    """Delete the ledger outside: its word on erasures that are no more would keep processes from
    starting. Through storage, which remembers folders that vanish behind its back."""
    storages["ledger"].bucket.objects.all().delete()  # type: ignore[attr-defined]


def clone_database() -> None:
    """Replace the clone by a fresh copy of the migrated, empty database."""
    create_clone()
    empty_ledger()
    with superuser_connection() as server:
        # No id twice in a process: a row of a snapshot must find its place free.
        server.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, %s)"
            " FROM pg_sequences WHERE sequencename NOT LIKE 'auth\\_%%'",
            [next(_clones) * 100_000],
        )


def create_clone() -> None:
    with psycopg.connect(database_url(DATA, "postgres", "postgres"), autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {CLONE} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {CLONE} TEMPLATE dermalia OWNER dermalia_owner")
    with superuser_connection() as server:
        # A copy on purpose, not a backup that somebody brought in.
        server.execute(
            "UPDATE backups_home SET database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
