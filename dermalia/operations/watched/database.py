"""Roles, guards, migrations, the clock."""

import time
from datetime import UTC, datetime

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from dermalia.operations.doctor import Trouble, check
from dermalia.tenancy import drift
from dermalia.tenancy.boot import require_safe_role

CLOCK_SECONDS = 5.0
FULL = 0.8


@check("database", do="See whether Postgres runs and DERMALIA_DATABASE_URL leads to it.")
def database_answers() -> str:
    with connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
        return f"Postgres {version}, {(time.perf_counter() - began) * 1000:.0f} ms away"


@check("database roles", do="Use the roles of docs/tenancy.md in the DERMALIA_DATABASE_* URLs.")
def roles_are_safe() -> str:
    try:
        require_safe_role()
    except ImproperlyConfigured as error:
        raise Trouble(str(error)) from error
    for alias in connections:
        connections[alias].ensure_connection()
    return f"{', '.join(sorted(connections))}: each sees no more than it may"


@check("guards", do="Run manage.py setup_database; if it stays, somebody changed it by hand.")
def tables_are_guarded() -> str:
    found = [*drift.unguarded(connection), *drift.differences(connection)]
    if found:
        raise Trouble(f"{len(found)} differences from the models, the first: {found[0]}")
    return "tables, keys, triggers and rights are as the models say"


@check("migrations", do="Run manage.py setup_database (deploy/entrypoint migrate).")
def database_is_migrated() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise Trouble(f"{len(missing)} are missing, the first: {missing[0][0]}")
    return "all applied"


@check(
    "clocks", do="Have both machines keep time (timedatectl, chrony): days and leases follow it."
)
def clocks_agree() -> str:
    """Half the way there and back is what an answer may be late."""
    began = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        there: datetime = cursor.fetchone()[0]
    middle = datetime.fromtimestamp((began + time.time()) / 2, UTC)
    apart = abs((there - middle).total_seconds())
    if apart > CLOCK_SECONDS:
        raise Trouble(f"the database's and this machine's are {apart:.0f} s apart")
    return f"{apart * 1000:.0f} ms apart"


@check("connections", do="Lower DERMALIA_WEB_THREADS, raise max_connections, or use a pooler.")
def connections_are_left() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT sum(numbackends) FROM pg_stat_database),"
            " current_setting('max_connections')::int"
        )
        used, most = (int(value) for value in cursor.fetchone())
    if used > FULL * most:
        raise Trouble(f"{used} of {most} connections are in use")
    return f"{used} of {most} in use"
