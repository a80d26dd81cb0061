"""What operators do, in the log: of the practice it concerns, or of none.

Whatever concerns one practice is in that practice's chain, where it finds it in its own export.
Lists over all practices, incidents and the operators themselves are in the chain of no practice,
number 0, which is chained, signed and verified like any other.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID, uuid5

from audit.access import Access, Look, record_access
from audit.chain import Who, record
from audit.models import Entry
from audit.words import Action, Actor, Count
from dermalia.tenancy import practice_scope
from operators.models import Operator, Statement

NO_PRACTICE = 0  # Postgres counts practices from 1
# Turns what has no random id of its own into an object of the log.
_NAMES = UUID("6f1b6f0e-93e4-5d0a-8f6e-0d1b8c0a7e55")


def operator(who: Operator) -> Who:
    """The operator as an actor of the log."""
    return Who(Actor.OPERATOR, who.pk)


def list_id(label: str) -> UUID:
    """How the log names a list of all rows of a model, such as ``practices.Practice``."""
    return uuid5(_NAMES, label)


def object_id(label: str, pk: object) -> UUID:
    """How the log names a row: by its own random id, or one made of its table and number."""
    return pk if isinstance(pk, UUID) else uuid5(_NAMES, f"{label}/{pk}")


@contextmanager
def no_practice() -> Iterator[None]:
    """The scope of what concerns no one practice. No practice's rows are in it."""
    with practice_scope(NO_PRACTICE):
        yield


def tell(
    action: Action,
    *,
    who: Operator,
    why: Statement,
    object_id: UUID | None = None,
    counts: Mapping[Count, int] | None = None,
) -> None:
    """Enter what is done, and once before it why, in the chain in scope."""
    _say_why(who, why)
    record(action, who=operator(who), object_id=object_id, counts=counts)


def tell_access(
    action: Action, *, who: Operator, why: Statement, object_id: UUID, look: bool = False
) -> Access:
    """As ``tell``, for what opens sealed data; a ``look`` stands for its pictures too."""
    _say_why(who, why)
    part_of = Look(action, object_id) if look else None
    return record_access(action, who=operator(who), object_id=object_id, part_of=part_of)


def _say_why(who: Operator, why: Statement) -> None:
    told = Entry.objects.filter(
        object_id=why.pk, action=Action.REASON_STATED, actor_id=who.pk
    ).exists()
    if not told:
        record(Action.REASON_STATED, who=operator(who), object_id=why.pk)
