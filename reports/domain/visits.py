"""What is kept of a look at a report: a network, a browser and a kind of device; no person."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from dermalia.clients import browser_of, device_of, network_of
from reports.domain.due import BERLIN
from reports.models import Tally, Visit

# One statement, because looking again is all that most requests do. Every UPDATE of a row gives it
# another xmin. Nobody waits for the disk: after a power cut the log may lack its last second.
_VISIT = """
    WITH seen AS (
        SELECT report.practice_id, report.id,
            concat_ws(' ', report.xmin, scan.xmin, identity.xmin, practice.xmin) AS state
        FROM reports_link link
        JOIN reports_report report ON report.id = link.report_id
        JOIN scans_scan scan ON scan.id = report.scan_id
        LEFT JOIN scans_identity identity ON identity.scan_id = scan.id
        JOIN practices_practice practice ON practice.id = report.practice_id
        WHERE link.digest = %s AND link.gone_at IS NULL AND report.state = 'released'
            AND report.due_on > (now() AT TIME ZONE %s)::date AND report.restricted_at IS NULL
    ), noted AS (
        INSERT INTO reports_visit (practice_id, report_id, network, browser, device)
        SELECT practice_id, id, %s, %s, %s FROM seen
    )
    SELECT state, set_config('synchronous_commit', 'off', true) FROM seen
"""
_COUNT = """
    INSERT INTO reports_tally (practice_id, day, what, number) VALUES (%s, %s, %s, 1)
    ON CONFLICT (practice_id, day, what) DO UPDATE SET number = reports_tally.number + 1
"""


def visit(link_digest: bytes, *, address: str, agent: str) -> str | None:
    """Write a look at a link's report into the practice's access log, if it may be looked at now.

    Args:
        address: where the request came from; only its network is kept.
        agent: the browser's own description; only its kind is kept.

    Returns:
        Which state the report's rows are in: another text after any change of theirs. None where
        the link is gone, or the report not released or due; nothing is written then.
    """
    kinds = [network_of(address), browser_of(agent), device_of(agent)]
    with connection.cursor() as cursor:
        cursor.execute(_VISIT, [link_digest, BERLIN.key, *kinds])
        row = cursor.fetchone()
    return row[0] if row else None


def count(*what: Tally.What, practice_id: int) -> None:
    """One more of each, today; for practices that want to know (``Practice.counts_use``)."""
    if not what:
        return
    today = timezone.now().astimezone(BERLIN).date()
    with connection.cursor() as cursor:
        for each in sorted(what):
            cursor.execute(_COUNT, [practice_id, today, each])


def forget_old_visits() -> int:
    """Delete the entries whose time is over, in the practice's scope; how many there were."""
    limit = timezone.now() - timedelta(days=settings.VISIT_DAYS)
    return Visit.objects.filter(at__lt=limit).delete()[0]
