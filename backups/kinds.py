"""The two kinds of backup, which never lie in one file."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.conf import settings

# An hourly sweep may be an hour late, and an hour more is for whoever restarts a worker.
SLACK = timedelta(hours=2)


class Kind(StrEnum):
    """What a backup holds."""

    DATA = "data"  # schema public: rows, texts and values sealed under keys that are not in it
    KEYSTORE = "keystore"  # schema keystore: wrapped keys and the ledger, no data


@dataclass(frozen=True, slots=True)
class Rules:
    """How a kind is made and how long it lives.

    Attributes:
        schema: what is dumped.
        alias: the database connection whose role reads all of that schema, and nothing else.
        life: after which a backup is deleted.
        key_life: for which a public key seals new backups; its private key is destroyed with the
            last backup sealed to it.
        keeps_newest: whether the newest one stays however old it is.
    """

    schema: str
    alias: str
    life: timedelta
    key_life: timedelta
    keeps_newest: bool


def rules(kind: Kind) -> Rules:
    """The rules of a kind, from the settings."""
    if kind is Kind.DATA:
        return Rules(
            schema="public",
            alias="backup",
            life=timedelta(days=settings.BACKUP_DATA_DAYS),
            key_life=timedelta(days=settings.BACKUP_DATA_KEY_DAYS),
            keeps_newest=True,
        )
    # A key that seals for a day is destroyed up to a day after the first backup under it went.
    key_life = timedelta(days=1)
    return Rules(
        schema="keystore",
        alias="keystore_backup",
        life=timedelta(days=settings.BACKUP_KEYSTORE_DAYS) - key_life - SLACK,
        key_life=key_life,
        keeps_newest=False,
    )
