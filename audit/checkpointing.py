"""Making a checkpoint of all chains, outside the database that holds them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connections, transaction

from audit import archive
from audit.checkpoint import Checkpoint, CheckpointRefused, Leaf, read, sign
from audit.models import Head
from audit.signing import SigningKeys, signing_keys

# The role that sees every practice's head, and nothing of what the entries say.
ROLE = "sweeper"
# One checkpoint at a time, whoever asks for it: a number no other lock of ours uses.
_LOCK = 0x6175646974


def make_checkpoint() -> Checkpoint:
    """Sign where every practice's chain ends now, and store it.

    Raises:
        ImproperlyConfigured: the signing key is missing or open to others.
        FileExistsError: there is an object of its name already.
    """
    keys = signing_keys()
    with transaction.atomic(using=ROLE):
        _query("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        newest = newest_genuine(keys)
        at = _now()
        if newest is not None:
            # Clocks step back; the names of checkpoints must not.
            at = max(at, newest.at + timedelta(microseconds=1))
        checkpoint = sign(_leaves(), at=at, after=newest, keys=keys)
        archive.store(checkpoint.name, checkpoint.to_bytes())
    return checkpoint


def heads() -> dict[int, tuple[int, bytes]]:
    """Sequence and hash of every chain's end, by practice."""
    rows = Head.across_practices.using(ROLE).values_list("practice_id", "sequence", "hash")
    return {practice: (sequence, bytes(hash_)) for practice, sequence, hash_ in rows}


def _leaves() -> list[Leaf]:
    return [Leaf.of(practice, *end) for practice, end in heads().items()]


def newest_genuine(keys: SigningKeys) -> Checkpoint | None:
    """The newest checkpoint that is whole: a damaged one must not stop the next."""
    for name in reversed(archive.names()):
        try:
            return read(archive.fetch(name), keys=keys)
        except CheckpointRefused:
            continue
    return None


def _now() -> datetime:
    at: datetime = _query("SELECT clock_timestamp()", [])
    return at.astimezone(UTC)


def _query(sql: str, values: list[int]) -> Any:
    with connections[ROLE].cursor() as cursor:
        cursor.execute(sql, values)
        (value,) = cursor.fetchone()
    return value
