"""A scan's model in full detail, made when somebody asks for it."""

import dataclasses
from uuid import UUID

from audit.access import record_access
from audit.chain import SYSTEM, Who, record
from audit.words import Action, Count
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from dermalia.work.lease import finish, lease
from dermalia.work.nudge import nudge
from scans.conversion import ConversionError, Output, Profile, SourceFile, convert
from scans.domain.convert import as_work_failure, keep, raw_files, source_files
from scans.models import Asset, Detail, Scan

FULL = Profile(triangles=500_000, texture_size=4096, stills=False)
NAME = "model-detail.glb"
# Layers, overlays and pictures are there already.
NEEDED = {Asset.Kind.MESH, Asset.Kind.MATERIAL, Asset.Kind.TEXTURE}


def want_detail(*, scan: Scan, who: Who) -> Detail:
    """Have the detailed model made; asking again changes nothing (in the practice's scope)."""
    detail, is_new = Detail.objects.get_or_create(practice_id=scan.practice_id, scan=scan)
    if is_new:
        record(Action.DETAIL_WANTED, who=who, object_id=scan.pk)
        nudge(Detail, detail.pk, state=detail.state)
    return detail


def make_detail(*, practice_id: int, detail_id: UUID) -> None:
    """Convert the raw files once more, for the model alone."""
    with lease(Detail, detail_id, practice_id=practice_id, state=Detail.State.WANTED) as detail:
        if detail is None:
            return
        with practice_scope(practice_id):
            scan = Scan.objects.get(pk=detail.scan_id)
            access = record_access(Action.CONVERSION_STARTED, who=SYSTEM, object_id=scan.pk)
            key = unlock(scan.key_id, access=access)
            raw = [asset for asset in raw_files(scan) if asset.kind in NEEDED]
        try:
            result = convert(_worn(source_files(raw, key)), profile=FULL)
        except ConversionError as error:
            raise as_work_failure(error) from error
        model = _model(result.outputs)
        keep(detail, [model], key, scan=scan)
        with practice_scope(practice_id):
            finish(detail, state=Detail.State.MADE)
            record(
                Action.DETAIL_MADE,
                who=SYSTEM,
                object_id=scan.pk,
                counts={Count.BYTES: len(model.data), Count.TRIANGLES: result.triangles},
            )


def _worn(files: list[SourceFile]) -> list[SourceFile]:
    """Without the textures that the model does not wear."""
    lights = {file.light for file in files if file.kind == Asset.Kind.TEXTURE}
    if "white" not in lights:
        return files
    return [
        file for file in files if file.kind != Asset.Kind.TEXTURE or file.light in (None, "white")
    ]


def _model(outputs: tuple[Output, ...]) -> Output:
    model = next(output for output in outputs if output.kind == Asset.Kind.MODEL)
    return dataclasses.replace(model, name=NAME, kind=Asset.Kind.DETAIL)
