"""Practices that a restored backup has brought back: closed once more, as the ledger says."""

from closing.domain.practice_rows import close_practice, leftovers
from dermalia.sealing.keys import practice_mark
from dermalia.sealing.models import LedgerEntry
from dermalia.tenancy import practice_scope
from scans.models import Scan


def close_again(*, practice_id: int) -> bool:
    """Close a practice whose keys the ledger says were destroyed, and whose rows are there.

    Its scans are the replay's affair, and come first. Returns whether there was anything to do.
    """
    with practice_scope(practice_id):
        marked = LedgerEntry.objects.filter(key_id=practice_mark(practice_id)).exists()
        if not marked or Scan.objects.exists() or not leftovers():
            return False
        close_practice(practice_id=practice_id)
        return True
