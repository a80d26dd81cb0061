"""What lies around a scan, for its page: asked for at once, before anything is opened."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import UUIDField

from dermalia.tenancy.statements import Given, Statement
from practices.models import Practice
from reports.models import Report
from scans.models import Detail, Identity, Scan

# Most scans have few of these, and asking for what is not there costs as much as for what is.
_BESIDE = """
    SELECT
        EXISTS (SELECT FROM reports_delivery WHERE report_id = %(report)s),
        EXISTS (SELECT FROM reports_case WHERE report_id = %(report)s),
        EXISTS (SELECT FROM reports_visit WHERE report_id = %(report)s),
        EXISTS (SELECT FROM scans_identitychange WHERE scan_id = %(scan)s),
        ARRAY(SELECT digest FROM reports_link WHERE report_id = %(report)s AND gone_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Beside:
    """Which rows there are beside a scan's own.

    Attributes:
        live_links: digests of the report's links that are not gone, as ``links.digest`` gives them.
    """

    deliveries: bool
    cases: bool
    visits: bool
    corrections: bool
    live_links: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A scan with what there is one of, and what else there is (in the practice's scope)."""

    scan: Scan
    report: Report | None
    identity: Identity | None
    detail: Detail | None
    beside: Beside


def surroundings(scan_id: UUID, *, practice: Practice) -> Surroundings | None:
    """None where the practice has no such scan.

    Args:
        practice: the one in scope, which the rows are given to spare reading it again.
    """
    scan = _SCAN.first(scan=scan_id)
    if scan is None:
        return None
    report: Report | None = getattr(scan, "report", None)
    scan.practice = practice
    if report is not None:
        report.practice = practice
    return Surroundings(
        scan=scan,
        report=report,
        identity=getattr(scan, "identity", None),
        detail=getattr(scan, "detail", None),
        beside=_beside(scan, report),
    )


_SCAN = Statement(
    lambda: Scan.objects.select_related("report", "identity", "detail").filter(
        pk=Given("scan", UUIDField())
    )
)


def _beside(scan: Scan, report: Report | None) -> Beside:
    with connection.cursor() as cursor:
        cursor.execute(_BESIDE, {"scan": scan.pk, "report": report.pk if report else None})
        deliveries, cases, visits, corrections, links = cursor.fetchone()
    return Beside(deliveries, cases, visits, corrections, frozenset(map(bytes, links)))
