"""Walking a practice's chain from its first entry to its head."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias

from audit.canonical import GENESIS
from audit.models import Head
from audit.stream import entries

# sequence and hash of a chain's last entry; 0 and GENESIS of an empty one
End: TypeAlias = tuple[int, bytes]


@dataclass(slots=True)
class Walk:
    """What a walk along a chain found.

    Attributes:
        length: how many entries hold, counted from the first.
        last: hash of the last of these, ``GENESIS`` if there is none.
        broken_at: the sequence number at which the chain fails; None where it holds.
        why: what is wrong there, in words.
        differing: sequence numbers at which the chain holds another hash than is known.
    """

    length: int = 0
    last: bytes = GENESIS
    broken_at: int | None = None
    why: str = ""
    differing: list[int] = field(default_factory=list)


def first_broken() -> int | None:
    """The sequence number at which the chain of the practice in scope fails, or None.

    A missing end shows as the number after the last entry that is there.
    """
    return walk().broken_at


def walk(known: Mapping[int, bytes] | None = None) -> Walk:
    """Follow the chain of the practice in scope, while others may append to it.

    Args:
        known: hashes told from outside the database, by sequence number.
    """
    found = Walk()
    before = _head()
    _follow(found, before, known or {})
    if found.broken_at is None:
        _compare_ends(found, before, _head())
    return found


def _follow(found: Walk, head: End, known: Mapping[int, bytes]) -> None:
    """Recompute every hash, up to the first that is wrong."""
    end, end_hash = head
    length, previous = 0, GENESIS
    for sequence, text, stored in entries():
        if sequence != length + 1:
            found.broken_at, found.why = length + 1, "is missing"
            break
        if sha256(previous + text.encode()).digest() != stored:
            found.broken_at, found.why = sequence, "is not what was written"
            break
        if sequence in known and known[sequence] != stored:
            found.differing.append(sequence)
        length, previous = sequence, stored
        if length == end and stored != end_hash:
            found.broken_at, found.why = end + 1, "is where the head of the chain does not fit"
            break
    found.length, found.last = length, previous


def _compare_ends(found: Walk, before: End, after: End) -> None:
    """The walk must have come as far as the head was, and no further than it is now."""
    if before[0] == 0 and before[1] != GENESIS:
        found.broken_at, found.why = 1, "is where the head of the chain does not fit"
    elif found.length < before[0]:
        found.broken_at = found.length + 1
        found.why = f"is missing: the chain once had {before[0]} entries"
    elif found.length > after[0]:
        found.broken_at, found.why = after[0] + 1, "was written past the chain's head"


def _head() -> End:
    head = Head.objects.first()
    return (head.sequence, bytes(head.hash)) if head else (0, GENESIS)
