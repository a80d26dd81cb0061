"""Reads over reports."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models.functions import Now, TruncDate

from reports.domain.due import BERLIN
from reports.models import Report
from scans.models import Asset

# Every picture of a page asks this once, so it is one statement.
_FILE = """
    SELECT asset.*, scan.key_id, report.id AS report_id, practice.counts_use
    FROM reports_link link
    JOIN reports_report report ON report.id = link.report_id
    JOIN scans_scan scan ON scan.id = report.scan_id
    JOIN scans_asset asset ON asset.scan_id = scan.id
    JOIN practices_practice practice ON practice.id = report.practice_id
    WHERE link.digest = %s AND link.gone_at IS NULL AND report.state = 'released'
        AND report.due_on > (now() AT TIME ZONE %s)::date
        AND report.restricted_at IS NULL
        AND asset.id = %s AND asset.origin = 'derived' AND asset.stored_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class VisibleFile:
    """A derived file that a link may show now, and what opening it takes."""

    asset: Asset
    key_id: UUID
    report_id: UUID
    counts_use: bool


def visible_file(link_digest: bytes, asset_id: UUID) -> VisibleFile | None:
    """The file, on the conditions of `visible_report` (in the practice's scope)."""
    for asset in Asset.objects.raw(_FILE, [link_digest, BERLIN.key, asset_id]):
        found: Any = asset  # with the columns beside its own
        return VisibleFile(asset, found.key_id, found.report_id, found.counts_use)
    return None


def visible_report(report_id: UUID) -> Report | None:
    """The report if a link may show it now: released, not restricted and, by the database's clock,
    not due."""
    return (
        Report.objects.select_related("scan", "practice")
        .filter(pk=report_id, state=Report.State.RELEASED, restricted_at=None)
        .filter(due_on__gt=TruncDate(Now(), tzinfo=BERLIN))
        .first()
    )
