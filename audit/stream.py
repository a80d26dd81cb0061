"""A practice's entries one after the other, without their models and in constant memory."""

from collections.abc import Iterator
from typing import TypeAlias

from django.db import connection

from audit.canonical import speller
from dermalia.tenancy import current_practice

# sequence, canonical JSON, stored hash (32 bytes, unless somebody changed it)
Spelt: TypeAlias = tuple[int, str, bytes]

ROWS_AT_ONCE = 5000

# to_char drops "BC" and knows no infinity; what record() never writes is shown as it is.
_ENTRIES = """
    SELECT sequence,
           CASE WHEN at >= '0001-01-01 00:00:00+00' AND at < '10000-01-01 00:00:00+00'
                THEN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
                ELSE at::text END,
           actor, actor_id, action, object_id::text, counts::text, hash
    FROM audit_entry
    WHERE practice_id = %s AND sequence > %s AND sequence <= %s
    ORDER BY sequence
"""
# Somebody may have written numbers that record() never gives: they are to be found.
_NO_BEGINNING, _NO_END = -(2**63), 2**63 - 1


def entries(*, up_to: int = _NO_END, after: int = _NO_BEGINNING) -> Iterator[Spelt]:
    """The entries of the practice in scope, by sequence, as one snapshot.

    Args:
        up_to: the last sequence number wanted.
        after: the one behind which to begin.
    """
    practice_id = current_practice()
    spell = speller(practice_id)
    with connection.chunked_cursor() as cursor:
        cursor.execute(_ENTRIES, [practice_id, after, up_to])
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            for sequence, at, actor, actor_id, action, object_id, counts, stored in rows:
                text = spell(sequence, at, actor, actor_id, action, object_id, counts)
                yield sequence, text, bytes(stored)
