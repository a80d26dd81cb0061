"""Files that higher rooms add to what an export holds of the practice as a whole."""

from collections.abc import Callable, Iterable, Iterator

from exports.domain.plan import Item
from exports.models import Export

Extra = Callable[[Export], Iterable[Item]]
_extras: list[Extra] = []


def register_extra(extra: Extra) -> None:
    """Called once by each room, when the applications are ready.

    Args:
        extra: gives texts for the export that is being planned, in the practice's scope.
    """
    if extra not in _extras:
        _extras.append(extra)


def extra_items(export: Export) -> Iterator[Item]:
    """Everything that was registered, in the order of registration."""
    for extra in _extras:
        yield from extra(export)
