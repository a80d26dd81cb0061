"""Reading health data begins with an entry: the access it gives is what opens a key."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

from django.db.models.functions import Now

from audit.chain import Who, record
from audit.models import Entry
from audit.words import Action, Count

# Known to this module only: whoever holds an Access got it from record_access.
_RECORDED = object()


@dataclass(frozen=True, slots=True)
class Access:
    """Leave to open sealed data, backed by an entry. Made by ``record_access`` alone.

    Raises:
        PermissionError: it is made by anybody else.
    """

    entry_id: int
    practice_id: int
    proof: InitVar[object] = None

    def __post_init__(self, proof: object) -> None:
        if proof is not _RECORDED:
            raise PermissionError("an access comes from record_access, which enters it in the log")

    def __reduce__(self) -> NoReturn:
        raise PermissionError("an access ends with the process that recorded it")

    def require_recorded_for(self, practice_id: int) -> None:
        """Raises ``PermissionError`` unless an entry in this practice's chain tells of it."""
        if self.practice_id != practice_id:
            raise PermissionError("the access is on record in another practice's log")


def record_access(
    action: Action,
    *,
    who: Who,
    object_id: UUID | None = None,
    counts: Mapping[Count, int] | None = None,
    at_most_every: timedelta | None = None,
) -> Access:
    """Enter the access into the log and return it; see ``audit.chain.record``.

    Args:
        at_most_every: for a page that fetches itself again and again: an entry of the same
            person for the same thing that is no older than this stands for this access too.
    """
    entry = at_most_every and _recent(action, who, object_id, at_most_every)
    entry = entry or record(action, who=who, object_id=object_id, counts=counts)
    return Access(entry_id=entry.pk, practice_id=entry.practice_id, proof=_RECORDED)


def _recent(action: Action, who: Who, object_id: UUID | None, window: timedelta) -> Entry | None:
    return (
        Entry.objects.filter(object_id=object_id, action=action, at__gt=Now() - window)
        .filter(actor=who.role, actor_id=who.id)
        .order_by("-sequence")
        .first()
    )
