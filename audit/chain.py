"""Appending to a practice's chain and checking it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.models import Entry, Head
from audit.words import Action, Actor, Count
from dermalia.tenancy import current_practice

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Who:
    """An actor: the role, and the row's id where there is one."""

    role: Actor
    id: int | None = None


SYSTEM = Who(Actor.SYSTEM)
PATIENT = Who(Actor.PATIENT)
OPERATOR = Who(Actor.OPERATOR)


def record(
    action: Action,
    *,
    who: Who,
    object_id: UUID | None = None,
    counts: Mapping[Count, int] | None = None,
) -> Entry:
    """Append an entry to the chain of the practice in scope, in the caller's transaction.

    Raises:
        TypeError: for anything but words, ids and whole numbers.
    """
    if not isinstance(action, Action) or not isinstance(who.role, Actor):
        raise TypeError("an entry is made of Action and Actor words only")
    checked = {Count(name).value: _whole(number) for name, number in (counts or {}).items()}
    practice_id = current_practice()
    with transaction.atomic():
        Head.objects.bulk_create([Head(practice_id=practice_id)], ignore_conflicts=True)
        head = Head.objects.select_for_update().get()
        entry = Entry(
            practice_id=practice_id,
            sequence=head.sequence + 1,
            at=_database_time(),
            actor=who.role,
            actor_id=who.id,
            action=action,
            object_id=object_id,
            counts=checked,
        )
        entry.hash = digest(bytes(head.hash), entry)
        entry.save(force_insert=True)
        Head.objects.update(sequence=entry.sequence, hash=entry.hash)
    return entry


def digest(previous: bytes, entry: Entry) -> bytes:
    """SHA-256 over the previous hash and the entry's canonical JSON: 32 bytes."""
    content: dict[str, Any] = {
        "practice": entry.practice_id,
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": str(entry.actor),
        "actor_id": entry.actor_id,
        "action": str(entry.action),
        "object": str(entry.object_id) if entry.object_id else None,
        "counts": entry.counts,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(previous + canonical.encode()).digest()


def first_broken() -> int | None:
    """The sequence number at which the chain of the practice in scope fails, or None.

    A missing end shows as the number after the last entry that is there.
    """
    previous, expected = GENESIS, 1
    for entry in Entry.objects.order_by("sequence").iterator():
        if entry.sequence != expected or digest(previous, entry) != bytes(entry.hash):
            return expected
        previous, expected = bytes(entry.hash), expected + 1
    head = Head.objects.first()
    ended = (head.sequence + 1, bytes(head.hash)) if head else (1, GENESIS)
    return None if ended == (expected, previous) else expected


def _whole(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError("an entry counts in whole numbers")
    return number


def _database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at
