"""Fault switchboard: the next n requests of a kind go wrong in a chosen way."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class FaultKind:
    """One way to go wrong that a stand-in knows.

    ``scopes`` are the kinds of request it can befall, the usual one first. ``amount`` is the one
    number a fault may need, here its usual value; the label says in braces what it counts.
    """

    name: str
    label: str
    scopes: tuple[str, ...]
    amount: float = 0


@dataclass(frozen=True)
class Fault:
    """An armed fault. ``times`` is how many more requests it befalls, None for all to come."""

    kind: str
    on: str
    times: int | None
    amount: float


class Faults:
    """Armed faults of one stand-in; safe to use from several threads."""

    def __init__(self, kinds: Iterable[FaultKind]) -> None:
        self.kinds: Mapping[str, FaultKind] = {kind.name: kind for kind in kinds}
        self._armed: list[Fault] = []
        self._lock = threading.Lock()

    def arm(
        self,
        kind: str,
        *,
        times: int | None = 1,
        on: str | None = None,
        amount: float | None = None,
    ) -> Fault:
        """Let the next ``times`` requests of scope ``on`` fail.

        Raises ValueError for a kind or scope that the stand-in does not have, so that a test
        cannot pass because its fault was misspelt.
        """
        known = self.kinds.get(kind)
        if known is None:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(self.kinds)}")
        scope = on or known.scopes[0]
        if scope not in known.scopes:
            raise ValueError(f"{kind!r} befalls {', '.join(known.scopes)}, not {scope!r}")
        if times is not None and times < 1:
            raise ValueError("times counts from 1, or is None for every request to come")
        fault = Fault(kind, scope, times, known.amount if amount is None else amount)
        with self._lock:
            self._armed.append(fault)
        return fault

    def take(self, scope: str) -> Fault | None:
        """Use up one turn of the oldest fault armed for this scope."""
        with self._lock:
            for place, fault in enumerate(self._armed):
                if fault.on != scope:
                    continue
                self._use_up(place, fault)
                return fault
        return None

    def _use_up(self, place: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times == 1:
            del self._armed[place]
            return
        self._armed[place] = replace(fault, times=fault.times - 1)

    def clear(self) -> None:
        """Disarm everything."""
        with self._lock:
            self._armed.clear()

    @property
    def armed(self) -> tuple[Fault, ...]:
        """What is still to come, oldest first."""
        with self._lock:
            return tuple(self._armed)

    def as_json(self) -> list[dict[str, object]]:
        """The armed faults as plain data."""
        return [asdict(fault) for fault in self.armed]
