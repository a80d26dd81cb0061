from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from backups.domain import restoring
from backups.domain.replay import StillHeld
from backups.dump import DumpFailed
from backups.ledger import LedgerRefused
from backups.manifest import ManifestRefused
from backups.recipients import KeysMissing
from backups.shelf import NoSuchBackup
from backups.stream import BackupDamaged, WrongKey
from dermalia.embedded import EmbeddedError, Services

REFUSALS = (
    restoring.CannotRestore,
    StillHeld,
    DumpFailed,
    LedgerRefused,
    ManifestRefused,
    KeysMissing,
    NoSuchBackup,
    BackupDamaged,
    WrongKey,
)


@contextmanager
def _services() -> Iterator[None]:
    """On one machine the database runs only as long as somebody has it run: then we do."""
    services = Services(settings.DATA_DIR)
    try:
        if settings.EMBEDDED:
            services.start()
    except EmbeddedError:
        pass  # somebody else does; if they serve as well, that is seen before anything changes
    try:
        yield
    finally:
        connections.close_all()
        if services.running:
            services.stop()


class Command(BaseCommand):
    help = "Restores a backup into an empty database and replays the erasure ledger."

    # The tables that system checks would look for are not there yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", default="newest", metavar="ID", help="which backup of data")
        parser.add_argument(
            "--keystore", default="newest", metavar="ID", help="which backup of the keystore"
        )
        parser.add_argument(
            "--replay",
            action="store_true",
            help="replay the ledger over data that were brought back by other means",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with _services():
                self._replay() if options["replay"] else self._restore(options)
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        except (BotoCoreError, ClientError) as error:
            raise CommandError(f"A bucket cannot be reached: {error}") from error

    def _restore(self, options: dict[str, Any]) -> None:
        restored = restoring.restore_backup(
            data=options["data"], keystore=options["keystore"], tell=self.stdout.write
        )
        kept = "" if restored.keystore else " The keystore was there and stayed."
        self.stdout.write(f"Restored the data of {restored.data.made_at:%Y-%m-%d %H:%M} UTC.{kept}")
        self._tell(restored.replayed.erasures, restored.unfinished)

    def _replay(self) -> None:
        restoring.require_alone()
        facts = restoring.whole_ledger()
        replayed, unfinished = restoring.replay_ledger(facts, backup=None, tell=self.stdout.write)
        self._tell(replayed.erasures, unfinished)

    def _tell(self, erasures: list[Any], unfinished: int) -> None:
        self.stdout.write(f"{len(erasures)} scans had come back and were erased again.")
        if unfinished:
            self.stdout.write(f"The workers still have to delete the objects of {unfinished}.")
