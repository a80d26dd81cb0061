"""Practices that a restored backup has brought back: closed once more, as the ledger says."""

import logging
from typing import Any

from closing.domain.practice_rows import close_practice, is_closed
from dermalia.sealing.keys import practice_mark
from dermalia.sealing.models import LedgerEntry
from dermalia.tenancy import practice_scope
from scans.models import Scan

logger = logging.getLogger(__name__)


def close_again(*, practice_id: int) -> bool:
    """Close a practice whose keys the ledger says were destroyed, and whose rows are there.

    Its scans are the replay's affair, and come first. Returns whether there was anything to do.
    """
    with practice_scope(practice_id):
        marked = LedgerEntry.objects.filter(key_id=practice_mark(practice_id)).exists()
        if not marked or Scan.objects.exists() or is_closed(practice_id):
            return False
        close_practice(practice_id=practice_id)
        return True


def close_restored(*, practice_id: int, **_: Any) -> None:
    """As part of a restore; where that fails, the hourly task tries again."""
    if close_again(practice_id=practice_id):
        logger.warning("practice %s came back from a backup and was closed again", practice_id)
