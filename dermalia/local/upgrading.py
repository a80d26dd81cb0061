"""Starting a newer release: a backup of what is there, then its migrations."""

from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError
from django.db import DatabaseError

from backups.domain.schedule import Busy
from backups.domain.upgrading import Untold, make_before_upgrade, tell_of
from backups.dump import DumpFailed
from backups.recipients import KeysMissing
from backups.stream import BackupDamaged

_FAILURES = (
    Busy,
    DumpFailed,
    KeysMissing,
    BackupDamaged,
    BotoCoreError,
    ClientError,
    DatabaseError,
)


class UpgradeRefused(Exception):
    """There is no backup, so nothing was migrated; one sentence says why."""


class UpgradeWithBackup:
    """`back_up` before the tables change, `finish` after."""

    def __init__(self, *, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._untold: list[Untold] = []

    def back_up(self) -> None:
        """Make a backup of each kind. Raises UpgradeRefused; nothing is migrated then."""
        self._tell("A newer release: making a backup before the database changes.")
        try:
            self._untold = make_before_upgrade()
        except _FAILURES as error:
            raise UpgradeRefused(
                f"No backup could be made, so nothing was changed: {error} Start the earlier "
                "release, or mend this first (docs/local.md)."
            ) from error

    def finish(self) -> None:
        """Enter in the practice's log what was made."""
        tell_of(self._untold)
        self._untold = []
