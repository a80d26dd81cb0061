"""Keys outside of the keystore that the root key wraps, as told by the rooms that keep them."""

from collections import Counter
from typing import Protocol


class Holder(Protocol):
    """Rows of one kind, each with a key of its own that the root key wraps.

    Whoever adds one calls ``locks.share_keystore`` in the same transaction, so that no version is
    retired between the wrapping and the row.

    Attributes:
        name: what they are, in the plural, for the command line.
    """

    name: str

    def by_version(self) -> Counter[int]:
        """How many keys each root key version wraps."""

    def rewrap(self) -> int:
        """Wrap by the current version what another one wraps; how many there were."""


_holders: list[Holder] = []


def register(holder: Holder) -> None:
    """Called once by each room that keeps such keys, when the applications are ready."""
    _holders[:] = [each for each in _holders if each.name != holder.name] + [holder]


def holders() -> tuple[Holder, ...]:
    """Whoever has registered, in that order."""
    return tuple(_holders)
