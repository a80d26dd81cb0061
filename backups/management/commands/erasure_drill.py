import json
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from backups.domain import erasure_drill, erasure_proof
from backups.domain.drilling import CannotDrill
from backups.domain.schedule import Busy
from backups.models import ErasureDrill


class Command(BaseCommand):
    help = "Erases a made-up scan in a database of its own and looks whether anything is left."

    # Inside, the tables that system checks would look for are not there yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-due", action="store_true", help="only if the last one is old")
        parser.add_argument("--inside", action="store_true", help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"]:
            self._inside()
            return
        if options["if_due"] and not erasure_drill.is_due():
            return
        try:
            self._tell(erasure_drill.drill())
        except (CannotDrill, Busy) as error:
            raise CommandError(str(error)) from error

    def _inside(self) -> None:
        # Whoever calls it by hand does so on the live database.
        if connection.introspection.table_names():
            raise CommandError("This database is not empty: leave --inside away.")
        call_command("setup_database", verbosity=0)
        self.stdout.write(json.dumps(erasure_proof.prove().as_json()))

    def _tell(self, result: ErasureDrill) -> None:
        if not result.passed:
            raise CommandError(f"The erasure drill failed: {result.problem}")
        self.stdout.write(
            f"A made-up scan was erased: its key, {result.rows} rows and {result.objects_erased}"
            f" objects are gone, verified after {result.seconds:.1f} s."
        )
