import json
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.management.base import BaseCommand, CommandError

from audit.chain import OPERATOR, SYSTEM
from backups.domain import drilling, proof, restoring
from backups.domain.schedule import Busy
from backups.management.commands.restore import REFUSALS
from backups.models import DrillResult


class Command(BaseCommand):
    help = "Restores the newest backup into a database of its own and looks what comes back."

    # Inside, the tables that system checks would look for are not there yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-due", action="store_true", help="only if the last one is old")
        parser.add_argument(
            "--sample", type=int, default=drilling.SAMPLE, help="how many live reports are opened"
        )
        parser.add_argument("--inside", type=int, help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._do(options)
        except (drilling.CannotDrill, Busy, *REFUSALS) as error:
            raise CommandError(str(error)) from error
        except (BotoCoreError, ClientError) as error:
            raise CommandError(f"A bucket cannot be reached: {error}") from error

    def _do(self, options: dict[str, Any]) -> None:
        if options["inside"] is not None:
            self._inside(options["inside"])
        elif not options["if_due"] or drilling.is_due():
            who = SYSTEM if options["if_due"] else OPERATOR
            self._tell(drilling.drill(who=who, sample=options["sample"]))

    def _inside(self, sample: int) -> None:
        facts = restoring.whole_ledger()
        restored = restoring.restore_backup(rows_only=True, tell=self.stderr.write)
        found = proof.prove(restored, facts, sample=sample)
        self.stdout.write(json.dumps(found.as_json()))

    def _tell(self, result: DrillResult) -> None:
        self.stdout.write(
            f"Backup of {result.backup_made_at:%Y-%m-%d %H:%M} UTC: {result.rows} rows restored,"
            f" {result.entries} entries of the ledger replayed, {result.erased_again} scans erased"
            f" again, {result.sampled} reports with {result.objects_opened} objects opened in"
            f" {result.seconds:.1f} s."
        )
        if not result.passed:
            raise CommandError(f"The drill failed: {result.problem}")
