"""A checkpoint: one signed statement about where every practice's chain ended at one moment."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

from audit import merkle
from audit.canonical import dumps
from audit.signing import SigningKeys

FIRST_PREVIOUS = "0" * 64
KIND = "dermalia audit checkpoint 1"
SALT_BYTES = 16


class CheckpointRefused(Exception):
    """What lies in storage is not a checkpoint that this installation signed."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where one practice's chain ended. The salt keeps neighbours in a proof from being guessed."""

    practice: int
    sequence: int
    hash: str
    salt: str

    @classmethod
    def of(cls, practice: int, sequence: int, head_hash: bytes) -> "Leaf":
        return cls(practice, sequence, head_hash.hex(), os.urandom(SALT_BYTES).hex())

    def as_json(self) -> dict[str, Any]:
        return {
            "hash": self.hash,
            "practice": self.practice,
            "salt": self.salt,
            "sequence": self.sequence,
        }

    def hashed(self) -> bytes:
        return merkle.leaf_hash(dumps(self.as_json()).encode())


@dataclass(frozen=True)
class Checkpoint:
    """A genuine checkpoint.

    Attributes:
        statement: the canonical JSON that was signed.
        number: counts up by one from 1.
        at: every entry committed before this is covered.
        previous: digest of the statement before, ``FIRST_PREVIOUS`` in the first one.
        leaves: one per practice, by practice id.
    """

    statement: str
    signature: bytes
    number: int
    at: datetime
    previous: str
    leaves: tuple[Leaf, ...]

    @property
    def digest(self) -> str:
        return sha256(self.statement.encode()).hexdigest()

    @property
    def name(self) -> str:
        """Its name in storage: sorts by time."""
        return f"{self.at:%Y/%m/%Y%m%dT%H%M%S.%fZ}-{self.number:08d}.json"

    @property
    def title(self) -> str:
        """What to call it in a sentence."""
        return f"checkpoint {self.number} of {self.at:%Y-%m-%d %H:%M:%S} UTC"

    @cached_property
    def leaf_hashes(self) -> list[bytes]:
        return [leaf.hashed() for leaf in self.leaves]

    def index_of(self, practice_id: int) -> int | None:
        """The place of a practice's leaf in the tree; None if it has none."""
        places = (i for i, leaf in enumerate(self.leaves) if leaf.practice == practice_id)
        return next(places, None)

    def to_bytes(self) -> bytes:
        """The object in storage: what was signed, and the leaves that prove what is in it."""
        content = {
            "leaves": [
                [leaf.practice, leaf.sequence, leaf.hash, leaf.salt] for leaf in self.leaves
            ],
            "signature": self.signature.hex(),
            "statement": self.statement,
        }
        return dumps(content).encode()


def sign(
    leaves: Sequence[Leaf], *, at: datetime, after: Checkpoint | None, keys: SigningKeys
) -> Checkpoint:
    """State that the chains ended like this, following the checkpoint before.

    Args:
        at: in UTC, when it was so.
    """
    ordered = tuple(sorted(leaves, key=lambda leaf: leaf.practice))
    number = after.number + 1 if after else 1
    previous = after.digest if after else FIRST_PREVIOUS
    statement = dumps(
        {
            "at": at.isoformat(timespec="microseconds"),
            "key": keys.fingerprint,
            "kind": KIND,
            "number": number,
            "previous": previous,
            "root": merkle.root([leaf.hashed() for leaf in ordered]).hex(),
            "tree_size": len(ordered),
        }
    )
    signature = keys.sign(statement.encode())
    return Checkpoint(statement, signature, number, at, previous, ordered)


def read(stored: bytes, *, keys: SigningKeys) -> Checkpoint:
    """Parse a stored object and check it against its own signature and root.

    Raises:
        CheckpointRefused: saying what is wrong with it.
    """
    try:
        checkpoint, said = _parse(stored)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CheckpointRefused("it cannot be read") from error
    if said["kind"] != KIND or said["key"] not in keys.trusted:
        raise CheckpointRefused(f"it is signed by a key that is not ours: {said['key']}")
    if not keys.verifies(said["key"], checkpoint.signature, checkpoint.statement.encode()):
        raise CheckpointRefused("its signature does not fit what it says")
    told = (said["root"], said["tree_size"])
    if told != (merkle.root(checkpoint.leaf_hashes).hex(), len(checkpoint.leaves)):
        raise CheckpointRefused("its leaves are not those that were signed")
    return checkpoint


def _parse(stored: bytes) -> tuple[Checkpoint, dict[str, Any]]:
    content = json.loads(stored)
    said = json.loads(content["statement"])
    checkpoint = Checkpoint(
        statement=str(content["statement"]),
        signature=bytes.fromhex(content["signature"]),
        number=int(said["number"]),
        at=datetime.fromisoformat(said["at"]),
        previous=str(said["previous"]),
        leaves=tuple(
            Leaf(int(p), int(s), str(h), str(salt)) for p, s, h, salt in content["leaves"]
        ),
    )
    return checkpoint, {name: said[name] for name in ("kind", "key", "root", "tree_size")}
