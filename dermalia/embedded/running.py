"""Bringing the whole application up on one machine. Unlike its neighbours, this knows Django."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from django.core.management import call_command
from django.db import DatabaseError, connections

from dermalia.embedded.application import WORKERS, children
from dermalia.embedded.children import Child
from dermalia.embedded.giving_way import give_way
from dermalia.embedded.ports import require_free_port
from dermalia.embedded.services import Services
from dermalia.embedded.supervisor import Supervisor
from dermalia.work.orphans import release_all

logger = logging.getLogger(__name__)


def start_services(data: Path) -> Services:
    """Start Postgres, Redis and S3 and bring the database up to date, as anybody but root.

    Raises:
        EmbeddedError: in one line, what is in the way.
    """
    stays_root = give_way(data)
    if stays_root:
        logger.warning(stays_root)
    services = Services(data)
    services.start()
    try:
        call_command("setup_database", verbosity=0)
        # Nobody but the workers below works on this database: what was held is orphaned.
        for worker in WORKERS:
            release_all(worker=worker)
        connections.close_all()
    except BaseException:
        services.stop()
        raise
    return services


def supervisor(
    services: Services,
    *,
    host: str,
    port: int,
    env: Mapping[str, str],
    also: Sequence[Child] = (),
    on_ready: Callable[[], None] | None = None,
    quiet: bool = False,
) -> Supervisor:
    """The supervisor of the services and of everything that serves and works.

    Raises:
        EmbeddedError: the web server's port is taken.
    """
    require_free_port(host, port)
    processes = children(services.layout.data, host=host, port=port, env=env)
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
