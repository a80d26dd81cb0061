"""What a practice may still do once everything of it is being erased: nothing."""

from dataclasses import dataclass
from uuid import UUID

from closing.domain.current import is_closing, takes_in
from practices.domain.standing import Instructed, Standing


@dataclass(frozen=True, slots=True)
class ClosingStanding:
    """Answers no where the practice is closing, and otherwise what ``inner`` answers."""

    inner: Standing

    def is_live(self) -> bool:
        return self.inner.is_live() and not is_closing()

    def is_test(self, scan_id: UUID) -> bool:
        return self.inner.is_test(scan_id)

    def takes_in(self, connection_id: int) -> bool:
        return self.inner.takes_in(connection_id) and takes_in()

    def instructed(self, purpose: str) -> Instructed | None:
        return self.inner.instructed(purpose)
