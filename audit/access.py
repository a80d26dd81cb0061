"""Reading health data begins with an entry: the access it gives is what opens a key."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from audit.chain import Who, record
from audit.words import Action, Count


@dataclass(frozen=True, slots=True)
class Access:
    """Leave to open sealed data, backed by an entry. Made by ``record_access`` alone."""

    entry_id: int | None
    practice_id: int

    def require_recorded_for(self, practice_id: int) -> None:
        """Raises ``PermissionError`` unless an entry in this practice's chain tells of it."""
        if self.entry_id is None or self.practice_id != practice_id:
            raise PermissionError("sealed data is opened only with an access on record")


def record_access(
    action: Action,
    *,
    who: Who,
    object_id: UUID | None = None,
    counts: Mapping[Count, int] | None = None,
) -> Access:
    """Enter the access into the log and return it; see ``audit.chain.record``."""
    entry = record(action, who=who, object_id=object_id, counts=counts)
    return Access(entry_id=entry.pk, practice_id=entry.practice_id)
