from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from audit.chain import OPERATOR
from dermalia.tenancy import practice_scope
from practices.models import Practice
from scans.domain.connection_check import check_connection
from scans.models import Connection


class Command(BaseCommand):
    help = "Tries a practice's connections to its scans out, step by step. Keeps nothing it reads."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("practice", type=int, help="number of the practice")
        parser.add_argument("--serial", default="", help="what is written on the scanner")

    def handle(self, *args: Any, **options: Any) -> None:
        practice = Practice.objects.filter(pk=options["practice"]).first()
        if practice is None:
            raise CommandError(f"There is no practice {options['practice']}.")
        with practice_scope(practice.pk):
            connections = list(Connection.objects.order_by("pk"))
        if not connections:
            raise CommandError(f"{practice} has no connection.")
        with override(practice.language):
            works = [self._tell(connection, options["serial"]) for connection in connections]
        if not all(works):
            raise CommandError("The connection does not work yet.")

    def _tell(self, connection: Connection, serial: str) -> bool:
        """Print a line per step as it comes; whether all went well."""
        ok = True
        for line in check_connection(connection=connection, who=OPERATOR, serial=serial):
            sign = "ok" if line.ok else "FAILED"
            self.stdout.write(
                f"{sign:6} {line.step.label} ({line.milliseconds} ms): {line.sentence}"
            )
            ok = line.ok
        return ok
