"""Erasing a scan and its report: unreadable at once, gone in seconds, verified before claimed."""

import logging
from collections import Counter
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from psycopg.errors import LockNotAvailable

from audit.chain import SYSTEM, Who, record
from audit.words import Action, Count
from dermalia.sealing import keys, objects
from dermalia.sealing.models import LedgerEntry, ReportKey
from dermalia.tenancy import practice_scope
from dermalia.work.lease import WorkFailed, finish, hold, lease
from dermalia.work.nudge import nudge
from reports.domain.cases import settle_cases_of_erased
from reports.domain.links import disable
from reports.models import Case, Delivery, Report
from retention.domain.inventory import files_of, rows_by_kind
from retention.models import Erasure
from scans.domain.tombstones import bury
from scans.models import Detail, Scan

logger = logging.getLogger(__name__)

LOCK_SECONDS = 5


class Occupied(Exception):
    """Somebody holds a row of the scan and does not let go; nothing was changed."""


def request_erasure(
    *, scan: Scan, reason: Erasure.Reason, who: Who, batch: UUID | None = None
) -> Erasure:
    """In one transaction: destroy the key, kill the link, delete the rows, leave the receipt.

    When the caller's transaction commits nothing of the scan and its report, if it came to
    one, can be read any more, by anybody, from any copy. The objects' bytes follow in
    ``complete_erasure``.

    Args:
        batch: of erasures that were asked for together.

    Raises:
        Scan.DoesNotExist: somebody else was quicker; that receipt is theirs.
        Occupied: it could not be done within a few seconds.
    """
    try:
        with transaction.atomic():
            _wait_no_longer()
            return _request(scan, reason, who, batch)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Occupied from error
        raise


def _request(scan: Scan, reason: Erasure.Reason, who: Who, batch: UUID | None) -> Erasure:
    scan = Scan.objects.select_for_update().get(pk=scan.pk)
    report = Report.objects.filter(scan=scan).first()
    erasure = Erasure(
        practice_id=scan.practice_id,
        reason=_reason(reason, report),
        requested_by=who.role,
        batch=batch,
        scan_id=scan.pk,
        key_id=scan.key_id,
        prefix=scan.prefix,
        purpose=report.purpose if report else "",
        due_on=report.due_on if report else scan.due_on,
        due_rule=report.due_rule if report else "",
    )
    if writing_until := _writing_until(scan):
        erasure.settles_at = writing_until
    keys.destroy(scan.key_id)
    if report is not None:
        settle_cases_of_erased(report=report, who=who)
        disable(report_id=report.pk)
    bury(scan=scan)
    files, erasure.bytes_erased = files_of(scan)
    deleted = _delete_rows(scan, report)
    erasure.rows = deleted.total()
    erasure.inventory = {"files": files, "rows": rows_by_kind(deleted)}
    erasure.save(force_insert=True)
    record(
        Action.ERASURE_REPLAYED if reason == Erasure.Reason.REPLAY else Action.ERASURE_REQUESTED,
        who=who,
        object_id=scan.pk,
        counts={Count.KEYS: 1, Count.ROWS: erasure.rows},
    )
    nudge(Erasure, erasure.pk, state=erasure.state)
    return erasure


def complete_erasure(*, practice_id: int, erasure_id: UUID) -> None:
    """Delete the objects, look that storage and database hold nothing, and only then say so.

    Whatever interrupts it, it can be begun again: nothing of it counts until the last transaction,
    which says "verified".
    """
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


def _wait_no_longer() -> None:
    """Locks are waited for so long only, to the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_SECONDS}s"])


def _reason(reason: Erasure.Reason, report: Report | None) -> Erasure.Reason:
    """Staff who erase what its person asked to have erased do so for that reason."""
    if reason != Erasure.Reason.STAFF or report is None:
        return reason
    asked = Case.objects.filter(report=report, kind=Case.Kind.ERASURE, state=Case.State.OPEN)
    return Erasure.Reason.PERSON if asked.exists() else reason


def _delete_rows(scan: Scan, report: Report | None) -> Counter[str]:
    """Delete everything of the scan; how many rows of which model went.

    By the report's id, never through a join: row security hides the index from the planner.
    """
    deleted: Counter[str] = Counter()
    if report is not None:
        deleted.update(Delivery.objects.filter(report_id=report.pk).delete()[1])
        deleted.update(Report.objects.filter(pk=report.pk).delete()[1])
    deleted.update(Scan.objects.filter(pk=scan.pk).delete()[1])
    return deleted


def _writing_until(scan: Scan) -> datetime | None:
    """Until when a worker that holds something of the scan may still be writing."""
    detail = Detail.objects.select_for_update().filter(scan=scan).first()
    leases = (scan.leased_until, detail.leased_until if detail else None)
    return max(filter(None, leases), default=None)


def _require_empty(erasure: Erasure) -> None:
    """Raises ``WorkFailed`` while anything is left, or may still be written."""
    with practice_scope(erasure.practice_id):
        settled = Erasure.objects.filter(pk=erasure.pk, settles_at__lte=Now()).exists()
        left = (
            Report.objects.filter(scan_id=erasure.scan_id).exists()
            or Scan.objects.filter(pk=erasure.scan_id).exists()
            or ReportKey.objects.filter(pk=erasure.key_id).exists()
            or not LedgerEntry.objects.filter(key_id=erasure.key_id).exists()
        )
    if left or not objects.is_empty(erasure.prefix):
        raise WorkFailed("Something of the report is still there; trying again.")
    if not settled:
        raise WorkFailed("A worker may still be writing; looking again.", after=5)


def _record_verified(erasure: Erasure) -> None:
    seconds = erasure.seconds or 0.0
    entry = record(
        Action.ERASURE_VERIFIED,
        who=SYSTEM,
        object_id=erasure.scan_id,
        counts={
            Count.OBJECTS: erasure.objects_erased,
            Count.BYTES: erasure.bytes_erased,
            Count.MILLISECONDS: round(seconds * 1000),
        },
    )
    Erasure.objects.filter(pk=erasure.pk).update(log_sequence=entry.sequence, log_hash=entry.hash)
    if seconds > settings.ERASURE_LIMIT_SECONDS:
        logger.error("erasure %s took %.1f s, more than promised", erasure.pk, seconds)
