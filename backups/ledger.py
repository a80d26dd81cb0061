"""The erasure ledger outside of the database: what survives its loss, and an older copy of it.

A bucket of its own, best written once (object lock) and under another account. One object per
erased report, and everything is in its name, so that a thousand entries are read by one request:

    2026/11/21/<practice>.<key id>.<second>.<tombstone or ->.<signature>

Key ids are random, the tombstone is a keyed digest; neither tells who or what was erased. The
signature is the audit log's key's: whoever can write to the bucket could otherwise have a restore
erase what nobody erased.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from django.core.files.storage import storages
from storages.backends.s3 import S3Storage

from audit.signing import SigningKeys, signing_keys

AT_ONCE = 8
_NAME = re.compile(
    r"\d{4}/\d\d/\d\d/(\d{1,10})\.([0-9a-f]{32})\.(\d{1,12})\.([0-9a-f]{64}|-)\.([\w-]{86})",
    re.ASCII,
)


class LedgerRefused(Exception):
    """The ledger outside is not whole, or holds what this installation did not write."""


@dataclass(frozen=True, slots=True)
class Fact:
    """That a report's key was destroyed, and how its scan is recognised again.

    Attributes:
        second: when, as seconds since 1970 (UTC).
        tombstone: 32 bytes, or None where a key went without its scan.
    """

    practice_id: int
    key_id: UUID
    second: int
    tombstone: bytes | None

    @property
    def words(self) -> str:
        mark = self.tombstone.hex() if self.tombstone else "-"
        return f"{self.practice_id}.{self.key_id.hex}.{self.second}.{mark}"

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.second, UTC)

    def name(self, keys: SigningKeys) -> str:
        """Its object's name; the same fact gives the same name."""
        signature = urlsafe_b64encode(keys.sign(_message(self.words))).rstrip(b"=").decode()
        return f"{self.at:%Y/%m/%d}/{self.words}.{signature}"


def write(facts: Iterable[Fact]) -> int:
    """Write facts; one that is there already is written over by itself.

    Returns:
        How many.
    """
    keys, bucket = signing_keys(), _storage().bucket
    names = [fact.name(keys) for fact in facts]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # A body, because some servers take an empty object for a folder.
        return len(list(pool.map(lambda name: bucket.put_object(Key=name, Body=b"1"), names)))


def facts() -> list[Fact]:
    """Everything that was ever erased, each once.

    Raises:
        LedgerRefused: an object is there that this installation did not write.
    """
    return list(dict.fromkeys(_checked(_names(""))))


def count() -> int:
    """How many different facts there are, by their names alone."""
    return len({name.rsplit(".", 1)[0].split("/", 3)[-1] for name in _names("")})


def newest_day() -> list[Fact]:
    """The facts of the last day on which there were any.

    Raises:
        LedgerRefused: see ``facts``.
    """
    prefix = ""
    for _ in ("year", "month", "day"):
        below = _folders(prefix)
        if not below:
            return []
        prefix = below[-1]
    return list(_checked(_names(prefix)))


def _checked(names: Iterable[str]) -> Iterator[Fact]:
    keys = signing_keys()
    for name in names:
        yield _fact(name, keys)


def _fact(name: str, keys: SigningKeys) -> Fact:
    parts = _NAME.fullmatch(name)
    if parts is None:
        raise LedgerRefused(f"{name} in the ledger's bucket is no entry.")
    practice, key_id, second, mark, signature = parts.groups()
    tombstone = None if mark == "-" else bytes.fromhex(mark)
    fact = Fact(int(practice), UUID(key_id), int(second), tombstone)
    signed = urlsafe_b64decode(f"{signature}==")
    if not any(keys.verifies(one, signed, _message(fact.words)) for one in keys.trusted):
        raise LedgerRefused(
            f"{name} in the ledger's bucket is not signed by this installation. If the signing key"
            " was replaced, add the public key before it to DERMALIA_AUDIT_SIGNING_KEY_FILE."
        )
    return fact


def _message(words: str) -> bytes:
    return f"dermalia erasure ledger 1\n{words}".encode()


def _names(prefix: str) -> Iterator[str]:
    for entry in _storage().bucket.objects.filter(Prefix=prefix):
        yield entry.key


def _folders(prefix: str) -> list[str]:
    client: Any = _storage().connection.meta.client
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=_storage().bucket_name, Prefix=prefix, Delimiter="/"
    )
    return sorted(row["Prefix"] for page in pages for row in page.get("CommonPrefixes", []))


def _storage() -> S3Storage:
    return cast(S3Storage, storages["ledger"])
