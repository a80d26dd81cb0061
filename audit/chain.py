"""Appending to a practice's chain."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from audit.canonical import GENESIS, digest
from audit.models import Entry
from audit.walk import first_broken
from audit.words import Action, Actor, Count
from dermalia.tenancy import current_practice

__all__ = ["GENESIS", "OPERATOR", "PATIENT", "SYSTEM", "Who", "digest", "first_broken", "record"]

# Locks the head and changes nothing: whatever interrupts us before the second statement leaves
# the chain whole. The clock is read under the lock, so that times follow the sequence.
_LOCK_HEAD = """
    INSERT INTO audit_head AS head (practice_id, sequence, hash) VALUES (%s, 0, %s)
    ON CONFLICT (practice_id) DO UPDATE SET sequence = head.sequence
    RETURNING sequence, hash, greatest(clock_timestamp(), at)
"""
_APPEND = """
    WITH entry AS (
        INSERT INTO audit_entry
            (practice_id, sequence, at, actor, actor_id, action, object_id, counts, hash)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)
        RETURNING id, practice_id, sequence, at, hash
    )
    UPDATE audit_head AS head SET sequence = entry.sequence, hash = entry.hash, at = entry.at
    FROM entry WHERE head.practice_id = entry.practice_id
    RETURNING entry.id
"""


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

    From here to the end of that transaction nobody else appends to this chain: a transaction
    that writes to several practices' chains takes them in the order of their ids.

    Raises:
        TypeError: for anything but words, ids and whole numbers.
    """
    if not isinstance(action, Action) or not isinstance(who.role, Actor):
        raise TypeError("an entry is made of Action and Actor words only")
    checked = {Count(name).value: _whole(number) for name, number in (counts or {}).items()}
    practice_id = current_practice()
    sequence, previous, at = _lock_head(practice_id)
    entry = Entry(
        practice_id=practice_id,
        sequence=sequence + 1,
        at=at,
        actor=who.role,
        actor_id=who.id,
        action=action,
        object_id=object_id,
        counts=checked,
    )
    entry.hash = digest(previous, entry)
    _append(entry)
    return entry


def _lock_head(practice_id: int) -> tuple[int, bytes, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_HEAD, [practice_id, GENESIS])
        sequence, previous, at = cursor.fetchone()
    return sequence, bytes(previous), at


def _append(entry: Entry) -> None:
    columns: list[Any] = [
        entry.practice_id,
        entry.sequence,
        entry.at,
        entry.actor,
        entry.actor_id,
        entry.action,
        entry.object_id,
        json.dumps(entry.counts),
        entry.hash,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, columns)
        (entry.pk,) = cursor.fetchone()


def _whole(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError("an entry counts in whole numbers")
    return number
