from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from backups.domain.schedule import Busy
from dermalia.embedded import EmbeddedError, Services
from dermalia.embedded.layout import Layout
from dermalia.local.copies import CopyRefused, Round, bring_back, make_copies, require_claimed
from dermalia.local.copies import installation as this_one


class Command(BaseCommand):
    help = "Copies what is sealed to the practice's NAS, and keys apart from it (docs/local.md)."

    # After the loss of a disk the tables are not there yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--bring-back",
            type=Path,
            metavar="FOLDER",
            help="put what lies in the folder of --copies back into storage, for manage.py restore",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with _services():
                done = self._do(options["bring_back"])
        except (CopyRefused, Busy, EmbeddedError) as error:
            raise CommandError(str(error)) from error
        except (BotoCoreError, ClientError) as error:
            raise CommandError(f"The storage cannot be reached: {error}") from error
        self.stdout.write(
            f"{done.copied} files copied ({done.bytes} bytes), {done.deleted} deleted."
        )

    def _do(self, source: Path | None) -> Round:
        if source is not None:
            require_claimed(source, of=this_one())
            return bring_back(source)
        setup = settings.LOCAL_SETUP
        if setup is None or not (setup.copies or setup.key_copies):
            raise CommandError("No folder for copies is named: manage.py up --local --copies …")
        return make_copies(setup, Layout.of(settings.DATA_DIR))


@contextmanager
def _services() -> Iterator[None]:
    """Ours for as long as it takes, unless the server runs."""
    services = Services(settings.DATA_DIR)
    with suppress(EmbeddedError):  # they run, or nothing below will work and says so
        services.start()
    try:
        yield
    finally:
        connections.close_all()
        if services.running:
            services.stop()
