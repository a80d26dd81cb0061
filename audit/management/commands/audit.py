import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO, cast

from botocore.exceptions import BotoCoreError, ClientError
from django.core.management.base import BaseCommand, CommandError

from audit.chain import OPERATOR, record
from audit.checkpointing import heads, make_checkpoint
from audit.export import export_log
from audit.signing import signing_keys
from audit.verification import Verification, verify
from audit.words import Action
from dermalia.tenancy import practice_scope

WHAT_TO_DO = (
    "The audit log is not whole. Change nothing: copy the database and the checkpoints' bucket as"
    " they are now, then find out who could write to them, and compare with a backup. A database"
    " restored from a backup shows the same way: then these are the entries it lost."
)


class Command(BaseCommand):
    help = "Checks the audit log, signs a checkpoint of it, or exports a practice's part."

    def add_arguments(self, parser: ArgumentParser) -> None:
        wanted = parser.add_subparsers(dest="wanted", required=True, metavar="WHAT")
        checking = wanted.add_parser("verify", help="check every entry and every checkpoint")
        checking.add_argument("--practice", type=int, metavar="ID", help="check only its log")
        checking.add_argument("--json", action="store_true", help="answer for programs")
        wanted.add_parser("checkpoint", help="sign and store where every chain ends now")
        exporting = wanted.add_parser("export", help="write a practice's log with its proofs")
        exporting.add_argument("--practice", type=int, metavar="ID", required=True)
        exporting.add_argument("--output", type=Path, metavar="FILE", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["wanted"])(options)
        except (BotoCoreError, ClientError) as error:
            raise CommandError(f"The checkpoints' bucket cannot be reached: {error}") from error

    def verify(self, options: dict[str, Any]) -> None:
        verification = verify(options["practice"])
        if options["json"]:
            self.stdout.write(json.dumps(verification.as_json()))
        else:
            self._tell(verification)
        if not verification.good:
            raise CommandError(WHAT_TO_DO)

    def checkpoint(self, options: dict[str, Any]) -> None:
        made = make_checkpoint()
        self.stdout.write(f"{made.title}: {len(made.leaves)} practices, {made.name}")
        self.stdout.write(f"digest {made.digest}")
        self.stdout.write(f"signing key {signing_keys().fingerprint}")

    def export(self, options: dict[str, Any]) -> None:
        practice_id, output = options["practice"], cast(Path, options["output"])
        if practice_id not in heads():
            raise CommandError(f"Practice {practice_id} has no log.")
        # The export tells of itself, and of an attempt that fails.
        with practice_scope(practice_id):
            record(Action.LOG_EXPORTED, who=OPERATOR)
        try:
            with _new_private_file(output) as target, practice_scope(practice_id):
                count = export_log(target=target)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{output}: {count} entries of practice {practice_id}")

    def _tell(self, verification: Verification) -> None:
        for verdict in verification.practices:
            told = "; ".join(problem.text for problem in verdict.problems) or "verified"
            self.stdout.write(f"practice {verdict.practice}: {verdict.entries} entries, {told}")
        newest = verification.newest_checkpoint
        when = f", the newest of {newest:%Y-%m-%d %H:%M} UTC" if newest else ""
        self.stdout.write(f"{verification.checkpoints} checkpoints{when}")
        for problem in verification.checkpoint_problems:
            self.stdout.write(f"  {problem}")
        self.stdout.write(f"signing key {verification.key}")


def _new_private_file(path: Path) -> BinaryIO:
    """A file nobody else can read, where there was none."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
