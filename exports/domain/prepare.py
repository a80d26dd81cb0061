"""Planning an export: what is in it and where, so that it can be sent from any byte on.

Files are not read for it. Documents that nobody asked for yet are typeset now, and kept, sealed,
where they always are.
"""

import hashlib
import logging
import time
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from audit.access import Access, Look, record_access
from audit.chain import OPERATOR, SYSTEM, Who, record
from audit.words import Action, Count
from dermalia.sealing.chunks import SealBroken
from dermalia.sealing.keys import unlock, unlock_secrets
from dermalia.tenancy import practice_scope
from dermalia.work.lease import finish, hold, lease
from dermalia.work.nudge import nudge
from exports.domain import tail, whole
from exports.domain.plan import Item, folder_path, lay
from exports.models import Export
from practices.domain.staff import staff
from practices.models import Practice, User
from reports.domain.bundle import MANIFEST, Missing, manifest_of, parts_of
from reports.models import Report
from reports.pdf import PdfError
from reports.pdf.cache import ReportGone, Wanted, look_up, obtain
from reports.pdf.document import Letterhead
from scans.models import Asset, Scan

logger = logging.getLogger(__name__)
PRACTICE_MANIFEST = "practice-manifest.json"
# A slice ends well before the worker's time limit, and the next one goes on behind it.
SLICE_SECONDS = 60.0
AT_ONCE = 50


def want_export(*, practice_id: int, user: User | None) -> Export:
    """The practice's export as of now, in its scope; one from before is dropped.

    Args:
        user: an owner; None for the operator, on the practice's instruction.
    """
    # Of two owners who press the button at once one waits, and replaces what the other began.
    Practice.objects.select_for_update(no_key=True).get(pk=practice_id)
    Export.objects.filter(practice_id=practice_id).delete()
    export = Export(practice_id=practice_id, user=user, as_of=Now())
    export.save(force_insert=True)
    export.refresh_from_db()
    export.of_folders = _scans(export).count()
    export.save(update_fields=["of_folders"])
    record(Action.EXPORT_WANTED, who=who_wanted(export), object_id=export.pk)
    nudge(Export, export.pk, state=export.state)
    return export


def who_wanted(export: Export) -> Who:
    """In whose name it is read."""
    return staff(export.user) if export.user is not None else OPERATOR


def prepare_export(*, practice_id: int, export_id: UUID, seconds: float = SLICE_SECONDS) -> None:
    """Plan folders for a while; the row is due again at once until all of them are.

    A scan that is erased meanwhile is passed over.
    """
    with lease(Export, export_id, practice_id=practice_id, state=Export.State.PREPARING) as export:
        if export is None:
            return
        enough = time.monotonic() + seconds
        if export.length == 0:
            _plan_practice(export)
        while scans := _next(export):
            for scan in scans:
                _plan_scan(export, scan)
                if time.monotonic() > enough:
                    _end_slice(export, done=False)
                    return
        _end_slice(export, done=True)


def _plan_practice(export: Export) -> None:
    with practice_scope(export.practice_id):
        hold(export)
        items = whole.practice_items(export)
        key = unlock_secrets()
        manifest, digest = whole.digest_of(items, export=export, key=key)
        items.append(Item.of_text(PRACTICE_MANIFEST, manifest))
        lay(export, number=0, items=items, digest=digest, key=key).save(force_insert=True)
        _save(export)


def _plan_scan(export: Export, scan: Scan) -> None:
    documents, missing = _documents(export, scan)
    with practice_scope(export.practice_id):
        hold(export)
        export.cursor_at, export.cursor_id = scan.discovered_at, scan.pk
        # An erasure that begins now waits until the folder is laid, and then takes it along.
        here = Scan.objects.select_for_update(no_key=True).filter(pk=scan.pk)
        found = here.select_related("practice").first()
        if found is not None:
            _lay_scan(export, found, documents, missing)
        _save(export)


def _lay_scan(
    export: Export, scan: Scan, documents: dict[str, Asset], missing: list[Missing]
) -> None:
    number = export.folders + 1
    key = unlock(scan.key_id, access=_access(export))
    report = Report.objects.filter(scan=scan).first()
    parts = parts_of(scan=scan, report=report, key=key, documents=documents)
    manifest = manifest_of(parts, missing)
    folder = folder_path(number)
    items = [
        *(Item.of_part(folder, part) for part in parts),
        Item.of_text(f"{folder}/{MANIFEST}", manifest),
    ]
    digest = hashlib.sha256(manifest).digest()
    row = lay(export, number=number, items=items, digest=digest, key=key, scan_id=scan.pk)
    row.save(force_insert=True)
    export.folders = number


def _documents(export: Export, scan: Scan) -> tuple[dict[str, Asset], list[Missing]]:
    """The report's document in its own language; typesetting is no part of a transaction."""
    with practice_scope(export.practice_id):
        wanted = _wanted(export, scan)
    if wanted is None:
        return {}, []
    if isinstance(wanted, Missing):
        return {}, [wanted]
    try:
        return {wanted.language: obtain(wanted)}, []
    except ReportGone:
        return {}, []
    except PdfError as error:
        logger.error("No PDF of scan %s: %s %s", scan.pk, error.code, error.where)
        return {}, [Missing(f"report-{wanted.language}.pdf", "not_made")]
    except (SealBroken, FileNotFoundError) as error:
        # A picture that storage lost or damaged is a gap, which the file will name; it must not
        # keep all the rest of a practice's data from it.
        logger.error("No PDF of scan %s: %s", scan.pk, error)
        return {}, [Missing(f"report-{wanted.language}.pdf", "not_made")]


def _wanted(export: Export, scan: Scan) -> Wanted | Missing | None:
    """None where there is nothing to set. What is restricted is kept, not worked on (Art. 18)."""
    rows = Report.objects.filter(scan_id=scan.pk, scan__state=Scan.State.READY)
    report = rows.select_related("scan__practice", "practice").first()
    if report is None:
        return None
    if report.restricted_at is not None:
        return Missing(f"report-{report.language}.pdf", "restricted")
    practice = report.practice
    return look_up(
        scan=report.scan,
        report=report,
        key=unlock(report.scan.key_id, access=_access(export)),
        language=report.language,
        letterhead=Letterhead(accent=practice.accent, logo=bytes(practice.logo or b"")),
    )


def _access(export: Export) -> Access:
    """One entry every few minutes stands for the planning; each scan has one when it is sent."""
    return record_access(
        Action.EXPORT_PREPARED,
        who=who_wanted(export),
        object_id=export.pk,
        part_of=Look(Action.EXPORT_PREPARED, export.pk),
    )


def _next(export: Export) -> list[Scan]:
    """The next few scans, the oldest first; none at the end."""
    with practice_scope(export.practice_id):
        rows = _scans(export).order_by("discovered_at", "pk")
        if export.cursor_at is not None:
            later = Q(discovered_at=export.cursor_at, pk__gt=export.cursor_id)
            # The first condition is what an index answers.
            rows = rows.filter(discovered_at__gte=export.cursor_at).filter(
                Q(discovered_at__gt=export.cursor_at) | later
            )
        return list(rows[:AT_ONCE])


def _scans(export: Export) -> QuerySet[Scan]:
    """Every scan of which something is stored here, whatever became of it."""
    stored = Asset.objects.filter(scan=OuterRef("pk"), stored_at__isnull=False)
    return Scan.objects.filter(Exists(stored), discovered_at__lte=export.as_of)


def _end_slice(export: Export, *, done: bool) -> None:
    with practice_scope(export.practice_id):
        hold(export)
        if not done:
            finish(export, state=Export.State.PREPARING)
            return
        export.tail_at = export.length
        export.length += tail.length(export)
        Export.objects.filter(pk=export.pk).update(
            state=Export.State.READY,
            tail_at=export.tail_at,
            length=export.length,
            expires_at=Now() + timedelta(days=settings.EXPORT_DAYS),
        )
        finish(export, state=Export.State.READY)
        record(
            Action.EXPORT_PREPARED,
            who=SYSTEM,
            object_id=export.pk,
            counts={Count.ROWS: export.folders, Count.BYTES: export.length},
        )


def _save(export: Export) -> None:
    export.save(update_fields=["length", "folders", "cursor_at", "cursor_id"])
