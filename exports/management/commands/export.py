import os
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from audit.chain import OPERATOR
from dermalia.tenancy import practice_scope
from exports.domain.expiry import end_export
from exports.domain.prepare import prepare_export, want_export
from exports.domain.serve import may_resume, send
from exports.enclosed.verify_export import NoExport, verdicts, verify
from exports.models import Export
from practices.models import Practice

WAIT_SECONDS = 1.0


class Command(BaseCommand):
    help = "Writes all that a practice has into one ZIP file, or checks such a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("words", nargs="*", metavar="check FILE", help="check a file")
        parser.add_argument("--practice", type=int, metavar="ID")
        parser.add_argument("--all", action="store_true", help="every practice, a file each")
        parser.add_argument("--to", type=Path, metavar="PATH", help="a file; with --all a folder")
        parser.add_argument(
            "--resume", action="store_true", help="go on with a file that is there already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if words := options["words"]:
            if len(words) != 2 or words[0] != "check":
                raise CommandError("Say 'export check FILE', or name --practice and --to.")
            self._check(Path(words[1]))
            return
        target: Path | None = options["to"]
        if target is None or (options["practice"] is None) == (not options["all"]):
            raise CommandError("Name --to, and either --practice or --all.")
        if not options["all"]:
            self._one(options["practice"], target, resume=options["resume"])
            return
        target.mkdir(mode=0o700, exist_ok=True)
        for practice_id in Practice.objects.order_by("pk").values_list("pk", flat=True):
            file = target / f"practice-{practice_id}.zip"
            self._one(practice_id, file, resume=options["resume"] and file.exists())

    def _one(self, practice_id: int, target: Path, *, resume: bool) -> None:
        if not Practice.objects.filter(pk=practice_id).exists():
            raise CommandError(f"There is no practice {practice_id}.")
        try:
            with _opened(target, resume=resume) as file:
                export = _planned(practice_id, resume=resume)
                self._write(export, file)
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error.strerror}.") from error
        with practice_scope(practice_id):
            end_export(export=export, who=OPERATOR)
        self.stdout.write(f"{target}: {export.folders} scans, {export.length} bytes")
        self._check(target)

    def _write(self, export: Export, file: BinaryIO) -> None:
        start = file.seek(0, os.SEEK_END)
        with practice_scope(export.practice_id):
            fits = start < export.length and may_resume(export, start)
        if not fits:
            start = file.seek(0)
            file.truncate()
        file.writelines(send(export, who=OPERATOR, start=start, stop=export.length))

    def _check(self, path: Path) -> None:
        try:
            found = verify(path)
        except NoExport as error:
            raise CommandError(f"{path}: {error}") from error
        for line in verdicts(found):
            self.stdout.write(line)
        if not found.whole:
            raise CommandError(f"{path} is not whole.")


def _planned(practice_id: int, *, resume: bool) -> Export:
    """An export that is ready: the one that broke off, or a new one."""
    with practice_scope(practice_id):
        found = Export.objects.filter(practice_id=practice_id).first() if resume else None
        if resume and found is None:
            raise CommandError("There is no plan to go on with: begin with a new file.")
        wanted: UUID = (found or want_export(practice_id=practice_id, user=None)).pk
    while True:
        prepare_export(practice_id=practice_id, export_id=wanted)
        with practice_scope(practice_id):
            export = Export.objects.select_related("practice", "user").get(pk=wanted)
        if export.state == Export.State.READY:
            return export
        if export.quarantined_at is not None:
            raise CommandError(export.last_error)
        time.sleep(WAIT_SECONDS if export.leased_until else 0)  # a worker is at it, too


def _opened(path: Path, *, resume: bool) -> BinaryIO:
    """A file nobody else can read: a new one, or the one that is to be gone on with."""
    flags = os.O_RDWR if resume else os.O_RDWR | os.O_CREAT | os.O_EXCL
    return os.fdopen(os.open(path, flags, 0o600), "r+b")
