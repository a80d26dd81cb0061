"""Turning a stored capture into what a browser shows."""

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from django.db.models.functions import Now

from audit.access import record_access
from audit.chain import SYSTEM, record
from audit.words import Action, Count
from dermalia.sealing import objects
from dermalia.sealing.keys import UnlockedKey, unlock
from dermalia.tenancy import practice_scope
from dermalia.work.lease import WorkFailed, finish, hold, lease
from dermalia.work.models import Work
from scans.conversion import Conversion, ConversionError, Output, SourceFile, convert, expect
from scans.domain.progress import Progress
from scans.models import Asset, Scan
from scans.signals import scan_ready


def convert_scan(*, practice_id: int, scan_id: UUID) -> None:
    """Open the raw files in memory, convert them in a limited process, seal what comes out."""
    with lease(Scan, scan_id, practice_id=practice_id, state=Scan.State.STORED) as scan:
        if scan is None:
            return
        with practice_scope(practice_id):
            access = record_access(Action.CONVERSION_STARTED, who=SYSTEM, object_id=scan.pk)
            key = unlock(scan.key_id, access=access)
            raw = raw_files(scan)
        Progress(scan, Scan.Stage.CONVERTING, total=sum(asset.bytes for asset in raw)).begin()
        began = time.monotonic()
        expect()  # it starts while the files come from storage
        try:
            result = convert(source_files(raw, key))
        except ConversionError as error:
            raise as_work_failure(error) from error
        took = time.monotonic() - began
        sealing = Progress(scan, Scan.Stage.SEALING, total=_size(result)).begin()
        keep(scan, result.outputs, key, scan=scan, stored=sealing.advance)
        _make_ready(scan, result, took)


def _make_ready(scan: Scan, result: Conversion, took: float) -> None:
    with practice_scope(scan.practice_id):
        hold(scan)
        Scan.objects.filter(pk=scan.pk).update(
            ready_at=Now(),
            triangles=result.triangles,
            unit=result.unit,
            up_axis=result.up,
            notes=list(result.notes),
            conversion_seconds=took,
            stage="",
        )
        finish(scan, state=Scan.State.READY)
        record(
            Action.SCAN_CONVERTED,
            who=SYSTEM,
            object_id=scan.pk,
            counts={
                Count.OBJECTS: len(result.outputs),
                Count.BYTES: _size(result),
                Count.TRIANGLES: result.triangles,
            },
        )
        scan.refresh_from_db()
        scan_ready.send(sender=Scan, scan=scan)


def raw_files(scan: Scan) -> list[Asset]:
    """What the scanner gave (in the practice's scope)."""
    return list(Asset.objects.filter(scan=scan, origin=Asset.Origin.RAW))


def as_work_failure(error: ConversionError) -> WorkFailed:
    """The same bytes fail the same way: only the practice can help, with a new capture."""
    return WorkFailed(error.message, retry=not error.is_permanent)


def _size(result: Conversion) -> int:
    return sum(len(output.data) for output in result.outputs)


def source_files(raw: Iterable[Asset], key: UnlockedKey) -> list[SourceFile]:
    """The raw files, opened in memory, in the order of their names."""
    files = [
        SourceFile(
            name=asset.called(key),
            kind=asset.kind,
            light=asset.light or None,
            metric=asset.metric or None,
            data=objects.read_all(key, asset.object_name),
        )
        for asset in raw
    ]
    return sorted(files, key=lambda file: file.name)


def keep(
    held: Work,
    outputs: Sequence[Output],
    key: UnlockedKey,
    *,
    scan: Scan,
    stored: Callable[[int], None] = lambda _: None,
) -> None:
    """Seal files for good, for as long as ``held`` is ours.

    Args:
        stored: told the bytes of each file once storage has it.

    Raises:
        LeaseLost: it was taken over, or erased.
    """
    with practice_scope(scan.practice_id):
        hold(held)
        places = _reserve(scan, outputs)
    sealed = {places[output.name]: output.data for output in outputs}
    for size in objects.put_all(key, scan.prefix, sealed):
        stored(size)
    with practice_scope(scan.practice_id):
        Asset.objects.filter(scan=scan, object_name__in=places.values()).update(stored_at=Now())


def _reserve(scan: Scan, outputs: Iterable[Output]) -> dict[str, str]:
    """Write the files' rows; each file's name with the name of the object it is to be."""
    rows = [
        Asset(
            practice_id=scan.practice_id,
            scan=scan,
            origin=Asset.Origin.DERIVED,
            object_name=objects.new_name(scan.prefix),
            name=output.name,
            kind=output.kind,
            view=output.view or "",
            light=output.light or "",
            metric=output.metric or "",
            media_type=output.media_type,
            bytes=len(output.data),
            sha256=hashlib.sha256(output.data).digest(),
        )
        for output in outputs
    ]
    # A repeated conversion overwrites its own objects: they keep their names.
    Asset.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["scan", "origin", "name"],
        update_fields=[
            *("kind", "view", "light", "metric", "media_type"),
            *("bytes", "sha256", "stored_at"),
        ],
    )
    mine = Asset.objects.filter(scan=scan, origin=Asset.Origin.DERIVED)
    return dict(mine.filter(name__in=[row.name for row in rows]).values_list("name", "object_name"))
