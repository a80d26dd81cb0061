"""Saying that scans are erased: only once nothing of them is left, and then in row and log."""

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from audit.chain import SYSTEM, Note, record_all
from audit.models import Entry
from audit.words import Action, Count
from dermalia.sealing.models import LedgerEntry, ReportKey
from dermalia.work.lease import WorkFailed, finish_all
from reports.models import Report
from retention.models import Erasure
from scans.models import Scan

logger = logging.getLogger(__name__)

_TELL = """
    UPDATE retention_erasure AS erasure
    SET log_sequence = told.sequence, log_hash = told.hash
    FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) AS told (id, sequence, hash)
    -- Twice, because by the join alone row security would hide the index.
    WHERE erasure.id = ANY(%s) AND erasure.id = told.id
"""


def count_objects(erasures: Sequence[Erasure], deleted: Mapping[str, int]) -> None:
    """Add to each receipt how many objects went, in a transaction that holds the erasures.

    Args:
        deleted: numbers of objects by prefix.
    """
    by_number = defaultdict(list)
    for erasure in erasures:
        by_number[deleted[erasure.prefix]].append(erasure.pk)
    for number, ids in by_number.items():
        rows = Erasure.objects.filter(pk__in=ids)
        rows.update(objects_erased=F("objects_erased") + number)


def unfinished(
    erasures: Sequence[Erasure], *, in_storage: Collection[str]
) -> dict[UUID, WorkFailed]:
    """Those of the practice's erasures that cannot be called verified yet, each with the reason.

    Args:
        in_storage: prefixes under which storage still holds something.
    """
    left = _in_database(erasures)
    ids = [erasure.pk for erasure in erasures]
    settled = set(
        Erasure.objects.filter(pk__in=ids, settles_at__lte=Now()).values_list("pk", flat=True)
    )
    found = {}
    for erasure in erasures:
        if erasure.scan_id in left or erasure.prefix in in_storage:
            found[erasure.pk] = WorkFailed("Something of the report is still there; trying again.")
        elif erasure.pk not in settled:
            found[erasure.pk] = WorkFailed("A worker may still be writing; looking again.", after=5)
    return found


def say_verified(erasures: Sequence[Erasure]) -> None:
    """In the caller's transaction, which holds the erasures: "verified", in each row and the log.

    Raises:
        LeaseLost: another worker has taken one of them over.
    """
    ids = [erasure.pk for erasure in erasures]
    rows = Erasure.objects.filter(pk__in=ids)
    rows.update(state=Erasure.State.VERIFIED, verified_at=Now())
    finish_all(erasures, state=Erasure.State.VERIFIED)
    verified = list(rows.order_by("requested_at", "pk"))
    # Nearly last: until the transaction ends nobody else of the practice can write to its log.
    entries = record_all([_note(erasure) for erasure in verified], who=SYSTEM)
    _tell_rows(verified, entries)
    for erasure in verified:
        seconds = erasure.seconds or 0.0
        if seconds > settings.ERASURE_LIMIT_SECONDS:
            logger.error("erasure %s took %.1f s, more than promised", erasure.pk, seconds)


def _in_database(erasures: Sequence[Erasure]) -> set[UUID]:
    """Ids of the scans of which a row or the key is there, or the ledger's entry is not."""
    scan_ids = [erasure.scan_id for erasure in erasures]
    scan_of = {erasure.key_id: erasure.scan_id for erasure in erasures}
    keys = ReportKey.objects.filter(pk__in=scan_of).values_list("pk", flat=True)
    entered = LedgerEntry.objects.filter(key_id__in=scan_of).values_list("key_id", flat=True)
    return {
        *Scan.objects.filter(pk__in=scan_ids).values_list("pk", flat=True),
        *Report.objects.filter(scan_id__in=scan_ids).values_list("scan_id", flat=True),
        *(scan_of[key_id] for key_id in keys),
        *(scan_of[key_id] for key_id in scan_of.keys() - set(entered)),
    }


def _note(erasure: Erasure) -> Note:
    counts = {
        Count.OBJECTS: erasure.objects_erased,
        Count.BYTES: erasure.bytes_erased,
        Count.MILLISECONDS: round((erasure.seconds or 0.0) * 1000),
    }
    return Note(Action.ERASURE_VERIFIED, erasure.scan_id, counts)


def _tell_rows(erasures: Sequence[Erasure], entries: Sequence[Entry]) -> None:
    """Which entry of the log tells of which erasure."""
    ids = [erasure.pk for erasure in erasures]
    sequences, hashes = [entry.sequence for entry in entries], [entry.hash for entry in entries]
    with connection.cursor() as cursor:
        cursor.execute(_TELL, [ids, sequences, hashes, ids])
