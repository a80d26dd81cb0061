"""Reasons, stated in words and vouched for by the log."""

import hashlib
import secrets
from uuid import UUID

from django.utils import timezone

from audit.canonical import dumps
from operators.models import Operator, Statement

SHORTEST, LONGEST = 10, 300  # characters; below that nobody has said anything


def state(*, by: Operator | None, text: str) -> Statement:
    """Keep a reason, of somebody at the command line where ``by`` is None.

    Raises:
        ValueError: it is too short to be one, or too long.
    """
    said = " ".join(text.split())
    if not SHORTEST <= len(said) <= LONGEST:
        raise ValueError(f"a reason has {SHORTEST} to {LONGEST} characters")
    statement = Statement(by=by, text=said, salt=secrets.token_bytes(16), stated_at=timezone.now())
    statement.id = id_of(statement)
    statement.save(force_insert=True)
    return statement


def id_of(statement: Statement) -> UUID:
    """The id that these words have: the first 16 bytes of the SHA-256 over their canonical JSON."""
    said = dumps(
        {
            "at": statement.stated_at.isoformat(),
            "by": statement.by_id,
            "salt": bytes(statement.salt).hex(),
            "text": statement.text,
        }
    )
    return UUID(bytes=hashlib.sha256(said.encode()).digest()[:16])


def is_as_stated(statement: Statement) -> bool:
    """Whether nobody has changed the words since they were stated."""
    return id_of(statement) == statement.id
