"""Report keys: made, unlocked with an access on record, destroyed."""

import hashlib
import hmac
import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4, uuid5

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import connection

from audit.access import Access
from audit.chain import Who, record
from audit.words import Action, Count
from dermalia.sealing.chunks import SealBroken
from dermalia.sealing.keyring import unwrap, wrap
from dermalia.sealing.locks import share_keystore
from dermalia.sealing.models import LedgerEntry, PracticeKey, ReportKey, SecretsKey
from dermalia.sealing.roots import root_keys
from dermalia.tenancy import current_practice

# One statement for the keys and the practice keys that wrap them: every page begins with it.
_WRAPPED = """
    SELECT report.id, report.wrapped, practice.version, practice.root_version, practice.wrapped
    FROM keystore.report_key report
    JOIN keystore.practice_key practice
        ON practice.practice_id = report.practice_id
        AND practice.version = report.practice_key_version
    WHERE report.id = ANY(%s)
        AND NOT EXISTS (SELECT FROM keystore.erasure_ledger gone WHERE gone.key_id = report.id)
"""
_WRAPPED_SECRETS = """
    SELECT secrets.wrapped, practice.version, practice.root_version, practice.wrapped
    FROM keystore.secrets_key secrets
    JOIN keystore.practice_key practice
        ON practice.practice_id = secrets.practice_id
        AND practice.version = secrets.practice_key_version
    WHERE secrets.practice_id = %s
"""
# One statement, so that no key goes without its entry.
_DESTROY = """
    WITH gone AS (
        DELETE FROM keystore.report_key WHERE practice_id = %s AND id = ANY(%s)
        RETURNING practice_id, id
    )
    INSERT INTO keystore.erasure_ledger (practice_id, key_id) SELECT practice_id, id FROM gone
"""
# Any name space of our own; never another, as marks are compared over decades.
_PRACTICES = UUID("5a3c1f0e-7d52-4c5e-9b1a-0f6f5d3e8c21")


class KeyDestroyed(Exception):
    """The key is gone, and with it everything that was sealed under it."""


@dataclass(frozen=True, slots=True)
class UnlockedKey:
    """A key in memory, for as long as the work at hand needs it."""

    id: UUID
    secret: bytes = field(repr=False)

    def seal_text(self, text: str, *, name: str) -> bytes:
        """Seal a short text, such as a model field; ``name`` says which (``scan.email``)."""
        nonce = os.urandom(12)
        return nonce + AESGCM(self._derive("text", name)).encrypt(nonce, text.encode(), None)

    def open_text(self, sealed: bytes, *, name: str) -> str:
        """Raises ``SealBroken`` if it was not sealed by this key under this name."""
        cipher = AESGCM(self._derive("text", name))
        try:
            return cipher.decrypt(sealed[:12], sealed[12:], None).decode()
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"{name} is not authentic") from error

    def blind_index(self, text: str, *, name: str) -> bytes:
        """A digest to look ``text`` up by: 16 bytes, equal for equal texts under this key.

        Case, compatibility forms and outer spaces do not count. HMAC-SHA256, cut; without
        the key nobody can try texts against it.
        """
        plain = unicodedata.normalize("NFKC", text).strip().casefold()
        return hmac.digest(self._derive("index", name), plain.encode(), hashlib.sha256)[:16]

    def _derive(self, purpose: str, name: str) -> bytes:
        info = f"dm1/{purpose}\0{name}".encode()
        return HKDF(SHA256(), 32, None, info).derive(self.secret)


def create_practice_key() -> None:
    """The next key of the practice in scope: its first one, or the one to rotate to."""
    share_keystore()
    practice_id = current_practice()
    newest = PracticeKey.objects.order_by("-version").values_list("version", flat=True).first()
    version = (newest or 0) + 1
    root_version, wrapped = root_keys().wrap(
        os.urandom(32), bound_to=bound_to_practice(practice_id, version)
    )
    PracticeKey.objects.create(
        practice_id=practice_id, version=version, root_version=root_version, wrapped=wrapped
    )


def create_report_key() -> UUID:
    """A new key for a scan and its report, in the practice in scope."""
    share_keystore()
    practice_id, key_id = current_practice(), uuid4()
    outer = PracticeKey.objects.latest("version")
    ReportKey.objects.create(
        id=key_id,
        practice_id=practice_id,
        practice_key_version=outer.version,
        wrapped=wrap(
            open_practice_key(outer),
            os.urandom(32),
            bound_to=bound_to_report(practice_id, outer.version, key_id),
        ),
    )
    return key_id


def unlock(key_id: UUID, *, access: Access) -> UnlockedKey:
    """The key of one scan and its report; see ``unlock_many``.

    Raises:
        KeyDestroyed: the report was erased.
    """
    keys = unlock_many([key_id], access=access)
    if key_id not in keys:
        raise KeyDestroyed(str(key_id))
    return keys[key_id]


def unlock_many(key_ids: Iterable[UUID], *, access: Access) -> dict[UUID, UnlockedKey]:
    """The one way to sealed data: no key without an access on record.

    A key that stands in the erasure ledger stays closed, though somebody brought its row back.

    Args:
        access: what ``audit.access.record_access`` returned for this reading.

    Returns:
        The keys that still exist, by id.

    Raises:
        PermissionError: the access is not on record, or is another practice's.
        KeyRefused: the keystore's bytes do not belong to this practice and key.
        KeysUnavailable: the service that holds the root keys does not answer.
    """
    practice_id = current_practice()
    access.require_recorded_for(practice_id)
    with connection.cursor() as cursor:
        cursor.execute(_WRAPPED, [list(key_ids)])
        rows = cursor.fetchall()
    outer = {
        version: root_keys().unwrap(
            root_version, bytes(wrapped), bound_to=bound_to_practice(practice_id, version)
        )
        for version, root_version, wrapped in {row[2:] for row in rows}
    }
    return {
        key_id: UnlockedKey(
            id=key_id,
            secret=unwrap(
                outer[version],
                bytes(wrapped),
                bound_to=bound_to_report(practice_id, version, key_id),
            ),
        )
        for key_id, wrapped, version, _, _ in rows
    }


def unlock_secrets() -> UnlockedKey:
    """The key for a practice's own secrets and its blind indexes; it opens no health data."""
    practice_id = current_practice()
    found = _wrapped_secrets(practice_id)
    if found is None:
        _create_secrets_key()
        found = _wrapped_secrets(practice_id)
    assert found is not None  # it was made just now, or by somebody else meanwhile
    wrapped, version, root_version, outer = found
    practice_key = root_keys().unwrap(
        root_version, bytes(outer), bound_to=bound_to_practice(practice_id, version)
    )
    secret = unwrap(practice_key, bytes(wrapped), bound_to=bound_to_secrets(practice_id, version))
    return UnlockedKey(id=UUID(int=0), secret=secret)


def _wrapped_secrets(practice_id: int) -> tuple[bytes, int, int, bytes] | None:
    with connection.cursor() as cursor:
        cursor.execute(_WRAPPED_SECRETS, [practice_id])
        found: tuple[bytes, int, int, bytes] | None = cursor.fetchone()
    return found


def destroy(key_id: UUID) -> bool:
    """Destroy the key and enter it in the ledger, in the caller's transaction.

    Returns:
        False if it was destroyed before.
    """
    return bool(destroy_all([key_id]))


def destroy_all(key_ids: Sequence[UUID]) -> int:
    """Destroy keys of the practice in scope, and enter those that were still there in the ledger.

    Returns:
        How many there were.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DESTROY, [current_practice(), list(key_ids)])
        return int(cursor.rowcount)


def destroy_practice(*, who: Who) -> int:
    """Destroy every key of the practice in scope: nothing it ever sealed opens again.

    Returns:
        How many report keys went; each is in the ledger.
    """
    practice_id = current_practice()
    ids = list(ReportKey.objects.select_for_update().values_list("pk", flat=True))
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(practice_id=practice_id, key_id=key_id)
            for key_id in (*ids, practice_mark(practice_id))
        ],
        batch_size=5000,
        ignore_conflicts=True,
    )
    delete_practice_keys()
    record(Action.KEYS_DESTROYED, who=who, counts={Count.KEYS: len(ids)})
    return len(ids)


def practice_mark(practice_id: int) -> UUID:
    """What stands in the ledger once a practice's own keys were destroyed, as they have no id."""
    return uuid5(_PRACTICES, str(practice_id))


def delete_practice_keys() -> None:
    """Delete every key of the practice in scope; the ledger is the caller's affair."""
    for model in (ReportKey, SecretsKey, PracticeKey):
        model.objects.all().delete()


def open_practice_key(row: PracticeKey) -> bytes:
    """A practice's key; for this package's own use, and never to be kept."""
    return root_keys().unwrap(
        row.root_version,
        bytes(row.wrapped),
        bound_to=bound_to_practice(row.practice_id, row.version),
    )


def bound_to_practice(practice_id: int, version: int) -> bytes:
    return f"practice/{practice_id}/{version}".encode()


def bound_to_report(practice_id: int, version: int, key_id: UUID) -> bytes:
    return f"report/{practice_id}/{version}/{key_id}".encode()


def bound_to_secrets(practice_id: int, version: int) -> bytes:
    return f"secrets/{practice_id}/{version}".encode()


def _create_secrets_key() -> None:
    """Derived from the practice's first key, then wrapped, so that it outlives that key."""
    share_keystore()
    practice_id = current_practice()
    outer = PracticeKey.objects.earliest("version")
    practice_key = open_practice_key(outer)
    secret = HKDF(SHA256(), 32, None, b"dm1/credentials").derive(practice_key)
    bound_to = bound_to_secrets(practice_id, outer.version)
    SecretsKey.objects.get_or_create(
        practice_id=practice_id,
        defaults={
            "practice_key_version": outer.version,
            "wrapped": wrap(practice_key, secret, bound_to=bound_to),
        },
    )
