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
from dermalia.tenancy import current_practice

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


@dataclass(frozen=True, slots=True)
class Look:
    """An access that may stand for further ones of the same person: a page for its pictures, a
    page that fetches itself again for each time it does so.

    Attributes:
        action, object_id: what its entry says.
        within: how long it lasts.
    """

    action: Action
    object_id: UUID | None
    within: timedelta = timedelta(minutes=5)


def record_access(
    action: Action,
    *,
    who: Who,
    object_id: UUID | None = None,
    counts: Mapping[Count, int] | None = None,
    part_of: Look | None = None,
) -> Access:
    """Enter the access into the log and return it; see ``audit.chain.record``.

    Args:
        part_of: where this person's entry of that look is still young, it stands for this access
            too, and nothing is written.
    """
    entry_id = _entry_of(part_of, who) if part_of else None
    if entry_id is None:
        entry_id = record(action, who=who, object_id=object_id, counts=counts).pk
    return Access(entry_id=entry_id, practice_id=current_practice(), proof=_RECORDED)


def _entry_of(look: Look, who: Who) -> int | None:
    found: int | None = (
        Entry.objects.filter(object_id=look.object_id, action=look.action)
        .filter(at__gt=Now() - look.within)
        .filter(actor=who.role, actor_id=who.id)
        .order_by("-sequence")
        .values_list("pk", flat=True)
        .first()
    )
    return found
