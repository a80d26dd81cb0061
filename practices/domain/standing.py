"""What a practice may do with patients' scans, and what it has instructed.

It follows from tasks, tests and acceptances, which are kept in a higher room. That room registers
itself at start; whoever takes scans in or releases reports asks here, in the practice's scope.
"""

from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Instructed:
    """How long the practice wants reports kept, in calendar months, and since when it does.

    Attributes:
        id: of the instruction, as the practice finds it in its settings.
    """

    id: UUID
    months: int
    on: date


class Standing(Protocol):
    """Answers for the practice in scope."""

    def is_live(self) -> bool:
        """Whether the practice works with patients: every gate was passed, and somebody said so."""

    def is_test(self, scan_id: UUID) -> bool:
        """Whether the scan is the test that precedes going live."""

    def takes_in(self, connection_id: int) -> bool:
        """Whether scans may be taken in from the connection now."""

    def instructed(self, purpose: str) -> Instructed | None:
        """How long reports made for ``purpose`` are kept, where the practice has instructed
        otherwise than usual."""


_registered: list[Standing] = []


def register(standing: Standing) -> None:
    """Called once, when the applications are ready; the last one counts."""
    _registered[:] = [standing]


def standing() -> Standing:
    """Whoever knows. Raises RuntimeError where nobody does: nothing is open by default."""
    if not _registered:
        raise RuntimeError("nobody answers for practices: the applications are not ready")
    return _registered[0]
