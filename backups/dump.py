"""pg_dump and pg_restore, as streams."""

import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connections, transaction

from dermalia.embedded.binaries import Binaries

PIECE = 1024 * 1024
# Where rows are at home is told of this database only: see ``models.Home``.
LEFT_EMPTY = ("public.backups_home",)
_COPY = re.compile(rb"COPY (\S+) .*FROM stdin;\n")
_TABLES = "SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables WHERE schemaname = %s"
# Django's names for what libpq reads from the environment.
_OPTIONS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "passfile")


class DumpFailed(Exception):
    """pg_dump or pg_restore failed, or a dump does not hold what the database held."""


@contextmanager
def snapshot(alias: str) -> Iterator[str]:
    """A transaction that sees one moment; its name, for ``pg_dump`` to see the same one."""
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        yield str(cursor.fetchone()[0])


def count_rows(alias: str, schema: str) -> dict[str, int]:
    """Rows of every table of a schema, as this connection's role and snapshot see them."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_TABLES, [schema])
        tables = sorted(name for (name,) in cursor.fetchall())
        counts = {}
        for table in tables:
            if table in LEFT_EMPTY:
                continue
            # Quoted by Postgres itself.
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            counts[table] = int(cursor.fetchone()[0])
    return counts


def dump(alias: str, schema: str, *, snapshot: str, rows: dict[str, int]) -> Iterator[bytes]:
    """A dump in pg_dump's custom format, counted while it passes.

    Args:
        rows: how many each table has in that snapshot. A role that row-level security holds back
            gives an empty dump and no error.

    Raises:
        DumpFailed: pg_dump failed, or the dump has other rows. Raised before the stream ends.
    """
    words = ["--format=custom", "--no-password", f"--schema={schema}", f"--snapshot={snapshot}"]
    words += [f"--exclude-table-data={table}" for table in LEFT_EMPTY]
    with subprocess.Popen(
        [program("pg_dump"), *words],
        env=environment(alias),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        output, complaint = process.stdout, _Collected(process.stderr)
        try:
            with _RowCounter() as counter:
                yield from counter.passing(iter(lambda: output.read(PIECE), b""))
        except BaseException:
            process.kill()  # nobody listens any more
            raise
        if process.wait() != 0:
            raise DumpFailed(f"pg_dump failed: {complaint.text}")
    _require_same(rows, counter.rows)


def restore(alias: str, archive: Iterable[bytes]) -> None:
    """Bring a dump into the database, all of it or, if anything fails, nothing.

    Raises:
        DumpFailed: pg_restore refused. Whatever ``archive`` raises passes through.
    """
    words = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-password"]
    database = connections[alias].settings_dict["NAME"]
    with subprocess.Popen(
        [program("pg_restore"), *words, f"--dbname={database}"],
        env=environment(alias),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        complaint = _Collected(process.stderr)
        try:
            _feed(process.stdin, archive)
        except BaseException:
            process.kill()  # its transaction goes with it
            raise
        if process.wait() != 0:
            raise DumpFailed(f"pg_restore failed: {complaint.text}")


def environment(alias: str) -> dict[str, str]:
    """What libpq's programs need to reach the database of a connection. Not on a command line,
    which everybody on the machine may read."""
    config = connections[alias].settings_dict
    named = {
        "PGHOST": config["HOST"],
        "PGPORT": config["PORT"],
        "PGUSER": config["USER"],
        "PGPASSWORD": config["PASSWORD"],
        "PGDATABASE": config["NAME"],
    }
    given = config.get("OPTIONS", {})
    named |= {f"PG{option.upper()}": given[option] for option in _OPTIONS if option in given}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {name: str(value) for name, value in named.items() if value}


def program(name: str) -> Path:
    """A program of Postgres: the operator's, or the one from the wheel."""
    if settings.POSTGRES_PROGRAMS:
        return Path(settings.POSTGRES_PROGRAMS, name)
    return Binaries.installed().postgres / name


def _require_same(wanted: dict[str, int], found: dict[str, int]) -> None:
    wrong = [
        f"{table} has {wanted.get(table, 0)} rows and the dump {found.get(table, 0)}"
        for table in sorted(wanted.keys() | found.keys())
        if wanted.get(table) != found.get(table)
    ]
    if wrong:
        raise DumpFailed(f"The dump is not the database: {'; '.join(wrong)}.")


def _feed(target: IO[bytes], pieces: Iterable[bytes]) -> None:
    try:
        for piece in pieces:
            target.write(piece)
        target.close()
    except BrokenPipeError:
        pass  # it gave up, and says why
    finally:
        with suppress(BrokenPipeError):
            target.close()


class _Collected(threading.Thread):
    """What a program complains of, read while it runs: a full pipe would stop it."""

    def __init__(self, source: IO[bytes] | None) -> None:
        super().__init__(daemon=True)
        assert source is not None
        self._source, self._said = source, b""
        self.start()

    def run(self) -> None:
        self._said = self._source.read()

    @property
    def text(self) -> str:
        """In one line."""
        self.join()
        return "; ".join(self._said.decode(errors="replace").split("\n")).strip("; ")


class _RowCounter:
    """Counts a passing dump's rows by having pg_restore spell them out beside it."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}

    def __enter__(self) -> "_RowCounter":
        self._process = subprocess.Popen(
            [program("pg_restore"), "--data-only", "--file=-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._process.kill()
        self._close()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def passing(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces; ``rows`` is whole once they have ended."""
        assert self._process.stdin is not None
        for piece in pieces:
            try:
                self._process.stdin.write(piece)
            except BrokenPipeError:
                # Not readable as a dump: then its rows will not be those of the database.
                self._process.stdin = None
                yield piece
                yield from pieces
                return
            yield piece
        self._close()
        self._reader.join()

    def _close(self) -> None:
        if self._process.stdin is None:
            return
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        table = ""
        for line in self._process.stdout:
            if table:
                if line == b"\\.\n":
                    table = ""
                else:
                    self.rows[table] += 1
            elif found := _COPY.fullmatch(line):
                table = found[1].decode()
                self.rows[table] = 0
