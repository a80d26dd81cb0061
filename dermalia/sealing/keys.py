"""Report keys: made, unlocked with an access on record, destroyed."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from audit.access import Access
from dermalia.sealing.chunks import SealBroken
from dermalia.sealing.keyring import root_keys, unwrap, wrap
from dermalia.sealing.models import LedgerEntry, PracticeKey, ReportKey
from dermalia.tenancy import current_practice


class KeyDestroyed(Exception):
    """The key is gone, and with it everything that was sealed under it."""


# As the database hands binary columns out.
Buffer = bytes | memoryview


@dataclass(frozen=True, slots=True)
class UnlockedKey:
    """A report key in memory, for as long as the work at hand needs it."""

    id: UUID
    secret: bytes = field(repr=False)

    def seal_text(self, text: str, *, name: str) -> bytes:
        """Seal a short text, such as a model field; ``name`` says which (``scan.email``)."""
        nonce = os.urandom(12)
        return nonce + self._cipher(name).encrypt(nonce, text.encode(), None)

    def open_text(self, sealed: Buffer, *, name: str) -> str:
        """Raises ``SealBroken`` if it was not sealed by this key under this name."""
        sealed = bytes(sealed)
        try:
            return self._cipher(name).decrypt(sealed[:12], sealed[12:], None).decode()
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"{name} is not authentic") from error

    def _cipher(self, name: str) -> AESGCM:
        return AESGCM(HKDF(SHA256(), 32, None, b"dm1/text\0" + name.encode()).derive(self.secret))


def create_practice_key(*, practice_id: int) -> None:
    """A new practice gets its key (in its scope)."""
    root_version, wrapped = root_keys().wrap(os.urandom(32), bound_to=_practice(practice_id, 1))
    PracticeKey.objects.create(
        practice_id=practice_id, version=1, root_version=root_version, wrapped=wrapped
    )


def create_report_key() -> UUID:
    """A new key for a scan and its report, in the practice in scope."""
    practice_id, key_id = current_practice(), uuid4()
    practice_key = PracticeKey.objects.latest("version")
    wrapped = wrap(
        _open_practice_key(practice_key),
        os.urandom(32),
        bound_to=_report(practice_id, practice_key.version, key_id),
    )
    ReportKey.objects.create(
        id=key_id,
        practice_id=practice_id,
        practice_key_version=practice_key.version,
        wrapped=wrapped,
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

    Args:
        access: what ``audit.access.record_access`` returned for this reading.

    Returns:
        The keys that still exist, by id.

    Raises:
        PermissionError: the access is not on record, or is another practice's.
        KeyRefused: the keystore's bytes do not belong to this practice and key.
    """
    practice_id = current_practice()
    access.require_recorded_for(practice_id)
    outer = {row.version: _open_practice_key(row) for row in PracticeKey.objects.all()}
    return {
        row.pk: UnlockedKey(
            id=row.pk,
            secret=unwrap(
                outer[row.practice_key_version],
                bytes(row.wrapped),
                bound_to=_report(practice_id, row.practice_key_version, row.pk),
            ),
        )
        for row in ReportKey.objects.filter(pk__in=list(key_ids))
    }


def unlock_credentials() -> UnlockedKey:
    """The key for a practice's own secrets, such as its scanner's password; no health data."""
    practice_key = PracticeKey.objects.earliest("version")
    secret = HKDF(SHA256(), 32, None, b"dm1/credentials").derive(_open_practice_key(practice_key))
    return UnlockedKey(id=UUID(int=0), secret=secret)


def destroy(key_id: UUID) -> bool:
    """Destroy the key and enter it in the ledger, in the caller's transaction.

    Returns:
        False if it was destroyed before.
    """
    deleted, _ = ReportKey.objects.filter(pk=key_id).delete()
    if deleted:
        LedgerEntry.objects.create(practice_id=current_practice(), key_id=key_id)
    return bool(deleted)


def _open_practice_key(row: PracticeKey) -> bytes:
    return root_keys().unwrap(
        row.root_version, bytes(row.wrapped), bound_to=_practice(row.practice_id, row.version)
    )


def _practice(practice_id: int, version: int) -> bytes:
    return f"practice/{practice_id}/{version}".encode()


def _report(practice_id: int, version: int, key_id: UUID) -> bytes:
    return f"report/{practice_id}/{version}/{key_id}".encode()
