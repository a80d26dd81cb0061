"""What must be true of restored data before a process serves anything."""

from collections import defaultdict
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured

from backups import ledger
from backups.domain.homes import is_home
from backups.ledger import LedgerRefused
from dermalia.sealing.models import LedgerEntry
from dermalia.tenancy import practice_scope

REPLAY = "Stop everything and run: manage.py restore --replay"


def require_replayed() -> None:
    """Refuse to run on data that came from a backup before what was erased since is gone again.

    Two signs, as either can be missing: the marker that ``restore`` leaves is for another
    database (a dump was brought in), or the ledger outside knows of erasures that this one does
    not (a disk was set back). Outside, an entry appears after it was committed here.

    Raises:
        ImproperlyConfigured: naming the sign, or saying that the ledger cannot be read.
    """
    if not is_home():
        raise ImproperlyConfigured(
            "These data were restored from a backup and the erasure ledger was not replayed:"
            f" erased reports may be among them. {REPLAY}"
        )
    try:
        unknown = _unknown_here()
    except LedgerRefused as error:
        raise ImproperlyConfigured(str(error)) from error
    except (BotoCoreError, ClientError) as error:
        # Without it nobody knows whether these data are older than they should be.
        raise ImproperlyConfigured(f"The ledger's bucket cannot be read: {error}") from error
    if unknown:
        raise ImproperlyConfigured(
            f"The ledger outside of the database has {unknown} erasures that this database does not"
            f" know: it is older than it should be. {REPLAY}"
        )


def _unknown_here() -> int:
    """How many erasures of the ledger's last day this database has no entry of."""
    by_practice: dict[int, set[UUID]] = defaultdict(set)
    for fact in ledger.newest_day():
        by_practice[fact.practice_id].add(fact.key_id)
    unknown = 0
    for practice_id, key_ids in by_practice.items():
        with practice_scope(practice_id):
            known = LedgerEntry.objects.filter(key_id__in=key_ids)
            unknown += len(key_ids - set(known.values_list("key_id", flat=True)))
    return unknown
