"""A backup at the moment before a newer release changes the tables.

The models are the newer release's already and the tables are not, so nothing here asks a model;
the logs of practices are written to afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from audit.chain import OPERATOR
from audit.words import Action, Count
from backups import ledger, recipients
from backups.domain.housekeeping import needs_key
from backups.domain.making import make_one
from backups.domain.schedule import alone, now
from backups.domain.telling import tell_practices
from backups.kinds import Kind


@dataclass(frozen=True, slots=True)
class Untold:
    """What happened and stands in no practice's log yet."""

    action: Action
    object_id: UUID
    counts: Mapping[Count, int] | None = None


def make_before_upgrade() -> list[Untold]:
    """One backup of each kind, of the tables as they are; for ``tell_of`` once they are migrated.

    Raises as ``backups.domain.making.make_backup`` does.
    """
    untold: list[Untold] = []
    with alone():
        entries = ledger.count()
        for kind in Kind:
            if needs_key(kind):
                key = recipients.create(kind, at=now())
                untold.append(Untold(Action.BACKUP_KEY_MADE, key.id))
            made = make_one(kind, entries)
            counts = {Count.ROWS: sum(made.rows.values()), Count.BYTES: made.size}
            untold.append(Untold(Action.BACKUP_MADE, made.id, counts))
    return untold


def tell_of(untold: Sequence[Untold]) -> None:
    """Enter what happened before the upgrade into every practice's log."""
    for one in untold:
        tell_practices(one.action, who=OPERATOR, object_id=one.object_id, counts=one.counts)
