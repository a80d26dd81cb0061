"""Copying a scan from its source, once, straight into sealed storage."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import partial
from uuid import UUID

from django.core.files.storage import storages
from django.db import transaction
from django.db.models.functions import Now

from audit.access import record_access
from audit.chain import SYSTEM, record
from audit.words import Action, Count
from dermalia.sealing import objects
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import UnlockedKey, unlock, unlock_secrets
from dermalia.tenancy import practice_scope
from dermalia.work.lease import WorkFailed, finish, hold, lease
from scans.domain.progress import Progress
from scans.domain.sources import Source, as_work_failure, open_source
from scans.errors import SourceError
from scans.isemeco import AssetFile, ScanManifest
from scans.isemeco.contract import Patient
from scans.metrics import Metric, Zone
from scans.models import Asset, Identity, Scan
from scans.queries import EMAIL_INDEX, FIRST_NAME_INDEX, Measured, Measurements


def pull_scan(*, practice_id: int, scan_id: UUID) -> None:
    """Manifest, then every asset that is not in storage yet, then the next state.

    Safe to run twice and after a crash anywhere: assets are recorded before and marked after
    they are stored, and a repeated put overwrites its own object.
    """
    for state in (Scan.State.DISCOVERED, Scan.State.PULLED):
        with lease(Scan, scan_id, practice_id=practice_id, state=state) as scan:
            if scan is None:
                continue
            try:
                _pull(scan)
            except SourceError as error:
                raise as_work_failure(error) from error


def _pull(scan: Scan) -> None:
    with practice_scope(scan.practice_id):
        source = open_source(scan.connection)
        access = record_access(Action.PULL_STARTED, who=SYSTEM, object_id=scan.pk)
        key = unlock(scan.key_id, access=access)
    manifest, dropped = source.manifest(scan.scan_identifier)
    with practice_scope(scan.practice_id):
        hold(scan)
        _keep_manifest(scan, manifest, key)
        Scan.objects.filter(pk=scan.pk).update(state=Scan.State.PULLED)
        waiting = _reserve(scan, manifest.assets, key)
    copying = Progress(scan, Scan.Stage.COPYING, total=sum(asset.bytes for _, asset in waiting))
    copying.begin()
    stored = sum(_store(source, entry, asset, key, copying) for entry, asset in waiting)
    with practice_scope(scan.practice_id):
        Scan.objects.filter(pk=scan.pk).update(stored_at=Now())
        finish(scan, state=Scan.State.STORED)
        record(
            Action.SCAN_PULLED,
            who=SYSTEM,
            object_id=scan.pk,
            counts={Count.OBJECTS: len(waiting), Count.BYTES: stored, Count.DROPPED: dropped},
        )


def _keep_manifest(scan: Scan, manifest: ScanManifest, key: UnlockedKey) -> None:
    values = [
        Measured(
            metric=Metric(item.metric.value),
            zone=Zone(item.zone.value),
            value=item.value,
            scale_min=item.scale.min,
            scale_max=item.scale.max,
        )
        for item in manifest.measurements
    ]
    Scan.objects.filter(pk=scan.pk).update(
        device_serial=manifest.device.serial,
        device_model=manifest.device.model,
        algorithm_version=manifest.algorithm_version,
        captured_at=manifest.captured_at,
        measurements=Sealing(key, Measurements.dump_json(values).decode()),
    )
    person, secrets = manifest.patient or Patient(), unlock_secrets()
    Identity.objects.update_or_create(
        scan=scan,
        practice_id=scan.practice_id,
        defaults={
            "first_name": Sealing(key, person.first_name) if person.first_name else None,
            "email": Sealing(key, person.email) if person.email else None,
            "first_name_index": _index(secrets, person.first_name, FIRST_NAME_INDEX),
            "email_index": _index(secrets, person.email, EMAIL_INDEX),
        },
    )


def _index(secrets: UnlockedKey, text: str | None, name: str) -> bytes | None:
    return secrets.blind_index(text, name=name) if text else None


def raw_name(key: UnlockedKey, label: str) -> str:
    """The name of a raw file's row: the same for the same file, and telling nothing."""
    return key.blind_index(label, name="asset.label").hex()


def _reserve(
    scan: Scan, entries: Iterable[AssetFile], key: UnlockedKey
) -> list[tuple[AssetFile, Asset]]:
    """An asset row for each entry; returns those whose bytes are still to be fetched.

    Files of an earlier attempt that the manifest tells otherwise by now are forgotten.
    """
    rows = {asset.name: asset for asset in Asset.objects.filter(scan=scan, origin="raw")}
    waiting = []
    for entry in entries:
        asset = rows.pop(raw_name(key, entry.name), None)
        if asset is not None and asset.stored_at and _hex(asset.sha256) == entry.sha256:
            continue
        waiting.append((entry, _expect(scan, entry, key)))
    for stale in rows.values():
        stale.delete()
        transaction.on_commit(partial(storages["objects"].delete, stale.object_name))
    return waiting


def _expect(scan: Scan, entry: AssetFile, key: UnlockedKey) -> Asset:
    described = {
        "label": Sealing(key, entry.name),
        "kind": entry.kind,
        "light": entry.light or "",
        "metric": entry.metric or "",
        "media_type": entry.media_type,
        "bytes": entry.bytes,
        "sha256": None,
        "stored_at": None,
    }
    asset, _ = Asset.objects.update_or_create(
        practice_id=scan.practice_id,
        scan=scan,
        origin=Asset.Origin.RAW,
        name=raw_name(key, entry.name),
        defaults=described,
        create_defaults=described | {"object_name": objects.new_name(scan.prefix)},
    )
    return asset


def _hex(sha256: bytes | memoryview | None) -> str:
    return bytes(sha256 or b"").hex()


def _store(
    source: Source, entry: AssetFile, asset: Asset, key: UnlockedKey, copying: Progress
) -> int:
    """Stream one asset into storage; returns its bytes."""
    digest = hashlib.sha256()
    try:
        with source.open_asset(copying.scan.scan_identifier, entry) as pieces:
            content = copying.counted(_hashed(pieces, digest))
            objects.put(key, asset.object_name, content, length=entry.bytes)
    except ValueError as error:
        raise WorkFailed("A file arrived with another size than the scanner gave.") from error
    if digest.hexdigest() != entry.sha256:
        raise WorkFailed("A file arrived damaged: its checksum is not the one the scanner gave.")
    with practice_scope(asset.practice_id):
        Asset.objects.filter(pk=asset.pk).update(sha256=digest.digest(), stored_at=Now())
    return entry.bytes


def _hashed(pieces: Iterable[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece
