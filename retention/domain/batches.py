"""Erasing many scans of one practice: by few statements and requests, a batch at a time.

Whoever erases many says which, and why, by an ``Errand``: the sweep of what is due, an order for
everything, the replay after a restore. What one transaction takes away, and what has to be seen
before "verified" is said, is the same as of a scan that goes by itself.
"""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from audit.chain import Who
from dermalia.tenancy import practice_scope
from retention.domain.erase import Occupied, complete_erasures, request_erasures
from retention.models import Erasure
from scans.models import Scan

# Reports in one transaction, and names in few requests to storage. Larger ones are no faster, and
# keep others from the practice's log for longer.
BATCH = 200


class Errand(ABC):
    """Which scans of a practice are to go, why, and on whose word.

    Attributes:
        reason, who: as receipts and log tell it.
        batch: of erasures that were asked for together, if they were.
    """

    reason: Erasure.Reason
    who: Who
    batch: UUID | None = None

    @abstractmethod
    def held(self, number: int, among: Collection[UUID] | None) -> Sequence[Scan]:
        """The next scans to go, so many at most, held until the caller's transaction ends.

        Those that somebody else holds are left out. It is asked in each transaction anew, so that
        what may not go any more is left out, too.

        Args:
            among: ids of scans, where only these may go.
        """

    def requested(self, number: int) -> None:  # noqa: B027 (most have nothing to count)
        """So many went, in the same transaction."""


def request_batch(
    practice_id: int, errand: Errand, *, among: Collection[UUID] | None = None
) -> list[UUID]:
    """From this one's commit on nothing of the errand's next scans can be read any more.

    Where somebody holds on to what belongs to one of them each goes in a transaction of its own,
    so that the others need not wait.

    Returns:
        Ids of the erasures; none where nothing is left, or nothing that can go now. No worker
        was told of them: ``complete_erasures`` and ``complete_batches`` go on.
    """
    with practice_scope(practice_id):
        scans = errand.held(BATCH, among)
        try:
            return _request(errand, scans)
        except Occupied:
            alone = [scan.pk for scan in scans]
    return [pk for scan_id in alone for pk in _request_alone(practice_id, errand, scan_id)]


def complete_batches(
    practice_id: int, erasure_ids: Sequence[UUID], *, until: float = math.inf
) -> bool:
    """Delete the objects of requested erasures, and verify them, a batch after the other.

    Args:
        until: on ``time.monotonic``'s clock; after that it stops with the batch at hand.

    Returns:
        Whether there was time for all of them. What cannot be verified yet is put off.
    """
    for ids in in_batches(erasure_ids):
        if time.monotonic() > until:
            return False
        complete_erasures(practice_id=practice_id, erasure_ids=ids)
    return True


def in_batches(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """All of the ids, ``BATCH`` at a time."""
    for at in range(0, len(ids), BATCH):
        yield ids[at : at + BATCH]


def _request(errand: Errand, scans: Sequence[Scan]) -> list[UUID]:
    if not scans:
        return []
    erasures = request_erasures(
        scans=scans, reason=errand.reason, who=errand.who, batch=errand.batch
    )
    errand.requested(len(erasures))
    return [erasure.pk for erasure in erasures]


def _request_alone(practice_id: int, errand: Errand, scan_id: UUID) -> list[UUID]:
    """Nothing where it is gone by now, may not go any more, or is still held."""
    with practice_scope(practice_id):
        try:
            return _request(errand, errand.held(1, [scan_id]))
        except Occupied:
            return []
