"""What work costs, seen from outside of it: CPU time, rows, transactions and WAL of Postgres."""

import os
import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

_TICKS = os.sysconf("SC_CLK_TCK")
_SERVERS = {"postgres": "database", "rclone": "storage", "redis-server": "redis"}

_COUNTERS = """
    SELECT xact_commit::float AS transactions,
        (tup_inserted + tup_updated + tup_deleted)::float AS rows_written,
        (pg_current_wal_insert_lsn() - '0/0')::float AS wal_bytes
    FROM pg_stat_database WHERE datname = %s
"""


class Meters:
    """Counters of this process, of the services that ``parent`` started, and of one database.

    Args:
        url: of the database, for a role that may read its statistics.
        parent: id of the process whose children the services are.
        storage: the folder in which the objects lie.
    """

    def __init__(self, url: str, *, parent: int, storage: Path) -> None:
        self._url, self._parent, self._storage = url, parent, storage
        self._statements = 0
        self._count_statements()

    @contextmanager
    def measured(self, into: dict[str, float]) -> Iterator[None]:
        """Put what the block costs into ``into``: CPU seconds, counts, bytes."""
        before = self._read()
        yield
        after = self._read()
        into.update({name: after[name] - before[name] for name in after})

    def _read(self) -> dict[str, float]:
        from django.db import connections

        connections.close_all()  # a connection that ends hands in what it counted
        return {
            "cpu_own": _own_cpu(),
            **{f"cpu_{name}": seconds for name, seconds in self._cpu_of_servers().items()},
            "statements": float(self._statements),
            **self._counters(),
            "stored_bytes": float(stored_bytes(self._storage)),
        }

    def _count_statements(self) -> None:
        """All that Django sends; beginning and ending a transaction is not among them."""
        from django.db import connections

        def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            self._statements += 1
            return execute(sql, params, many, context)

        for alias in connections:
            connections[alias].execute_wrappers.append(counted)

    def _counters(self) -> Mapping[str, float]:
        with psycopg.connect(self._url, autocommit=True, row_factory=psycopg.rows.dict_row) as own:
            _await_quiet(own)
            row = own.execute(_COUNTERS, [own.info.dbname]).fetchone()
        if row is None:
            raise SystemExit("Postgres keeps no statistics of this database.")
        return row

    def _cpu_of_servers(self) -> dict[str, float]:
        """CPU seconds of each server, with what its processes that have ended took."""
        seconds = dict.fromkeys(_SERVERS.values(), 0.0)
        processes = {int(p.name): s for p in Path("/proc").glob("[0-9]*") if (s := _stat(p))}
        for stat in processes.values():
            top = stat
            while top["ppid"] != self._parent and top["ppid"] in processes:
                top = processes[top["ppid"]]
            if top["ppid"] == self._parent and top["name"] in _SERVERS:
                seconds[_SERVERS[top["name"]]] += stat["ticks"] / _TICKS
        return seconds


def stored_bytes(folder: Path) -> int:
    """Bytes of all files in the folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _await_quiet(own: "psycopg.Connection[Any]") -> None:
    """Until no other connection of a client is left: only then all is counted."""
    others = """
        SELECT count(*) AS number FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
            AND datname = current_database()
    """
    for _ in range(200):
        row = own.execute(others).fetchone()
        if row is not None and row["number"] == 0:
            return
        own.execute("SELECT pg_sleep(0.02)")
    raise SystemExit("Somebody else is connected to the database that is measured.")


def _own_cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _stat(process: Path) -> dict[str, Any] | None:
    """Name, parent and CPU ticks, with those of reaped children; see proc_pid_stat(5)."""
    try:
        text = (process / "stat").read_text()
    except OSError:  # it has just ended
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    return {"name": name, "ppid": int(fields[1]), "ticks": sum(map(int, fields[11:15]))}
