"""The drill: a restore for practice, into a database of its own, and what it proves."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
from django.conf import settings
from django.db import connections

from audit.chain import Who
from audit.words import Action, Count
from backups import shelf
from backups.domain.schedule import alone, can_back_up, now
from backups.domain.telling import tell_practices
from backups.kinds import Kind
from backups.models import DrillResult

SAMPLE = 20
# Each connection of the scratch database, as the variable that leads to it.
_VARIABLES = {
    "default": "DERMALIA_DATABASE_URL",
    "sweeper": "DERMALIA_DATABASE_SWEEPER_URL",
    "owner": "DERMALIA_DATABASE_OWNER_URL",
    "backup": "DERMALIA_DATABASE_BACKUP_URL",
    "keystore_backup": "DERMALIA_DATABASE_KEYSTORE_BACKUP_URL",
}
# Nobody is to be nudged about rows of a drill.
_NOBODY = "redis+socket:///nonexistent/drill.sock?virtual_host=0"
_SCHEMAS = ("public", "keystore")


class CannotDrill(Exception):
    """There is nothing to drill with, or nowhere to."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """The database that drills fill and empty."""

    name: str

    def empty(self) -> None:
        """Drop whatever is in it."""
        parameters = connections["owner"].get_connection_params()
        named = {k: v for k, v in parameters.items() if k in _LIBPQ} | {"dbname": self.name}
        with psycopg.connect(**named, autocommit=True) as server:
            for schema in _SCHEMAS:
                server.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())

    def environment(self) -> dict[str, str]:
        """That of a process for which this database is the only one."""
        here = {
            variable: _url(connections[alias].settings_dict, self.name)
            for alias, variable in _VARIABLES.items()
        }
        # Where a value was given as a file, both would be set, which refuses to start.
        files = {f"{variable}_FILE" for variable in here}
        others = {name: value for name, value in os.environ.items() if name not in files}
        return others | here | {"DERMALIA_REDIS_URL": _NOBODY, "DERMALIA_DRILL_DATABASE": ""}

    def run(self, *words: str) -> dict[str, Any]:
        """What a command says in JSON, in a process for which the live database does not exist.

        One that breaks off has found a ``problem``.
        """
        ended = subprocess.run(
            [sys.executable, "-m", "django", *words],
            cwd=settings.BASE_DIR,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode == 0:
            found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
            return found
        said = ended.stderr.strip().splitlines() or ["it said nothing"]
        return {"problem": f"It broke off: {said[-1]}"[:300]}


_LIBPQ = ("host", "port", "user", "password", "sslmode", "sslrootcert", "sslcert", "sslkey")


def is_due() -> bool:
    """Whether there is a backup to try, and the last try was ``DRILL_DAYS`` ago."""
    if not can_back_up() or not settings.DRILL_DATABASE or settings.BACKUP_KEYS is None:
        return False
    last = DrillResult.objects.order_by("-at").values_list("at", flat=True).first()
    if last is None:
        oldest = next(iter(shelf.manifests(Kind.DATA)), None)
        return oldest is not None and now() - oldest.made_at > timedelta(days=1)
    return now() - last >= timedelta(days=settings.DRILL_DAYS)


def drill(*, who: Who, sample: int = SAMPLE) -> DrillResult:
    """Restore the newest backups into the scratch database, look, and empty it again.

    The live database gets one row with the result and an entry in each practice's log; nothing
    else of it, and nothing in storage, is written.

    Args:
        sample: how many live reports are opened, every object of them.

    Raises:
        CannotDrill: no backup, or no database to drill in.
        Busy: a backup is under way.
    """
    scratch = find_scratch()
    manifest = next(iter(shelf.manifests(Kind.DATA)[-1:]), None)
    if manifest is None:
        raise CannotDrill("There is no backup to try.")
    began = time.monotonic()
    with alone():
        scratch.empty()
        try:
            found = scratch.run("drill", "--inside", str(sample))
        finally:
            scratch.empty()
    result = DrillResult.objects.create(
        backup_id=manifest.id,
        backup_made_at=manifest.made_at,
        passed=not found["problem"],
        seconds=time.monotonic() - began,
        **found,
    )
    if result.passed:
        counts = {Count.ROWS: result.rows, Count.OBJECTS: result.objects_opened}
        tell_practices(Action.RESTORE_PROVED, who=who, object_id=uuid4(), counts=counts)
    return result


def find_scratch() -> Scratch:
    """The database that drills may fill.

    Raises:
        CannotDrill: none is named, a role is missing, or it is the live one.
    """
    name = settings.DRILL_DATABASE
    if not name:
        raise CannotDrill(
            "DERMALIA_DRILL_DATABASE names no database. Create an empty one that belongs to"
            " dermalia_owner, on the same server."
        )
    missing = _VARIABLES.keys() - connections.settings.keys()
    if missing:
        raise CannotDrill(f"{_VARIABLES[min(missing)]} is missing: a drill needs every role.")
    if any(connections[alias].settings_dict["NAME"] == name for alias in connections):
        raise CannotDrill("DERMALIA_DRILL_DATABASE is the live database: its tables would go.")
    return Scratch(name)


def _url(config: dict[str, Any], database: str) -> str:
    user = quote(str(config["USER"]), safe="")
    if config["PASSWORD"]:
        user += ":" + quote(str(config["PASSWORD"]), safe="")
    host = quote(str(config["HOST"]), safe="")
    port = f":{config['PORT']}" if config["PORT"] else ""
    options = config.get("OPTIONS") or {}
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in options.items())
    return f"postgres://{user}@{host}{port}/{database}" + (f"?{query}" if query else "")
