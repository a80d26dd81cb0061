"""Replaying the ledger: what was erased after a backup was made is erased again."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from audit.chain import OPERATOR
from backups.ledger import Fact
from dermalia.sealing.keys import delete_practice_keys, practice_mark
from dermalia.sealing.models import LedgerEntry
from dermalia.tenancy import practice_scope
from practices.models import Practice
from retention.domain.batches import Errand, complete_batches, in_batches, request_batch
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


class StillHeld(Exception):
    """Rows that came back could not be erased, as somebody holds them."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did.

    Attributes:
        entries: of the ledger, all of them.
        keys: that a backup had brought back.
        erasures: practice and id of each scan's that a backup had brought back; those of a replay
            that was cut off are among them until they are verified.
    """

    entries: int
    keys: int
    erasures: list[tuple[int, UUID]]


def replay(facts: Sequence[Fact]) -> Replayed:
    """Destroy the keys of everything in the ledger, then the rows that came back with them.

    Each step commits by itself and may be done again.

    Raises:
        StillHeld: not all rows went; keys did.
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
    by_practice: dict[int, list[UUID]] = defaultdict(list)
    for practice_id, pk in erasures:
        by_practice[practice_id].append(pk)
    for practice_id, ids in by_practice.items():
        complete_batches(practice_id, ids)
    verified = {pk for one in by_practice.items() for pk in _verified(*one)}
    return [one for one in erasures if one[1] not in verified]


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
        return list(_back().values_list("pk", flat=True))


def _back() -> QuerySet[Scan]:
    return Scan.objects.filter(key_id__in=LedgerEntry.objects.values("key_id"))


class _CameBack(Errand):
    """Whatever is there of what was erased before."""

    reason = Erasure.Reason.REPLAY
    who = OPERATOR

    def held(self, number: int, among: Collection[UUID] | None) -> list[Scan]:
        rows = _back().select_for_update(of=("self",), skip_locked=True)
        if among is not None:
            rows = rows.filter(pk__in=among)
        return list(rows.order_by("pk")[:number])


def _erase_rows(practice_id: int) -> list[UUID]:
    """Ids of the erasures, with those that a replay before had requested and not completed."""
    for ids in in_batches(came_back(practice_id)):
        request_batch(practice_id, _CameBack(), among=ids)
    held = len(came_back(practice_id))
    if held:
        raise StillHeld(
            f"{held} scans of practice {practice_id} came back and are held by another connection."
            " End it, then go on with --replay."
        )
    with practice_scope(practice_id):
        ours = Erasure.objects.filter(reason=_CameBack.reason, state=Erasure.State.REQUESTED)
        return list(ours.order_by("pk").values_list("pk", flat=True))


def _bury(practice_id: int, facts: Sequence[Fact]) -> None:
    """Bring back the tombstones: else the scanner's cluster would give the scans out again."""
    digests = [fact.tombstone for fact in facts if fact.tombstone is not None]
    for at in range(0, len(digests), BATCH):
        with practice_scope(practice_id), connection.cursor() as cursor:
            cursor.execute(BURY, [practice_id, digests[at : at + BATCH]])


def _verified(practice_id: int, ids: Sequence[UUID]) -> list[UUID]:
    with practice_scope(practice_id):
        done = Erasure.objects.filter(pk__in=ids, state=Erasure.State.VERIFIED)
        return list(done.values_list("pk", flat=True))
