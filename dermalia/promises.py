"""Promises with a number in them, worked out from the settings for whoever prints them."""

from dataclasses import dataclass

from django.conf import settings

# Art. 33(2) GDPR says "without undue delay"; the agreement says when that is over.
BREACH_NOTICE_HOURS = 24


@dataclass(frozen=True, slots=True)
class BackupHorizon:
    """Until when something erased may still lie in a backup.

    Attributes:
        keys_days: days after which the erased report's key is in no backup, and the private key
            that opened such a backup is destroyed: whatever else is left of it opens for nobody.
        rows_days: days after which its sealed rows are in no backup of data.
        rows_key_days: days after which no private key is left that opens such a backup.
    """

    keys_days: int
    rows_days: int
    rows_key_days: int


def backup_horizon() -> BackupHorizon:
    """What docs/backups.md explains and tests/backups holds it to."""
    return BackupHorizon(
        keys_days=settings.BACKUP_KEYSTORE_DAYS,
        rows_days=settings.BACKUP_DATA_DAYS + 1,
        rows_key_days=settings.BACKUP_DATA_DAYS + settings.BACKUP_DATA_KEY_DAYS + 1,
    )
