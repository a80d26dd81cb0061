"""The keys of backups: public ones in a file, private ones in a folder that may be elsewhere.

They have nothing to do with the keyring. Whoever makes backups needs the file only.
"""

import base64
import json
import os
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from django.conf import settings

from backups.kinds import Kind

PRIVATE = 0o600


class KeysMissing(Exception):
    """A key that is needed is not here; a sentence says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A public key that backups of one kind are sealed to.

    Attributes:
        number: counts up from 1 within its kind, never used twice.
        id: random; what the log calls it.
        since: from when it seals.
    """

    kind: Kind
    number: int
    id: UUID
    since: datetime
    public: X25519PublicKey

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.number}"


def recipients() -> list[Recipient]:
    """All public keys on record, oldest first; empty before the first rotation.

    Raises:
        KeysMissing: the file cannot be read.
    """
    path = settings.BACKUP_RECIPIENTS_FILE
    if not path.exists():
        return []
    try:
        return [_from_json(row) for row in json.loads(path.read_text())["recipients"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeysMissing(f"The public keys of backups in {path} cannot be read.") from error


def current(kind: Kind) -> Recipient:
    """The key that seals new backups of a kind.

    Raises:
        KeysMissing: there is none yet.
    """
    found = [one for one in recipients() if one.kind is kind]
    if not found:
        raise KeysMissing(
            f"There is no key to seal backups of the {kind} to. Run: manage.py backup --rotate"
        )
    return found[-1]


def private_key(name: str) -> X25519PrivateKey:
    """The private key called ``data-3``.

    Raises:
        KeysMissing: it was destroyed, or the folder with private keys is not on this machine.
    """
    path = folder() / f"{name}.key"
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeysMissing(f"The private key {path} is open to others: chmod 600 it.")
        return X25519PrivateKey.from_private_bytes(base64.b64decode(path.read_text()))
    except (OSError, ValueError) as error:
        raise KeysMissing(
            f"The private key {name} is not in {path.parent}: it was destroyed when the last backup"
            " under it went, or it lies elsewhere."
        ) from error


def create(kind: Kind, *, at: datetime) -> Recipient:
    """A new pair; its public key seals from now on.

    The private key is on disk before any backup can be sealed to it.

    Raises:
        KeysMissing: the folder with private keys is not on this machine.
    """
    known = recipients()
    number = max((one.number for one in known if one.kind is kind), default=0) + 1
    # A private key without its public one is what a crash right here leaves; never reused.
    while (folder() / f"{kind}-{number}.key").exists():
        number += 1
    private = X25519PrivateKey.generate()
    made = Recipient(kind, number, uuid4(), at, private.public_key())
    _write(folder() / f"{made.name}.key", base64.b64encode(private.private_bytes_raw()).decode())
    _write_recipients([*known, made])
    return made


def destroy(recipient: Recipient) -> None:
    """Destroy the private key, then forget the public one.

    The file is overwritten before it goes. On flash memory an old block may outlive that: keep
    the folder on an encrypted disk (docs/backups.md).
    """
    path = folder() / f"{recipient.name}.key"
    if path.exists():
        with path.open("r+b") as file:
            file.write(os.urandom(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        _sync(path.parent)
    _write_recipients([one for one in recipients() if one.name != recipient.name])


def folder() -> Path:
    """Where private keys are.

    Raises:
        KeysMissing: not on this machine.
    """
    path: Path | None = settings.BACKUP_KEYS
    if path is None:
        raise KeysMissing(
            "DERMALIA_BACKUP_KEYS names no folder: the private keys of backups are not here."
        )
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _write_recipients(known: list[Recipient]) -> None:
    rows = [_to_json(one) for one in known]
    _write(settings.BACKUP_RECIPIENTS_FILE, json.dumps({"recipients": rows}, indent=1))


def _to_json(recipient: Recipient) -> dict[str, Any]:
    return {
        "kind": str(recipient.kind),
        "number": recipient.number,
        "id": str(recipient.id),
        "since": recipient.since.isoformat(),
        "public": base64.b64encode(recipient.public.public_bytes_raw()).decode(),
    }


def _from_json(row: dict[str, Any]) -> Recipient:
    return Recipient(
        kind=Kind(row["kind"]),
        number=int(row["number"]),
        id=UUID(row["id"]),
        since=datetime.fromisoformat(row["since"]),
        public=X25519PublicKey.from_public_bytes(base64.b64decode(row["public"])),
    )


def _write(path: Path, text: str) -> None:
    """Replace the file whole; a crash leaves either the old one or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "w") as file:
        if os.geteuid() == 0:  # made by root for whoever the folder belongs to
            owner = path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
