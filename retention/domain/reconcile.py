"""Storage and database compared, in both directions: what one has, the other must know.

Names of objects begin with two random hexadecimal digits, so that each of the 256 shards is a small
share of everything, listed once and looked up by index. Objects are listed before rows are read:
a row is written before its object, so an object without a row is one whose row has gone.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from audit.chain import SYSTEM, record
from audit.words import Action
from dermalia.sealing import objects
from dermalia.tenancy import practice_scope
from retention.models import Reconciliation
from scans.models import Asset, Scan

logger = logging.getLogger(__name__)

# A worker may be about to delete it itself; the day also covers any clock of storage's.
ORPHAN_AGE = timedelta(days=1)
# A row this young may have been written while its shard was being listed.
ROW_AGE = timedelta(minutes=10)
LEASE = timedelta(minutes=10)
EVERY = timedelta(hours=20)  # a round a day
# More orphans than this at once are no leftovers: somebody restored an older database, or took a
# wrong bucket. Nothing is deleted then.
FEW, SHARE = 20, 0.2
OURS = re.compile(r"[0-9a-f]{32}/[0-9a-f]{32}")
MISSING = _("A file of this scan is missing in storage. Please contact support.")

Known = Callable[[list[str]], Iterable[str]]
_owners: list[Known] = []


@dataclass(slots=True)
class Shard:
    """What comparing one shard found."""

    objects: int = 0
    rows: int = 0
    orphans: int = 0
    deleted: int = 0
    missing: int = 0
    strangers: int = 0


def register_owner(known: Known) -> None:
    """Called by each app that keeps objects of its own in the bucket of the scans.

    Args:
        known: which of these names the app has a row for.
    """
    if known not in _owners:
        _owners.append(known)


def reconcile(*, seconds: float, anew: bool = False) -> Reconciliation | None:
    """Go on with the round under way, or begin one if the last is a day old.

    Args:
        seconds: after which it stops, to be gone on with from the same shard.
        anew: begin one though the last is younger.

    Returns:
        The round; None if there is nothing to do, or another worker is at it.
    """
    row = _claim(anew)
    if row is None:
        return None
    until = time.monotonic() + seconds
    while row.shard < Reconciliation.SHARDS and time.monotonic() < until:
        found = compare(f"{row.shard:02x}")
        _advance(row, found)
    return _leave(row)


def compare(beginning: str) -> Shard:
    """Compare the objects whose names begin so with the rows that name them, and repair."""
    listed = dict(objects.list_aged(beginning))
    rows = {
        name: (practice_id, scan_id)
        for name, practice_id, scan_id in _rows(beginning).values_list(
            "object_name", "practice_id", "scan_id"
        )
    }
    settled = _rows(beginning).filter(stored_at__lt=Now() - ROW_AGE)
    stored = set(settled.values_list("object_name", flat=True))
    ownerless = _ownerless(sorted(listed.keys() - rows.keys()))
    old = [name for name in ownerless if _older(listed[name])]
    ours = [name for name in old if OURS.fullmatch(name)]
    lost = sorted(stored - listed.keys())
    return Shard(
        objects=len(listed),
        rows=len(rows),
        orphans=len(old),
        deleted=_delete(ours, among=len(listed)),
        missing=sum(_report_missing(*rows[name], name) for name in lost if name in rows),
        strangers=len(old) - len(ours),
    )


def _rows(beginning: str) -> QuerySet[Asset]:
    """Rows of every practice, read by the role that sees names and nothing else."""
    return Asset.across_practices.using("sweeper").filter(object_name__startswith=beginning)


def _ownerless(names: list[str]) -> list[str]:
    """Those that no other app keeps, and that no erasure is about to delete by itself."""
    for known in _owners:
        claimed = set(known(names))
        names = [name for name in names if name not in claimed]
    return names


def _older(written_at: datetime) -> bool:
    return timezone.now() - written_at > ORPHAN_AGE


def _delete(names: list[str], *, among: int) -> int:
    if not names:
        return 0
    if len(names) > FEW and len(names) > SHARE * among:
        logger.error("%d of %d objects have no row: nothing is deleted", len(names), among)
        return 0
    objects.delete_names(names)
    logger.error("%d objects without a row were deleted", len(names))
    return len(names)


def _report_missing(practice_id: int, scan_id: UUID, name: str) -> bool:
    """Have the scan need attention, unless the row has gone since, or the object has come."""
    if objects.exists(name):
        return False
    with practice_scope(practice_id):
        if not Asset.objects.filter(object_name=name, stored_at__isnull=False).exists():
            return False
        told = Scan.objects.filter(pk=scan_id).exclude(last_error=MISSING)
        if told.update(last_error=MISSING):
            record(Action.OBJECT_MISSING, who=SYSTEM, object_id=scan_id)
    logger.error("an object of scan %s is missing in storage", scan_id)
    return True


def _claim(anew: bool) -> Reconciliation | None:
    """The round to work at, under a lease of our own."""
    with transaction.atomic():
        row = Reconciliation.objects.select_for_update().filter(ended_at=None).first()
        if row is None:
            young = Reconciliation.objects.filter(began_at__gt=Now() - EVERY)
            if not anew and young.exists():
                return None
            row, _created = Reconciliation.objects.get_or_create(ended_at=None)
        free = Q(leased_until=None) | Q(leased_until__lt=Now())
        taken = Reconciliation.objects.filter(free, pk=row.pk).update(leased_until=Now() + LEASE)
        return row if taken else None


def _advance(row: Reconciliation, found: Shard) -> None:
    row.shard += 1
    Reconciliation.objects.filter(pk=row.pk).update(
        shard=row.shard,
        leased_until=Now() + LEASE,
        objects_seen=F("objects_seen") + found.objects,
        rows_seen=F("rows_seen") + found.rows,
        orphans=F("orphans") + found.orphans,
        deleted=F("deleted") + found.deleted,
        missing=F("missing") + found.missing,
        strangers=F("strangers") + found.strangers,
    )


def _leave(row: Reconciliation) -> Reconciliation:
    whole = row.shard >= Reconciliation.SHARDS
    ended: dict[str, object] = {"ended_at": Now()} if whole else {}
    Reconciliation.objects.filter(pk=row.pk).update(leased_until=None, **ended)
    row.refresh_from_db()
    return row
