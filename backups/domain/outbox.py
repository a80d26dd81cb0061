"""Erasures on their way into the ledger outside of the database."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from backups import ledger
from backups.ledger import Fact
from backups.models import LedgerNote
from dermalia.tenancy import practice_scope
from dermalia.tenancy.inserting import insert_all
from practices.models import Practice

BATCH = 1000
# Keys that were destroyed without their scan, or before notes were taken.
_MISSED = """
    INSERT INTO backups_ledgernote (practice_id, key_id, made_at)
    SELECT practice_id, key_id, destroyed_at FROM keystore.erasure_ledger AS gone
    WHERE NOT EXISTS (SELECT FROM backups_ledgernote AS note WHERE note.key_id = gone.key_id)
    ON CONFLICT DO NOTHING
"""


def note_erased(*, practice_id: int, digests: Mapping[UUID, bytes], **_: Any) -> None:
    """Remember, in the transaction that erases scans, that their entries are to be written.

    Args:
        digests: the scans' tombstones by their key ids.
    """
    notes = [
        LedgerNote(practice_id=practice_id, key_id=key_id, tombstone=digest)
        for key_id, digest in digests.items()
    ]
    # A replay has the entry already and erases by it.
    insert_all(notes, ignore_conflicts=True)


def publish() -> int:
    """Write into the ledger outside whatever of any practice is not there yet.

    Broken off at any point it begins again: an entry written twice is the same object.

    Returns:
        How many entries were written.
    """
    waiting = LedgerNote.across_practices.using("sweeper").filter(published_at=None)
    return sum(
        _publish_of(practice_id)
        for practice_id in sorted(set(waiting.values_list("practice_id", flat=True)))
    )


def find_missed() -> int:
    """Note every entry of the ledger that nobody noted; how many there were."""
    return sum(_find_missed_of(practice_id) for practice_id in _practices())


def _publish_of(practice_id: int) -> int:
    done = 0
    while True:
        with practice_scope(practice_id):
            notes = list(LedgerNote.objects.filter(published_at=None).order_by("pk")[:BATCH])
        if not notes:
            return done
        # Outside of any transaction: storage may be slow.
        done += ledger.write(_fact(note) for note in notes)
        with practice_scope(practice_id):
            written = LedgerNote.objects.filter(pk__in=[note.pk for note in notes])
            written.update(published_at=Now())


def _fact(note: LedgerNote) -> Fact:
    return Fact(
        practice_id=note.practice_id,
        key_id=note.key_id,
        second=int(note.made_at.timestamp()),
        tombstone=None if note.tombstone is None else bytes(note.tombstone),
    )


def note_missed() -> int:
    """Note every entry of the practice in scope that nobody noted, in the caller's transaction.

    Whoever destroys a practice's own keys calls it at once: they have no scan whose erasure would.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MISSED)
        return int(cursor.rowcount)


def _find_missed_of(practice_id: int) -> int:
    with practice_scope(practice_id):
        return note_missed()


def _practices() -> list[int]:
    return list(Practice.objects.order_by("pk").values_list("pk", flat=True))
