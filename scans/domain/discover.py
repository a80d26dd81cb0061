"""Finding new scans in the scanner's cluster."""

import logging

from django.db.models.functions import Now

from audit.chain import SYSTEM, record
from audit.words import Action
from dermalia.sealing.keys import create_report_key
from dermalia.sealing.objects import new_prefix
from dermalia.tenancy import practice_scope
from dermalia.work.nudge import nudge
from scans.domain.sources import open_source
from scans.domain.tombstones import unburied
from scans.isemeco.errors import ClusterError
from scans.models import Connection, Scan

logger = logging.getLogger(__name__)

PAGE = 100


def discover_scans(*, practice_id: int, connection_id: int) -> int:
    """Take in the scans listed since the stored cursor; each page is one transaction.

    An error of the cluster is kept on the connection, where staff see it.

    Returns:
        How many scans are new.
    """
    with practice_scope(practice_id):
        connection = Connection.objects.get(pk=connection_id)
        source = open_source(connection)
    found, cursor, more = 0, connection.cursor, True
    try:
        while more:
            page = source.list_scans(cursor=cursor or None, limit=PAGE)
            with practice_scope(practice_id):
                found += _take_in(connection_id, page.identifiers, page.next_cursor or cursor)
            more, cursor = page.more, page.next_cursor or cursor
    except ClusterError as error:
        logger.warning("connection %s cannot be listed: %s", connection_id, error)
        with practice_scope(practice_id):
            Connection.objects.filter(pk=connection_id).update(last_error=str(error)[:300])
    return found


def _take_in(connection_id: int, identifiers: list[str], cursor: str) -> int:
    # The lock keeps a second discovery from making keys for the same scans.
    connection = Connection.objects.select_for_update().get(pk=connection_id)
    known = set(
        Scan.objects.filter(scan_identifier__in=identifiers).values_list(
            "scan_identifier", flat=True
        )
    )
    fresh = [name for name in identifiers if name not in known]
    for identifier in unburied(practice_id=connection.practice_id, identifiers=fresh):
        scan = Scan.objects.create(
            practice_id=connection.practice_id,
            connection=connection,
            scan_identifier=identifier,
            key_id=create_report_key(),
            prefix=new_prefix(),
        )
        record(Action.SCAN_DISCOVERED, who=SYSTEM, object_id=scan.pk)
        nudge(Scan, scan.pk, state=scan.state)
    Connection.objects.filter(pk=connection_id).update(
        cursor=cursor, last_listed_at=Now(), last_error=""
    )
    return len(fresh)
