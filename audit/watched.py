"""Whether the log is whole, and vouched for lately."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import connections

from audit import archive
from audit.checkpoint import CheckpointRefused, read
from audit.checkpointing import ROLE, heads
from audit.models import Entry
from audit.signing import SigningKeys, signing_keys
from audit.verification import COVERED_WITHIN
from dermalia.operations.doctor import NotHere, Trouble, check
from dermalia.operations.metrics import Figure, collector
from dermalia.tenancy import practice_scope


@collector
def checkpoints() -> Iterator[Figure]:
    age = _age()
    if age is not None:
        yield Figure("checkpoint_age_seconds", "Since the newest checkpoint of the log.", age)
    yield Figure(
        "checkpoint_known", "Whether there is one of this month or the last.", age is not None
    )


@collector
def growth() -> Iterator[Figure]:
    """One query: how many entries there are, by where the chains end."""
    entries = sum(sequence for sequence, _ in heads().values())
    yield Figure("log_entries", "Entries in all chains together.", entries)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s)", [Entry._meta.db_table])
        yield Figure("log_bytes", "What they take up, indexes included.", cursor.fetchone()[0])


@check("checkpoints", do="See whether beat and the worker erase run: one is made every hour.")
def a_checkpoint_is_young() -> str:
    age = _age()
    if age is None:
        if not heads():
            raise NotHere("no entry yet, nothing to vouch for")
        raise Trouble("there is none of this month or the last")
    if age > COVERED_WITHIN.total_seconds():
        raise Trouble(f"the newest is {age / 3600:.1f} h old")
    return f"the newest is {age / 60:.0f} min old"


@check(
    "log", do="Run manage.py audit verify and keep this state: docs/audit.md, docs/operations.md."
)
def chains_end_where_they_say() -> str:
    """The ends only; every entry is what ``manage.py audit verify`` looks at."""
    keys, known = signing_keys(), heads()
    for practice_id, (sequence, hash_) in known.items():
        with practice_scope(practice_id):
            last = Entry.objects.order_by("-sequence").first()
        if (last.sequence, bytes(last.hash)) != (sequence, hash_) if last else bool(sequence):
            raise Trouble(f"practice {practice_id}: the chain does not end at entry {sequence}")
    name = archive.newest(_now())
    if name is not None:
        _require_reached(_read(name, keys), known)
    return f"{len(known)} chains end where they should"


def _read(name: str, keys: SigningKeys) -> dict[int, int]:
    """By practice, the last entry that the checkpoint saw."""
    try:
        found = read(archive.fetch(name), keys=keys)
    except CheckpointRefused as error:
        raise Trouble(f"the newest checkpoint is not genuine: {error}") from error
    return {leaf.practice: leaf.sequence for leaf in found.leaves}


def _require_reached(seen: dict[int, int], known: dict[int, tuple[int, bytes]]) -> None:
    for practice_id, sequence in seen.items():
        if known.get(practice_id, (0, b""))[0] < sequence:
            raise Trouble(
                f"practice {practice_id}: a checkpoint saw entry {sequence}, which is gone"
            )


def _age() -> float | None:
    """Seconds since the newest checkpoint's name says it was made."""
    now = _now()
    name = archive.newest(now)
    if name is None:
        return None
    made = datetime.fromisoformat(name.rpartition("/")[2].partition("-")[0])
    return max(0.0, (now - made).total_seconds())


def _now() -> datetime:
    with connections[ROLE].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at.astimezone(UTC)
