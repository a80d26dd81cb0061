"""Finding new scans at their source."""

import logging
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from audit.chain import SYSTEM, record
from audit.words import Action
from dermalia.sealing.keys import create_report_key
from dermalia.sealing.objects import new_prefix
from dermalia.tenancy import practice_scope
from dermalia.work.nudge import nudge
from practices.domain.standing import standing
from scans.domain.exports import tidy
from scans.domain.sources import Source, open_source
from scans.domain.tombstones import unburied
from scans.errors import SourceError
from scans.folder import FolderSource
from scans.isemeco.errors import Busy, ContractBroken
from scans.models import Connection, Scan

logger = logging.getLogger(__name__)

PAGE = 100
# What is left after so many pages waits for the next discovery: others want their turn.
PAGES_AT_ONCE = 50
SHORTEST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)


def discover_scans(*, practice_id: int, connection_id: int) -> int:
    """Take in the scans listed since the stored cursor; each page is one transaction.

    An error of the source is kept on the connection, where staff see it, and lets the connection
    rest for a while.

    Returns:
        How many scans are new.
    """
    with practice_scope(practice_id):
        awake = Connection.objects.exclude(rests_until__gt=Now())
        connection = awake.filter(pk=connection_id).first()
        wanted = connection is not None and standing().takes_in(connection.pk)
    if connection is None or not wanted:
        return 0
    found = 0
    try:
        with practice_scope(practice_id):
            source = open_source(connection)
        found = _take_in_all(connection, source)
        if isinstance(source, FolderSource):
            tidy(connection=connection, source=source)
    except SourceError as error:
        logger.warning("connection %s cannot be listed: %s", connection_id, error)
        _let_rest(connection, error)
    return found


def _take_in_all(connection: Connection, source: Source) -> int:
    found, cursor = 0, connection.cursor
    visited = {cursor}
    for _ in range(PAGES_AT_ONCE):
        page = source.list_scans(cursor=cursor or None, limit=PAGE)
        cursor = page.next_cursor or cursor
        with practice_scope(connection.practice_id):
            found += _take_in(connection.pk, page.identifiers, cursor)
        if not page.more:
            break
        if cursor in visited:
            raise ContractBroken("The Isemeco cluster's scan list goes round in circles.")
        visited.add(cursor)
    return found


def _take_in(connection_id: int, identifiers: list[str], cursor: str) -> int:
    # The lock keeps a second discovery from making keys for the same scans.
    connection = Connection.objects.select_for_update().get(pk=connection_id)
    known = set(
        Scan.objects.filter(scan_identifier__in=identifiers).values_list(
            "scan_identifier", flat=True
        )
    )
    listed = [name for name in dict.fromkeys(identifiers) if name not in known]
    fresh = unburied(practice_id=connection.practice_id, identifiers=listed)
    for identifier in fresh:
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
        cursor=cursor, last_listed_at=Now(), last_error="", rests_until=None
    )
    return len(fresh)


def _let_rest(connection: Connection, error: SourceError) -> None:
    """Ask again when the source said so, else the later the longer the trouble lasts."""
    now = timezone.now()
    lasts = now - connection.last_listed_at if connection.last_listed_at else SHORTEST_REST
    rest = min(max(SHORTEST_REST, lasts / 4), LONGEST_REST)
    if not error.worth_retrying:
        rest = LONGEST_REST
    if isinstance(error, Busy) and error.retry_after is not None:
        rest = max(SHORTEST_REST, timedelta(seconds=error.retry_after))
    with practice_scope(connection.practice_id):
        Connection.objects.filter(pk=connection.pk).update(
            last_error=str(error)[:300], rests_until=now + rest
        )
