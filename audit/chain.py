"""Appending to a practice's chain."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from audit.canonical import GENESIS, digest
from audit.models import Entry
from audit.walk import first_broken
from audit.words import Action, Actor, Count
from dermalia.tenancy import current_practice

__all__ = [
    "GENESIS",
    "OPERATOR",
    "PATIENT",
    "SYSTEM",
    "Note",
    "Who",
    "digest",
    "first_broken",
    "record",
    "record_all",
]

# Locks the head and changes nothing: whatever interrupts us before the second statement leaves
# the chain whole. The clock is read under the lock, so that times follow the sequence.
_LOCK_HEAD = """
    INSERT INTO audit_head AS head (practice_id, sequence, hash) VALUES (%s, 0, %s)
    ON CONFLICT (practice_id) DO UPDATE SET sequence = head.sequence
    RETURNING sequence, hash, greatest(clock_timestamp(), at)
"""
# One statement: whatever comes between, the head never lags behind its entries.
_APPEND = """
    WITH entry AS (
        INSERT INTO audit_entry
            (practice_id, at, actor, actor_id, sequence, action, object_id, counts, hash)
        SELECT %(practice_id)s, %(at)s, %(actor)s, %(actor_id)s::bigint,
               sequence, action, object_id, counts::jsonb, hash
        FROM unnest(
            %(sequences)s::bigint[], %(actions)s::text[], %(object_ids)s::uuid[],
            %(counts)s::text[], %(hashes)s::bytea[]
        ) AS added (sequence, action, object_id, counts, hash)
        RETURNING id, sequence
    ), head AS (
        UPDATE audit_head SET sequence = %(last)s, hash = %(hash)s, at = %(at)s
        WHERE practice_id = %(practice_id)s
    )
    SELECT id FROM entry ORDER BY sequence
"""


@dataclass(frozen=True, slots=True)
class Who:
    """An actor: the role, and the row's id where there is one."""

    role: Actor
    id: int | None = None


SYSTEM = Who(Actor.SYSTEM)
PATIENT = Who(Actor.PATIENT)
OPERATOR = Who(Actor.OPERATOR)


@dataclass(frozen=True, slots=True)
class Note:
    """What one entry tells: an action, what it was done to, and how much of it there was."""

    action: Action
    object_id: UUID | None = None
    counts: Mapping[Count, int] = field(default_factory=dict)


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
    (entry,) = record_all([Note(action, object_id, counts or {})], who=who)
    return entry


def record_all(notes: Sequence[Note], *, who: Who) -> list[Entry]:
    """As ``record``, for what one actor did to many: an entry for each note, in their order.

    Raises:
        TypeError: for anything but words, ids and whole numbers; nothing is recorded then.
    """
    checked = [_checked(note, who) for note in notes]
    if not notes:
        return []
    practice_id = current_practice()
    sequence, previous, at = _lock_head(practice_id)
    entries = []
    for number, (note, counts) in enumerate(zip(notes, checked, strict=True), start=sequence + 1):
        entry = Entry(
            practice_id=practice_id,
            sequence=number,
            at=at,
            actor=who.role,
            actor_id=who.id,
            action=note.action,
            object_id=note.object_id,
            counts=counts,
        )
        previous = entry.hash = digest(previous, entry)
        entries.append(entry)
    _append(entries)
    return entries


def _lock_head(practice_id: int) -> tuple[int, bytes, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_HEAD, [practice_id, GENESIS])
        sequence, previous, at = cursor.fetchone()
    return sequence, bytes(previous), at


def _append(entries: Sequence[Entry]) -> None:
    """Entries of one chain, of one time and actor, in their order; they get their ids."""
    last = entries[-1]
    columns: dict[str, Any] = {
        "practice_id": last.practice_id,
        "at": last.at,
        "actor": last.actor,
        "actor_id": last.actor_id,
        "sequences": [entry.sequence for entry in entries],
        "actions": [entry.action for entry in entries],
        "object_ids": [entry.object_id for entry in entries],
        "counts": [json.dumps(entry.counts) for entry in entries],
        "hashes": [entry.hash for entry in entries],
        "last": last.sequence,
        "hash": last.hash,
    }
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, columns)
        for entry, (pk,) in zip(entries, cursor.fetchall(), strict=True):
            entry.pk = pk


def _checked(note: Note, who: Who) -> dict[str, int]:
    """What the note counts, in words of the log's."""
    if not isinstance(note.action, Action) or not isinstance(who.role, Actor):
        raise TypeError("an entry is made of Action and Actor words only")
    return {Count(name).value: _whole(number) for name, number in note.counts.items()}


def _whole(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError("an entry counts in whole numbers")
    return number
