"""Reports as an erasure finds them: rows of every kind, a key, and objects in storage."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain
from typing import Any
from uuid import uuid4

MEGABYTE = 1024 * 1024
# What the bytes of a report are like: a few raw files make nearly all of them.
RAW, DERIVED = 8, 24


def a_practice() -> Any:
    from practices.domain.tenants import create_practice

    return create_practice(name="Benchmark", email="benchmark@example.org")


def a_connection(practice_id: int) -> Any:
    from dermalia.sealing.fields import Sealing
    from dermalia.sealing.keys import unlock_secrets
    from scans.models import Connection

    return Connection.objects.create(
        practice_id=practice_id,
        base_url="https://cluster.example.org",
        client_id="benchmark",
        client_secret=Sealing(unlock_secrets(), "benchmark"),
    )


def due_reports(connection: Any, number: int) -> list[Any]:
    """Released reports that are due today, each with its key, person, mail and looks."""
    from django.utils import timezone

    from dermalia.clients import Browser, Device
    from dermalia.sealing.fields import Sealing
    from dermalia.sealing.keys import unlock_secrets
    from dermalia.sealing.models import PracticeKey, ReportKey
    from reports.models import Delivery, Link, Report, Visit
    from scans.models import Identity, Scan

    practice_id = connection.practice_id
    version = PracticeKey.objects.latest("version").version
    keys = [
        ReportKey(
            id=uuid4(), practice_id=practice_id, practice_key_version=version, wrapped=bytes(60)
        )
        for _ in range(number)
    ]
    ReportKey.objects.bulk_create(keys, batch_size=2000)
    captured_at = timezone.now() - timedelta(days=800)
    scans = [
        Scan(
            practice_id=practice_id,
            connection=connection,
            scan_identifier=secrets.token_hex(8),
            state=Scan.State.READY,
            key_id=key.pk,
            prefix=secrets.token_hex(16),
            captured_at=captured_at,
        )
        for key in keys
    ]
    Scan.objects.bulk_create(scans, batch_size=2000)
    link = Sealing(unlock_secrets(), "x" * 25)
    today = timezone.localdate()
    reports = [
        Report(
            practice_id=practice_id,
            scan=scan,
            state=Report.State.RELEASED,
            purpose="aesthetic",
            language="de",
            link=link,
            due_on=today,
            due_rule=Report.DueRule.AESTHETIC,
            due_from_on=captured_at.date(),
            due_months=24,
            released_at=captured_at,
        )
        for scan in scans
    ]
    Report.objects.bulk_create(reports, batch_size=2000)
    of_one: dict[str, Any] = {"practice_id": practice_id}
    Identity.objects.bulk_create([Identity(**of_one, scan=scan) for scan in scans], batch_size=2000)
    Delivery.objects.bulk_create(
        [Delivery(**of_one, report=report, state="delivered") for report in reports],
        batch_size=2000,
    )
    Visit.objects.bulk_create(
        [
            Visit(**of_one, report=report, browser=Browser.OTHER, device=Device.OTHER)
            for report in reports
        ],
        batch_size=2000,
    )
    Link.objects.bulk_create(
        [
            Link(digest=secrets.token_bytes(32), practice_id=practice_id, report_id=report.pk)
            for report in reports
        ],
        batch_size=2000,
    )
    return scans


def the_storage() -> Any:
    """The objects' bucket, with the library's own names for what it can do."""
    from django.core.files.storage import storages

    return storages["objects"]


def store_small(scans: list[Any], number: int) -> None:
    """So many small objects of each scan in storage, with their rows."""
    from django.db.models.functions import Now

    from dermalia.tenancy import practice_scope
    from scans.models import Asset

    client, bucket = the_storage().connection.meta.client, the_storage().bucket_name
    assets = {
        scan.pk: [
            Asset(
                practice_id=scan.practice_id,
                scan=scan,
                origin="derived",
                kind="still",
                name=f"file-{n}",
                media_type="application/octet-stream",
                bytes=1024,
                object_name=f"{scan.prefix}/{secrets.token_hex(16)}",
                stored_at=Now(),
            )
            for n in range(number)
        ]
        for scan in scans
    }
    with practice_scope(scans[0].practice_id):
        Asset.objects.bulk_create(chain.from_iterable(assets.values()), batch_size=2000)

    def put(files: list[Any]) -> None:
        for asset in files:
            client.put_object(Bucket=bucket, Key=asset.object_name, Body=bytes(1024))

    # One folder by one thread, as a pull does: where two requests make a folder at once, rclone
    # may keep a file that it says it deleted (seen once in 9,600 on a busy machine).
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, assets.values()))


def store(scan: Any, total: int) -> None:
    """Files of ``total`` bytes in storage, with their rows."""
    from django.db.models.functions import Now

    from dermalia.tenancy import practice_scope
    from scans.models import Asset

    small = MEGABYTE // 4
    sizes = [(total - DERIVED * small) // RAW] * RAW + [small] * DERIVED
    content = secrets.token_bytes(max(sizes))
    bucket = the_storage().bucket
    assets = [
        Asset(
            practice_id=scan.practice_id,
            scan=scan,
            origin="raw" if number < RAW else "derived",
            kind="texture" if number < RAW else "still",
            name=f"file-{number}",
            media_type="application/octet-stream",
            bytes=size,
            object_name=f"{scan.prefix}/{secrets.token_hex(16)}",
            stored_at=Now(),
        )
        for number, size in enumerate(sizes)
    ]
    with practice_scope(scan.practice_id):
        Asset.objects.bulk_create(assets)
    for asset in assets:
        bucket.put_object(Key=asset.object_name, Body=content[: asset.bytes])
