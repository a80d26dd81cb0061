"""Backups, the erasure ledger outside of the database, restore and its drill."""

from dermalia.promises import BackupHorizon, backup_horizon


def promise() -> BackupHorizon:
    """How many days something erased may still lie in a backup."""
    return backup_horizon()
