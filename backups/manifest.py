"""What is said of a backup, signed: when, how many rows, which key. Nothing about anybody."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from audit.canonical import dumps
from audit.signing import SigningKeys
from backups.kinds import Kind, rules

FORMAT = "dermalia backup manifest 1"


class ManifestRefused(Exception):
    """What lies in storage is not a manifest that this installation signed."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One finished backup.

    Attributes:
        made_at: UTC, by the database's clock, when its snapshot was taken.
        rows: by table, in that snapshot and in the dump.
        size, sha256: bytes and digest of the sealed file in storage.
        key: the private key that opens it, as ``data-3``.
        release: of the application that made it.
        postgres: version of the server, as ``18.4``.
        ledger: entries in the ledger outside when the backup began.
    """

    id: UUID
    kind: Kind
    made_at: datetime
    rows: Mapping[str, int] = field(hash=False)
    size: int
    sha256: str
    key: str
    release: str
    postgres: str
    ledger: int

    @property
    def stem(self) -> str:
        return stem(self.kind, self.id, self.made_at)

    @property
    def name(self) -> str:
        """Of the manifest in storage."""
        return f"{self.stem}.json"

    @property
    def payload(self) -> str:
        """Of the sealed file in storage."""
        return f"{self.stem}.sealed"

    @property
    def expires_at(self) -> datetime:
        return self.made_at + rules(self.kind).life

    def age(self, now: datetime) -> timedelta:
        return now - self.made_at

    def to_bytes(self, keys: SigningKeys) -> bytes:
        """The object in storage: what is stated, and its signature."""
        stated = asdict(self) | {
            "format": FORMAT,
            "id": str(self.id),
            "kind": str(self.kind),
            "made_at": self.made_at.isoformat(),
        }
        statement = dumps(stated)
        signature = keys.sign(_message(statement)).hex()
        return dumps(
            {"key": keys.fingerprint, "signature": signature, "statement": statement}
        ).encode()


def stem(kind: Kind, id_: UUID, made_at: datetime) -> str:
    """What the names of a backup's two objects begin with: sorts by time."""
    return f"{kind}/{made_at:%Y%m%dT%H%M%SZ}-{id_}"


def read(stored: bytes, *, keys: SigningKeys) -> Manifest:
    """Parse a stored manifest and check its signature.

    Raises:
        ManifestRefused: it is odd, or not signed by a key that is trusted here.
    """
    try:
        content = json.loads(stored)
        statement, key = str(content["statement"]), str(content["key"])
        signature = bytes.fromhex(content["signature"])
        if not keys.verifies(key, signature, _message(statement)):
            raise ManifestRefused("its signature is not this installation's")
        return _from_json(json.loads(statement))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestRefused("it cannot be read") from error


def _from_json(stated: dict[str, Any]) -> Manifest:
    if stated.pop("format") != FORMAT:
        raise ManifestRefused("it is of another format")
    return Manifest(
        **stated
        | {
            "id": UUID(stated["id"]),
            "kind": Kind(stated["kind"]),
            "made_at": datetime.fromisoformat(stated["made_at"]),
        }
    )


def _message(statement: str) -> bytes:
    return f"{FORMAT}\n{statement}".encode()
