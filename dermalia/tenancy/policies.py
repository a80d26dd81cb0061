"""Which rows of a guarded table each role sees."""

from collections.abc import Iterator
from dataclasses import dataclass

from dermalia.tenancy.grants import ADMIN, SWEEPER
from dermalia.tenancy.models import ScopedRow

# Empty as well as unset after a transaction's end: both must match no row.
IN_SCOPE = "practice_id = nullif(current_setting('app.practice_id', true), '')::int"
NAMES = ("in_scope", "swept", "administered")


@dataclass(frozen=True, slots=True)
class Policy:
    """One row-level policy; ``check`` empty where it allows no writing."""

    name: str
    command: str
    role: str
    using: str
    check: str = ""

    @property
    def definition(self) -> str:
        """What follows CREATE POLICY … ON …"""
        check = f" WITH CHECK ({self.check})" if self.check else ""
        return f"FOR {self.command} TO {self.role} USING ({self.using}){check}"


def policies(model: type[ScopedRow]) -> Iterator[Policy]:
    """The practice in scope for everybody; for sweeper and admin all practices' rows.

    What they see of a row, and whether they may write it, their column grants say
    (``grants.rights``).
    """
    yield Policy("in_scope", "ALL", "public", IN_SCOPE, IN_SCOPE)
    if model.swept:
        yield Policy("swept", "ALL", SWEEPER, "true", "true")
    if model.admin_sees:
        yield Policy("administered", "SELECT", ADMIN, "true")
