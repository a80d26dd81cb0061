"""Erasing a scan and its report: unreadable at once, gone in seconds, verified before claimed."""

import logging
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import F, Sum
from django.db.models.functions import Now

from audit.chain import SYSTEM, Who, record
from audit.words import Action, Count
from dermalia.sealing import keys, objects
from dermalia.sealing.models import ReportKey
from dermalia.tenancy import practice_scope
from dermalia.work.lease import WorkFailed, finish, hold, lease
from dermalia.work.nudge import nudge
from reports.domain.cases import settle_cases_of_erased
from reports.domain.links import disable
from reports.models import Delivery, Report, Visit
from retention.models import Erasure
from scans.domain.tombstones import bury
from scans.models import Asset, Detail, Identity, IdentityChange, Scan

logger = logging.getLogger(__name__)


def request_erasure(*, scan: Scan, reason: Erasure.Reason, who: Who) -> Erasure:
    """In one transaction: destroy the key, kill the link, delete the rows, leave the receipt.

    When the caller's transaction commits nothing of the scan and its report, if it came to
    one, can be read any more, by anybody, from any copy. The objects' bytes follow in
    ``complete_erasure``.
    """
    scan = Scan.objects.select_for_update().get(pk=scan.pk)
    report = Report.objects.filter(scan=scan).first()
    erasure = Erasure(
        practice_id=scan.practice_id,
        reason=reason,
        scan_id=scan.pk,
        key_id=scan.key_id,
        prefix=scan.prefix,
        bytes_erased=_bytes_of(scan),
    )
    if writing_until := _writing_until(scan):
        erasure.settles_at = writing_until
    keys.destroy(scan.key_id)
    if report is not None:
        settle_cases_of_erased(report=report, who=who)
        disable(report_id=report.pk)
    bury(scan=scan)
    erasure.rows = _delete_rows(scan)
    erasure.save(force_insert=True)
    record(
        Action.ERASURE_REQUESTED,
        who=who,
        object_id=scan.pk,
        counts={Count.KEYS: 1, Count.ROWS: erasure.rows},
    )
    nudge(Erasure, erasure.pk, state=erasure.state)
    return erasure


def complete_erasure(*, practice_id: int, erasure_id: UUID) -> None:
    """Delete the objects, look that storage and database hold nothing, and only then say so."""
    with lease(
        Erasure, erasure_id, practice_id=practice_id, state=Erasure.State.REQUESTED
    ) as erasure:
        if erasure is None:
            return
        deleted = objects.delete_prefix(erasure.prefix)
        with practice_scope(practice_id):
            hold(erasure)
            Erasure.objects.filter(pk=erasure.pk).update(
                objects_erased=F("objects_erased") + deleted
            )
        _require_empty(erasure)
        with practice_scope(practice_id):
            hold(erasure)
            Erasure.objects.filter(pk=erasure.pk).update(
                state=Erasure.State.VERIFIED, verified_at=Now()
            )
            finish(erasure, state=Erasure.State.VERIFIED)
            erasure.refresh_from_db()
            _record_verified(erasure)


def _delete_rows(scan: Scan) -> int:
    return sum(
        rows.delete()[0]
        for rows in (
            Delivery.objects.filter(report__scan=scan),
            Visit.objects.filter(report__scan=scan),
            Report.objects.filter(scan=scan),
            IdentityChange.objects.filter(scan=scan),
            Identity.objects.filter(scan=scan),
            Asset.objects.filter(scan=scan),
            Detail.objects.filter(scan=scan),
            Scan.objects.filter(pk=scan.pk),
        )
    )


def _writing_until(scan: Scan) -> datetime | None:
    """Until when a worker that holds something of the scan may still be writing."""
    detail = Detail.objects.select_for_update().filter(scan=scan).first()
    leases = (scan.leased_until, detail.leased_until if detail else None)
    return max(filter(None, leases), default=None)


def _bytes_of(scan: Scan) -> int:
    total = Asset.objects.filter(scan=scan, stored_at__isnull=False).aggregate(sum=Sum("bytes"))
    return total["sum"] or 0


def _require_empty(erasure: Erasure) -> None:
    """Raises ``WorkFailed`` while anything is left, or may still be written."""
    with practice_scope(erasure.practice_id):
        settled = Erasure.objects.filter(pk=erasure.pk, settles_at__lte=Now()).exists()
        left = (
            Report.objects.filter(scan_id=erasure.scan_id).exists()
            or Scan.objects.filter(pk=erasure.scan_id).exists()
            or ReportKey.objects.filter(pk=erasure.key_id).exists()
        )
    if left or not objects.is_empty(erasure.prefix):
        raise WorkFailed("Something of the report is still there; trying again.")
    if not settled:
        raise WorkFailed("A worker may still be writing; looking again.", after=5)


def _record_verified(erasure: Erasure) -> None:
    seconds = erasure.seconds or 0.0
    record(
        Action.ERASURE_VERIFIED,
        who=SYSTEM,
        object_id=erasure.scan_id,
        counts={
            Count.OBJECTS: erasure.objects_erased,
            Count.BYTES: erasure.bytes_erased,
            Count.MILLISECONDS: round(seconds * 1000),
        },
    )
    if seconds > settings.ERASURE_LIMIT_SECONDS:
        logger.error("erasure %s took %.1f s, more than promised", erasure.pk, seconds)
