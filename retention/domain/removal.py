"""What one transaction takes away of scans and their reports, and what it leaves of them.

By statements for all of them, whether they are one or hundreds.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from audit.chain import Note, Who, record_all
from audit.words import Action, Count
from dermalia.sealing import keys
from dermalia.tenancy.inserting import insert_all
from reports.domain.cases import settle_cases_of_all_erased
from reports.domain.links import disable_all
from reports.models import Case, Report
from retention.domain.inventory import files_of, rows_by_kind
from retention.domain.rows import delete_rows
from retention.models import Erasure
from scans.domain.tombstones import bury_all
from scans.models import Detail, Scan


def remove(
    scans: Sequence[Scan], *, reason: Erasure.Reason, who: Who, batch: UUID | None = None
) -> list[Erasure]:
    """Destroy the keys, kill the links, delete the rows, leave tombstones, receipts and entries.

    Args:
        scans: of the practice in scope, each held by the caller's transaction.
        batch: of erasures that were asked for together.

    Returns:
        The receipts, in the order of the scans, without what the database fills in.
    """
    ids = [scan.pk for scan in scans]
    reports = _held_reports(ids)
    report_ids = [report.pk for report in reports.values()]
    granted = _granted(report_ids) if reason == Erasure.Reason.STAFF else set()
    writing = _writing_until(scans)
    keys.destroy_all([scan.key_id for scan in scans])
    notes = settle_cases_of_all_erased(report_ids=report_ids)
    disable_all(report_ids=report_ids)
    bury_all(scans=scans)
    files = files_of(ids)
    deleted = delete_rows({pk: reports[pk].pk if pk in reports else None for pk in ids})
    erasures = []
    for scan in scans:
        erasure = _receipt(scan, reports.get(scan.pk), deleted[scan.pk], files.get(scan.pk))
        erasure.reason = Erasure.Reason.PERSON if scan.pk in granted else reason
        erasure.requested_by, erasure.batch = who.role, batch
        if until := writing.get(scan.pk):
            erasure.settles_at = until
        erasures.append(erasure)
    insert_all(erasures)
    # Last: until the transaction ends nobody else of the practice can write to its log.
    record_all([*notes, *map(_note, erasures)], who=who)
    return erasures


def _held_reports(scan_ids: list[UUID]) -> dict[UUID, Report]:
    """The reports by their scans' ids, held, so that nothing is added to them any more."""
    rows = Report.objects.select_for_update().filter(scan_id__in=scan_ids).order_by("pk")
    return {
        report.scan_id: report for report in rows.only("scan_id", "purpose", "due_on", "due_rule")
    }


def _receipt(
    scan: Scan,
    report: Report | None,
    deleted: Counter[str],
    files: tuple[dict[str, int], int] | None,
) -> Erasure:
    """What was erased, and when and why it would have been."""
    kinds, size = files or ({}, 0)
    return Erasure(
        practice_id=scan.practice_id,
        scan_id=scan.pk,
        key_id=scan.key_id,
        prefix=scan.prefix,
        purpose=report.purpose if report else "",
        due_on=report.due_on if report else scan.due_on,
        due_rule=report.due_rule if report else "",
        rows=deleted.total(),
        bytes_erased=size,
        inventory={"files": kinds, "rows": rows_by_kind(deleted)},
    )


def _note(erasure: Erasure) -> Note:
    counts = {Count.KEYS: 1, Count.ROWS: erasure.rows}
    replayed = erasure.reason == Erasure.Reason.REPLAY
    action = Action.ERASURE_REPLAYED if replayed else Action.ERASURE_REQUESTED
    return Note(action, erasure.scan_id, counts)


def _granted(report_ids: list[UUID]) -> set[UUID]:
    """Scans whose person has asked for the erasure: staff who erase them do so for that reason."""
    asked = Case.objects.filter(
        report_id__in=report_ids, kind=Case.Kind.ERASURE, state=Case.State.OPEN
    )
    return set(asked.values_list("report__scan_id", flat=True))


def _writing_until(scans: Sequence[Scan]) -> dict[UUID, datetime]:
    """Until when a worker that holds something of a scan may still be writing."""
    details = Detail.objects.select_for_update().filter(scan_id__in=[scan.pk for scan in scans])
    leases = [
        *((scan.pk, scan.leased_until) for scan in scans),
        *details.order_by("pk").values_list("scan_id", "leased_until"),
    ]
    until: dict[UUID, datetime] = {}
    for scan_id, leased_until in leases:
        if leased_until is not None:
            until[scan_id] = max(leased_until, until.get(scan_id, leased_until))
    return until
