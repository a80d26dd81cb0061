"""Entering into every practice's log what happened to the copies of its data."""

from collections.abc import Mapping
from uuid import UUID

from audit.chain import Who, record
from audit.words import Action, Count
from dermalia.tenancy import practice_scope
from practices.models import Practice


def tell_practices(
    action: Action, *, who: Who, object_id: UUID, counts: Mapping[Count, int] | None = None
) -> None:
    """One entry in each practice's chain, each in a transaction of its own.

    Args:
        object_id: of the backup, its key or the drill; random.
    """
    for practice_id in Practice.objects.order_by("pk").values_list("pk", flat=True):
        with practice_scope(practice_id):
            record(action, who=who, object_id=object_id, counts=counts)
