"""Postgres, Redis and S3 from wheels, for one machine without containers.

`prepare` makes a data folder with its secrets, `environment` reads the settings of everything
that runs on it, `Services` runs the three servers, `Supervisor` runs them with the
application's processes in the foreground. Only `running` knows Django. `local` is what the
settings need of a practice's own server.
"""

from dermalia.embedded.binaries import Binaries
from dermalia.embedded.children import Child
from dermalia.embedded.credentials import database_url, environment, prepare
from dermalia.embedded.errors import EmbeddedError, NotPrepared
from dermalia.embedded.ports import require_free_port
from dermalia.embedded.services import Services
from dermalia.embedded.supervisor import Supervisor
from dermalia.embedded.watch import Backoff

__all__ = [
    "Backoff",
    "Binaries",
    "Child",
    "EmbeddedError",
    "NotPrepared",
    "Services",
    "Supervisor",
    "database_url",
    "environment",
    "prepare",
    "require_free_port",
]
