"""Bringing the whole application up on one machine. Unlike its neighbours, this knows Django."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from dermalia.embedded.application import WORKERS, children
from dermalia.embedded.children import Child
from dermalia.embedded.giving_way import give_way
from dermalia.embedded.ports import require_free_port
from dermalia.embedded.services import Services
from dermalia.embedded.supervisor import Supervisor
from dermalia.work.orphans import release_all

logger = logging.getLogger(__name__)


def start_services(data: Path, *, before_upgrade: Callable[[], None] | None = None) -> Services:
    """Start Postgres, Redis and S3 and bring the database up to date, as anybody but root.

    Args:
        before_upgrade: called where the database is an older release's, with its tables as they
            were. Whatever it raises ends the start, and nothing was migrated.

    Raises:
        EmbeddedError: in one line, what is in the way.
    """
    stays_root = give_way(data)
    if stays_root:
        logger.warning(stays_root)
    services = Services(data)
    services.start()
    try:
        if before_upgrade is not None and is_of_older_release():
            before_upgrade()
        call_command("setup_database", verbosity=0)
        # Nobody but the workers below works on this database: what was held is orphaned.
        for worker in WORKERS:
            release_all(worker=worker)
        connections.close_all()
    except BaseException:
        services.stop()
        raise
    return services


def is_of_older_release() -> bool:
    """Whether the database was set up, and lacks migrations of this release."""
    executor = MigrationExecutor(connections["owner"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return bool(plan and executor.loader.applied_migrations)


def supervisor(
    services: Services,
    *,
    host: str,
    port: int,
    env: Mapping[str, str],
    also: Sequence[Child] = (),
    on_ready: Callable[[], None] | None = None,
    quiet: bool = False,
    web_options: Sequence[str] = (),
) -> Supervisor:
    """The supervisor of the services and of everything that serves and works.

    Raises:
        EmbeddedError: the web server's port is taken.
    """
    require_free_port(host, port)
    processes = children(
        services.layout.data, host=host, port=port, env=env, web_options=web_options
    )
    return Supervisor(
        services,
        [*also, *processes],
        on_child_death=_free_leases,
        on_ready=on_ready,
        quiet=quiet,
    )


def _free_leases(name: str) -> None:
    if name not in WORKERS:
        return
    # With the database down too, leases run out by themselves.
    with suppress(DatabaseError):
        release_all(worker=name)
    connections.close_all()
