"""Erasing a scan and its report: unreadable at once, gone in seconds, verified before claimed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable

from audit.chain import Who
from dermalia.sealing import objects
from dermalia.tenancy import practice_scope
from dermalia.work.lease import hold, lease, put_off
from dermalia.work.nudge import nudge
from dermalia.work.together import lease_all, still_held
from retention.domain.removal import remove
from retention.domain.verification import count_objects, say_verified, unfinished
from retention.models import Erasure
from scans.models import Scan

LOCK_SECONDS = 5


class Occupied(Exception):
    """Somebody holds a row of the scan and does not let go; nothing was changed."""


def request_erasure(
    *, scan: Scan, reason: Erasure.Reason, who: Who, batch: UUID | None = None
) -> Erasure:
    """In one transaction: destroy the key, kill the link, delete the rows, leave the receipt.

    When the caller's transaction commits nothing of the scan and its report, if it came to
    one, can be read any more, by anybody, from any copy. The objects' bytes follow in
    ``complete_erasure``.

    Args:
        batch: of erasures that were asked for together.

    Raises:
        Scan.DoesNotExist: somebody else was quicker; that receipt is theirs.
        Occupied: it could not be done within a few seconds.
    """
    with _waiting_no_longer():
        held = Scan.objects.select_for_update().get(pk=scan.pk)
        (erasure,) = remove([held], reason=reason, who=who, batch=batch)
        erasure.refresh_from_db()  # with the times that the database gave it
        nudge(Erasure, erasure.pk, state=erasure.state)
        return erasure


def request_erasures(
    *, scans: Sequence[Scan], reason: Erasure.Reason, who: Who, batch: UUID | None = None
) -> list[Erasure]:
    """The same of many scans of one practice, all of them or none; no worker is told.

    Args:
        scans: held by the caller's transaction.
        batch: of erasures that were asked for together.

    Returns:
        The receipts as they were made, without the times that the database gave them.

    Raises:
        Occupied: somebody held a row of one of them for longer than a few seconds.
    """
    with _waiting_no_longer():
        return remove(scans, reason=reason, who=who, batch=batch)


@contextmanager
def _waiting_no_longer() -> Iterator[None]:
    """A transaction, or a part of one, in which locks are waited for so long only.

    Raises:
        Occupied: it was too long, or somebody was waiting for ours in turn.
    """
    try:
        with transaction.atomic():
            _wait_no_longer()
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise Occupied from error
        raise


def complete_erasure(*, practice_id: int, erasure_id: UUID) -> None:
    """Delete the objects, look that storage and database hold nothing, and only then say so.

    Whatever interrupts it, it can be begun again: nothing of it counts until the last transaction,
    which says "verified".
    """
    with lease(
        Erasure, erasure_id, practice_id=practice_id, state=Erasure.State.REQUESTED
    ) as erasure:
        if erasure is None:
            return
        deleted = objects.delete_prefix(erasure.prefix)
        with practice_scope(practice_id):
            hold(erasure)
            count_objects([erasure], {erasure.prefix: deleted})
        left = [] if objects.is_empty(erasure.prefix) else [erasure.prefix]
        with practice_scope(practice_id):
            hold(erasure)
            for failure in unfinished([erasure], in_storage=left).values():
                raise failure
            say_verified([erasure])


def complete_erasures(*, practice_id: int, erasure_ids: Sequence[UUID]) -> int:
    """The same of many, by few requests and statements; what cannot be verified yet is put off.

    Returns:
        How many are verified. The others workers go on with, one by one.
    """
    with lease_all(
        Erasure, erasure_ids, practice_id=practice_id, state=Erasure.State.REQUESTED
    ) as erasures:
        prefixes = [erasure.prefix for erasure in erasures]
        deleted = objects.delete_prefixes(prefixes)
        with practice_scope(practice_id):
            count_objects(still_held(erasures), deleted)
        left = objects.not_empty(prefixes)
        with practice_scope(practice_id):
            held = still_held(erasures)
            failures = unfinished(held, in_storage=left)
            done = [erasure for erasure in held if erasure.pk not in failures]
            say_verified(done)
        for erasure in held:
            if failure := failures.get(erasure.pk):
                put_off([erasure], practice_id, failure)
        return len(done)


def _wait_no_longer() -> None:
    """Locks are waited for so long only, to the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_SECONDS}s"])
