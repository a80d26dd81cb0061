"""Replaying the ledger: what was erased after a backup was made is erased again."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from audit.chain import OPERATOR
from backups.ledger import Fact
from dermalia.sealing.keys import delete_practice_keys, practice_mark
from dermalia.sealing.models import LedgerEntry
from dermalia.tenancy import practice_scope
from practices.models import Practice
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure
from scans.models import Scan

BATCH = 5000
# The keys first: from the commit of these three on nothing of the batch opens any more.
ENTER = """
    INSERT INTO keystore.erasure_ledger (practice_id, key_id, destroyed_at)
    SELECT %s, key_id, to_timestamp(second)
    FROM unnest(%s::uuid[], %s::bigint[]) AS fact (key_id, second)
    ON CONFLICT DO NOTHING
"""
DESTROY = "DELETE FROM keystore.report_key WHERE id = ANY(%s::uuid[])"
NOTE = """
    INSERT INTO backups_ledgernote (practice_id, key_id, tombstone, made_at, published_at)
    SELECT %s, key_id, tombstone, to_timestamp(second), now()
    FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) AS fact (key_id, second, tombstone)
    ON CONFLICT DO NOTHING
"""
BURY = """
    INSERT INTO scans_tombstone (practice_id, digest)
    SELECT %s, unnest(%s::bytea[]) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did.

    Attributes:
        entries: of the ledger, all of them.
        keys: that a backup had brought back.
        erasures: practice and id of each scan's that a backup had brought back.
    """

    entries: int
    keys: int
    erasures: list[tuple[int, UUID]]


def replay(facts: Sequence[Fact]) -> Replayed:
    """Destroy the keys of everything in the ledger, then the rows that came back with them.

    Each step commits by itself and may be done again.
    """
    by_practice: dict[int, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_practice[fact.practice_id].append(fact)
    # All keys before the first row: from then on nothing of all that can be read.
    keys = sum(destroy_keys(practice_id, theirs) for practice_id, theirs in by_practice.items())
    for practice_id, theirs in by_practice.items():
        _destroy_practice_keys(practice_id, theirs)
    here = set(Practice.objects.values_list("pk", flat=True))
    erasures = []
    for practice_id in sorted(here & by_practice.keys()):
        erasures += [(practice_id, pk) for pk in _erase_rows(practice_id)]
        _bury(practice_id, by_practice[practice_id])
    return Replayed(len(facts), keys, erasures)


def complete(erasures: Sequence[tuple[int, UUID]]) -> list[tuple[int, UUID]]:
    """Delete the objects of what was erased again, and look whether they are gone.

    Returns:
        Those that are not verified yet: the workers go on with them.
    """
    for practice_id, pk in erasures:
        complete_erasure(practice_id=practice_id, erasure_id=pk)
    return [one for one in erasures if not _is_verified(*one)]


def destroy_keys(practice_id: int, facts: Sequence[Fact]) -> int:
    """Enter a practice's facts into its ledger and destroy the keys they name.

    Returns:
        How many keys there were.
    """
    destroyed = 0
    for at in range(0, len(facts), BATCH):
        batch = facts[at : at + BATCH]
        ids, seconds = [fact.key_id for fact in batch], [fact.second for fact in batch]
        tombstones = [fact.tombstone for fact in batch]
        with practice_scope(practice_id), connection.cursor() as cursor:
            cursor.execute(ENTER, [practice_id, ids, seconds])
            cursor.execute(NOTE, [practice_id, ids, seconds, tombstones])
            cursor.execute(DESTROY, [ids])
            destroyed += cursor.rowcount
    return destroyed


def _destroy_practice_keys(practice_id: int, facts: Sequence[Fact]) -> None:
    """Where a practice's own keys were destroyed as well, such as its scanner's password's."""
    mark = practice_mark(practice_id)
    if any(fact.key_id == mark for fact in facts):
        with practice_scope(practice_id):
            delete_practice_keys()


def came_back(practice_id: int) -> list[UUID]:
    """Scans of the practice whose key is in the ledger: there should be none."""
    with practice_scope(practice_id):
        gone = LedgerEntry.objects.values("key_id")
        return list(Scan.objects.filter(key_id__in=gone).values_list("pk", flat=True))


def _erase_rows(practice_id: int) -> list[UUID]:
    erasures = []
    for pk in came_back(practice_id):
        with practice_scope(practice_id):
            scan = Scan.objects.get(pk=pk)
            erasure = request_erasure(scan=scan, reason=Erasure.Reason.REPLAY, who=OPERATOR)
        erasures.append(erasure.pk)
    return erasures


def _bury(practice_id: int, facts: Sequence[Fact]) -> None:
    """Bring back the tombstones: else the scanner's cluster would give the scans out again."""
    digests = [fact.tombstone for fact in facts if fact.tombstone is not None]
    for at in range(0, len(digests), BATCH):
        with practice_scope(practice_id), connection.cursor() as cursor:
            cursor.execute(BURY, [practice_id, digests[at : at + BATCH]])


def _is_verified(practice_id: int, pk: UUID) -> bool:
    with practice_scope(practice_id):
        return Erasure.objects.filter(pk=pk, state=Erasure.State.VERIFIED).exists()
