"""What is kept of a look at a report: a network, a browser and a kind of device; no person."""

import re
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.db import connection
from django.utils import timezone

from reports.domain.due import BERLIN
from reports.models import Tally, Visit

# The first that fits: browsers name those they descend from, too.
_BROWSERS = (
    (re.compile(r"Edg(e|A|iOS)?/"), Visit.Browser.EDGE),
    (re.compile(r"SamsungBrowser/"), Visit.Browser.SAMSUNG),
    (re.compile(r"(Firefox|FxiOS)/"), Visit.Browser.FIREFOX),
    (re.compile(r"(OPR|Opera|Vivaldi|YaBrowser|DuckDuckGo)/"), Visit.Browser.OTHER),
    (re.compile(r"(Chrome|Chromium|CriOS)/"), Visit.Browser.CHROME),
    (re.compile(r"Safari/"), Visit.Browser.SAFARI),
)
_DEVICES = (
    (re.compile(r"iPad|Tablet|PlayBook|Silk/|Android(?!.*Mobile)"), Visit.Device.TABLET),
    (re.compile(r"iPhone|iPod|Mobile|Phone"), Visit.Device.PHONE),
    (re.compile(r"Windows NT|Macintosh|X11|CrOS"), Visit.Device.COMPUTER),
)
# One statement, because looking again is all that most requests do. Every UPDATE of a row gives it
# another xmin. Nobody waits for the disk: after a power cut the log may lack its last second.
_VISIT = """
    WITH seen AS (
        SELECT report.practice_id, report.id,
            concat_ws(' ', report.xmin, scan.xmin, practice.xmin) AS state
        FROM reports_link link
        JOIN reports_report report ON report.id = link.report_id
        JOIN scans_scan scan ON scan.id = report.scan_id
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
    kinds = [
        network_of(address),
        _first(_BROWSERS, agent, Visit.Browser.OTHER),
        _first(_DEVICES, agent, Visit.Device.OTHER),
    ]
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


def network_of(address: str) -> str:
    """The /24 or /48 that an address lies in; empty for what is none."""
    try:
        read = ip_address(address)
    except ValueError:
        return ""
    if isinstance(read, IPv6Address) and read.ipv4_mapped is not None:
        read = read.ipv4_mapped
    bits = 24 if read.version == 4 else 48
    return str(ip_network(f"{read}/{bits}", strict=False))


def _first(kinds: tuple[tuple[re.Pattern[str], str], ...], agent: str, otherwise: str) -> str:
    return next((kind for pattern, kind in kinds if pattern.search(agent)), otherwise)
