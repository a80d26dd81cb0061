"""A practice's export: how fast it is sent beside a plain ZIP, and what memory many reports take.

Speed: large files, read from storage, opened and sent, beside Python's ``zipfile`` writing as many
bytes, once fetched from the same storage as they lie there and once out of memory. Memory: the peak
of a process that prepares and sends an export of 200 small reports, and of 10,000. Those are made
by SQL and share one key and a few objects, for which the benchmark's own database drops three
constraints; they have no document, as typesetting happens in processes of its own.
"""

import io
import os
import time
from collections.abc import Iterable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import psycopg

from benchmarks.harness import medians, report
from benchmarks.services import fresh_services
from dermalia.embedded import database_url

FILES, FILE_MIB = 6, 32
FEW, MANY = 200, 10_000
ASSETS, ASSET_BYTES = 2, 4096
MIB = 1 << 20


def main() -> None:
    with fresh_services(durable=False) as folder:
        url = database_url(folder, "postgres")
        practice_id, names = large_files()
        export = prepared(practice_id)
        seconds = medians(
            {
                "export": lambda: drain(sent(export)),
                "s3_zip": lambda: drain(plain_zip(fetched(names))),
                "plain_zip": lambda: drain(plain_zip(in_memory())),
            },
            rounds=3,
        )
        memory = {count: in_a_process(small_reports(url, count)) for count in (FEW, MANY)}
    size = FILES * FILE_MIB
    figures = {f"{name}_mb_s": size * MIB / 1e6 / each for name, each in seconds.items()}
    for count, (peak, preparing, sending) in memory.items():
        figures[f"peak_mib_{count}"] = peak
        figures[f"prepare_{count}_s"] = preparing
        figures[f"send_{count}_s"] = sending
    report(
        "export",
        figures=figures,
        ratios={
            "vs_bare": seconds["plain_zip"] / seconds["export"],
            "vs_s3_zip": seconds["s3_zip"] / seconds["export"],
            "peak": memory[MANY][0] / memory[FEW][0],
        },
    )


class Nowhere(io.RawIOBase):
    """Takes what is written, and forgets it."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data)


def drain(pieces: Iterable[bytes | memoryview]) -> int:
    return sum(len(piece) for piece in pieces)


def plain_zip(files: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    with ZipFile(Nowhere(), "w", ZIP_STORED) as archive:
        for number, pieces in enumerate(files):
            with archive.open(f"{number}.bin", "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
                    yield piece


def in_memory() -> Iterator[list[bytes]]:
    piece = os.urandom(MIB)
    for _ in range(FILES):
        yield [piece] * FILE_MIB


def fetched(names: list[str]) -> Iterator[Iterator[bytes]]:
    """The sealed objects' bytes as storage has them."""
    from django.core.files.storage import storages

    bucket: Any = storages["objects"]
    for name in names:
        body = bucket.bucket.Object(name).get()["Body"]
        yield iter(lambda body=body: body.read(MIB), b"")  # type: ignore[misc]


def large_files() -> tuple[int, list[str]]:
    """A practice with one scan of a few large files; the names of their objects."""
    from dermalia.sealing import objects
    from dermalia.tenancy import practice_scope

    practice_id, scan, key = new_scan("large")
    with practice_scope(practice_id):
        names = [add_asset(scan, number, FILE_MIB * MIB) for number in range(FILES)]
    pieces = [os.urandom(MIB)] * FILE_MIB
    for name in names:
        objects.put(key, name, pieces, length=FILE_MIB * MIB)
    return practice_id, names


def small_reports(url: str, count: int) -> int:
    """A practice with so many reports; all but the first are copies of its row, by SQL."""
    from dermalia.sealing import objects
    from dermalia.tenancy import practice_scope

    practice_id, scan, key = new_scan(f"small-{count}")
    with practice_scope(practice_id):
        names = [add_asset(scan, number, ASSET_BYTES) for number in range(ASSETS)]
    for name in names:
        objects.put(key, name, [os.urandom(ASSET_BYTES)], length=ASSET_BYTES)
    with psycopg.connect(url, autocommit=True) as server:
        for statement in COPIES:
            server.execute(statement.encode(), {"scan": scan.pk, "count": count - 1})
    return practice_id


def new_scan(name: str) -> tuple[int, Any, Any]:
    """A practice with a scan that is stored and not converted, and its key."""
    from audit.access import record_access
    from audit.chain import OPERATOR
    from audit.words import Action
    from dermalia.sealing import objects
    from dermalia.sealing.keys import create_report_key, unlock
    from dermalia.tenancy import practice_scope
    from practices.domain.tenants import create_practice
    from scans.models import Connection, Scan

    practice = create_practice(name=f"Demo {name}", email=f"{name}@example.org")
    with practice_scope(practice.pk):
        connection = Connection.objects.create(
            practice_id=practice.pk, base_url="https://cluster.example.org"
        )
        scan = Scan.objects.create(
            practice_id=practice.pk,
            connection=connection,
            scan_identifier="demo-0",
            state=Scan.State.STORED,
            key_id=create_report_key(),
            prefix=objects.new_prefix(),
        )
        key = unlock(scan.key_id, access=record_access(Action.SCAN_VIEWED, who=OPERATOR))
    return practice.pk, scan, key


def add_asset(scan: Any, number: int, size: int) -> str:
    from django.db.models.functions import Now

    from dermalia.sealing import objects
    from scans.models import Asset

    name = objects.new_name(scan.prefix)
    Asset.objects.create(
        practice_id=scan.practice_id,
        scan=scan,
        origin=Asset.Origin.DERIVED,
        kind=Asset.Kind.STILL,
        name=f"still-{number}.bin",
        media_type="application/octet-stream",
        bytes=size,
        sha256=bytes(32),
        object_name=name,
        stored_at=Now(),
    )
    return name


COPIES = (
    "SET session_replication_role = replica",
    "ALTER TABLE scans_scan DROP CONSTRAINT IF EXISTS scans_scan_key_id_key",
    "ALTER TABLE scans_scan DROP CONSTRAINT IF EXISTS scans_scan_prefix_key",
    "ALTER TABLE scans_asset DROP CONSTRAINT IF EXISTS scans_asset_object_name_key",
    """
    CREATE TEMP TABLE copies AS SELECT s.* FROM scans_scan s, generate_series(1, %(count)s)
    WHERE s.id = %(scan)s
    """,
    "UPDATE copies SET id = gen_random_uuid(), scan_identifier = 'demo-' || gen_random_uuid()",
    "INSERT INTO scans_scan SELECT * FROM copies",
    """
    CREATE TEMP TABLE files AS SELECT a.*, c.id AS copy FROM scans_asset a, copies c
    WHERE a.scan_id = %(scan)s
    """,
    "UPDATE files SET id = gen_random_uuid(), scan_id = copy",
    "ALTER TABLE files DROP COLUMN copy",
    "INSERT INTO scans_asset SELECT * FROM files",
    "ANALYZE scans_scan, scans_asset",
)


def prepared(practice_id: int) -> Any:
    """An export that is ready."""
    from dermalia.tenancy import practice_scope
    from exports.domain.prepare import prepare_export, want_export
    from exports.models import Export

    with practice_scope(practice_id):
        export = want_export(practice_id=practice_id, user=None)
    while export.state != Export.State.READY:
        prepare_export(practice_id=practice_id, export_id=export.pk)
        with practice_scope(practice_id):
            export = Export.objects.get(pk=export.pk)
        if export.last_error:
            raise RuntimeError(export.last_error)
    return export


def sent(export: Any) -> Iterator[bytes | memoryview]:
    from audit.chain import OPERATOR
    from exports.domain.serve import send

    yield from send(export, who=OPERATOR, start=0, stop=export.length)


def in_a_process(practice_id: int) -> tuple[float, float, float]:
    """Peak MiB of a fresh process that prepares and sends the export; seconds of each."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=one_export, args=(theirs, practice_id))
    process.start()
    theirs.close()  # so that a process that dies is noticed
    told: tuple[float, float, float] = ours.recv()
    process.join()
    return told


def one_export(answer: Any, practice_id: int) -> None:
    import django

    django.setup()
    from django.db import connections

    began = time.perf_counter()
    export = prepared(practice_id)
    ready = time.perf_counter()
    if drain(sent(export)) != export.length:
        raise RuntimeError("the export is not as long as planned")
    ended = time.perf_counter()
    connections.close_all()
    answer.send((peak_mib(), ready - began, ended - ready))


def peak_mib() -> float:
    """The most this program ever held; ``ru_maxrss`` would tell of whoever started it as well."""
    status = Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
