"""The embedded services in a folder of a benchmark's own, with Django on a fresh database."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dermalia.embedded import Services, prepare


@contextmanager
def fresh_services(*, durable: bool = True) -> Iterator[Path]:
    """Services that sync to disk, as in earnest, unless told otherwise; yields their data folder.

    Modules that need Django are imported inside the block.
    """
    for name in [name for name in os.environ if name.startswith("DERMALIA_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="dermalia-bench-") as name:
        folder = Path(name)
        os.environ |= {
            "DERMALIA_MODE": "embedded",
            "DERMALIA_DATA": name,
            "DJANGO_SETTINGS_MODULE": "dermalia.settings",
        }
        prepare(folder)
        with Services(folder, durable=durable):
            _set_up_database()
            try:
                yield folder
            finally:
                _close_connections()


def _set_up_database() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    _admit_servers_of_benchmarks()
    call_command("setup_database", verbosity=0)
    _close_connections()


def _admit_servers_of_benchmarks() -> None:
    from dermalia.residency import guard

    guard.admit_this_machine()


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()
