from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from operators.domain.people import deactivate
from operators.models import Operator


class Command(BaseCommand):
    help = "Deactivates an administrator at once: sessions, passkeys and links end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        who = Operator.objects.filter(name=options["name"], is_active=True).first()
        if who is None:
            raise CommandError(f"Nobody who is active is called {options['name']}.")
        deactivate(handle=who.handle)
        self.stdout.write(f"{who.name} does not come in any more.")
