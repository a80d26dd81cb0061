from argparse import ArgumentParser
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.management.base import BaseCommand, CommandError

from audit.chain import OPERATOR, SYSTEM
from backups import promise, shelf
from backups.domain import housekeeping, making, schedule
from backups.dump import DumpFailed
from backups.kinds import Kind
from backups.manifest import Manifest, ManifestRefused
from backups.recipients import KeysMissing, recipients
from backups.stream import BackupDamaged

REFUSALS = (
    schedule.Busy,
    schedule.ClocksDisagree,
    DumpFailed,
    ManifestRefused,
    KeysMissing,
    BackupDamaged,
)


class Command(BaseCommand):
    help = "Makes a sealed backup of data and keystore; lists, prunes, rotates (docs/backups.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_mutually_exclusive_group()
        verbs.add_argument("--if-due", action="store_true", help="only if the last one is old")
        verbs.add_argument("--list", action="store_true", help="what there is, and until when")
        verbs.add_argument("--prune", action="store_true", help="destroy what is old enough")
        verbs.add_argument("--rotate", action="store_true", help="new keys for later backups")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._do(options)
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        except (BotoCoreError, ClientError) as error:
            raise CommandError(f"The bucket of backups cannot be reached: {error}") from error

    def _do(self, options: dict[str, Any]) -> None:
        if options["list"]:
            self._list()
        elif options["prune"]:
            self._prune()
        elif options["rotate"]:
            self._rotate()
        elif not options["if_due"] or schedule.backup_is_due():
            self._make(by_itself=options["if_due"])

    def _make(self, *, by_itself: bool) -> None:
        if not schedule.can_back_up():
            raise CommandError(
                "DERMALIA_DATABASE_BACKUP_URL and DERMALIA_DATABASE_KEYSTORE_BACKUP_URL are needed:"
                " nobody else may read what a backup holds."
            )
        for manifest in making.make_backup(who=SYSTEM if by_itself else OPERATOR):
            self.stdout.write(_line(manifest))

    def _list(self) -> None:
        at = schedule.now()
        for kind in Kind:
            for manifest in shelf.manifests(kind):
                late = " OVERDUE: run --prune" if manifest.expires_at < at else ""
                self.stdout.write(_line(manifest) + late)
        for one in recipients():
            self.stdout.write(f"key {one.name} seals since {one.since:%Y-%m-%d %H:%M} UTC")
        horizon = promise()
        self.stdout.write(
            f"An erased report's key is in no backup after {horizon.keys_days} days, its sealed"
            f" rows in none after {horizon.rows_days}."
        )

    def _prune(self) -> None:
        with schedule.alone():
            gone, keys = housekeeping.prune(who=OPERATOR)
        for manifest in gone:
            self.stdout.write(f"destroyed {_line(manifest)}")
        for one in keys:
            self.stdout.write(f"destroyed the private key {one.name}")
        self.stdout.write(f"{len(gone)} backups and {len(keys)} private keys destroyed.")

    def _rotate(self) -> None:
        with schedule.alone():
            for kind in Kind:
                made = housekeeping.rotate(kind, who=OPERATOR)
                self.stdout.write(f"Backups of the {kind} are sealed to {made.name} from now on.")


def _line(manifest: Manifest) -> str:
    return (
        f"{manifest.kind} {manifest.id} of {manifest.made_at:%Y-%m-%d %H:%M} UTC:"
        f" {sum(manifest.rows.values())} rows, {manifest.size} bytes, key {manifest.key},"
        f" until {manifest.expires_at:%Y-%m-%d %H:%M}"
    )
