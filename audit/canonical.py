"""The one spelling of an entry that its hash is taken over.

``canonical`` defines it, by way of ``json.dumps``. ``speller`` writes the same for columns that
Postgres has cast to text, fast enough to check a practice's whole log in one go.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC
from typing import Any, TypeAlias

from audit.models import Entry

# What a practice's first entry is chained to.
GENESIS = bytes(32)

# sequence, at (ISO 8601, UTC, microseconds), actor, actor_id, action, object_id, counts (jsonb)
Spell: TypeAlias = Callable[[int, str, str, int | None, str, str | None, str], str]

_ONE_COUNT = re.compile(r'\{"[a-z_]+": (?:0|[1-9][0-9]{0,18})\}').fullmatch


def digest(previous: bytes, entry: Entry) -> bytes:
    """SHA-256 over the previous hash and the entry's canonical JSON: 32 bytes."""
    return hashlib.sha256(previous + canonical(entry).encode()).digest()


def canonical(entry: Entry) -> str:
    """The entry as JSON in ASCII, with sorted names and without blanks."""
    return dumps(
        {
            "practice": entry.practice_id,
            "sequence": entry.sequence,
            "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": str(entry.actor),
            "actor_id": entry.actor_id,
            "action": str(entry.action),
            "object": str(entry.object_id) if entry.object_id else None,
            "counts": entry.counts,
        }
    )


def dumps(content: dict[str, Any]) -> str:
    """The canonical JSON of everything that is hashed or signed here."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def speller(practice_id: int) -> Spell:
    """A function that spells the columns of one of the practice's entries as ``canonical`` does.

    It does so for any text whatever, also for one that only a tampered row can hold.
    """
    quoted = _Quoted()

    def spell(
        sequence: int,
        at: str,
        actor: str,
        actor_id: int | None,
        action: str,
        object_id: str | None,
        counts: str,
    ) -> str:
        return (
            f'{{"action":{quoted[action]},"actor":{quoted[actor]}'
            f',"actor_id":{"null" if actor_id is None else actor_id},"at":"{at}"'
            f',"counts":{counts if counts == "{}" else _spell_counts(counts)}'
            f',"object":{f"{chr(34)}{object_id}{chr(34)}" if object_id else "null"}'
            f',"practice":{practice_id},"sequence":{sequence}}}'
        )

    return spell


class _Quoted(dict[str, str]):
    """Words as JSON strings, each quoted once."""

    def __missing__(self, word: str) -> str:
        quoted = self[word] = json.dumps(word)
        return quoted


def _spell_counts(jsonb: str) -> str:
    if _ONE_COUNT(jsonb):
        return jsonb.replace(" ", "")
    try:
        return json.dumps(json.loads(jsonb), sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        # Nothing that record() writes: numbers of thousands of digits, nesting without end.
        return jsonb
