"""PostgreSQL 18 over a Unix socket."""

import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from dermalia.embedded import files, roles
from dermalia.embedded.accounts import hand_over
from dermalia.embedded.credentials import database_url
from dermalia.embedded.layout import FOLDER_MODE, POSTGRES_PORT
from dermalia.embedded.process import Program, Rung
from dermalia.embedded.service import Service

SUPERUSER = "postgres"
# A symbolic link in the kernel to the working directory, which the server never leaves: it
# insists on an absolute path but may not look at the folders above its own.
_HERE = "/proc/self/cwd"

_SETTINGS = {
    "listen_addresses": "",
    "port": str(POSTGRES_PORT),
    "unix_socket_directories": "..",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Errors quote the values that caused them, which can name patients. The application gets
    # these errors anyway; the log keeps the server's own affairs (LOG, FATAL and PANIC).
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# Loses data in a power cut. Commits are still handed to the kernel before they are answered, so
# that even so the death of the server loses none.
_RECKLESS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class Postgres(Service):
    """PostgreSQL on <data>/postgres/cluster, its socket in <data>/postgres.

    The folder is closed to everybody but root and the account, which therefore need no
    passwords. Not `durable`: nothing is synced, for tests only.
    """

    name: ClassVar[str] = "postgres"
    label: ClassVar[str] = "Postgres"
    ladder: ClassVar[Sequence[Rung]] = (Rung(signal.SIGINT, 60), Rung(signal.SIGQUIT, 10))
    # A fast shutdown writes a last checkpoint; recovery after a crash replays up to a gigabyte.
    leftover_seconds: ClassVar[float] = 30
    start_seconds: ClassVar[float] = 300

    @property
    def folder(self) -> Path:
        return self.layout.postgres

    @property
    def _cluster(self) -> Path:
        return self.folder / "cluster"

    def make_ready(self) -> None:
        if not self._cluster.exists():
            self._create_cluster()

    def program(self) -> Program:
        settings = _SETTINGS if self.durable else _SETTINGS | _RECKLESS
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        return self.new_program(
            [self.binaries.postgres / "postgres", "-D", _HERE, *options],
            cwd=self._cluster,
            death_signal=signal.SIGINT,
        )

    def answers(self) -> bool:
        return roles.answers(self._url)

    def settle(self) -> None:
        roles.ensure(self._url)

    @property
    def _url(self) -> str:
        return database_url(self.layout.data, SUPERUSER, "postgres")

    def _create_cluster(self) -> None:
        # Under another name until complete: a crash on the way leaves nothing half-made.
        draft = self.folder / "cluster.new"
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=FOLDER_MODE)
        hand_over(draft, self.account)
        self.finish(
            self.new_program(
                [
                    *(self.binaries.postgres / "initdb", "-D", _HERE, "-U", SUPERUSER),
                    *("-A", "trust", "--encoding=UTF8"),
                    *("--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"),
                    *(() if self.durable else ("--no-sync",)),
                ],
                cwd=draft,
                death_signal=signal.SIGKILL,
            )
        )
        draft.rename(self._cluster)
        files.sync_folder(self.folder)
