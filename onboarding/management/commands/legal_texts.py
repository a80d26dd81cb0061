from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from onboarding.domain import text_lock
from onboarding.domain.texts import RELEASE


class Command(BaseCommand):
    help = "Says whether the texts that practices accept are those of their release, or locks them."

    # The check that they are locked would keep them from being locked.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["status", "lock"])

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        if verb == "lock":
            self._lock()
            return
        found = text_lock.problems()
        if found:
            raise CommandError("\n".join(found))
        self.stdout.write(f"Release {RELEASE}: every text is the one that was locked.")

    def _lock(self) -> None:
        try:
            new = text_lock.lock()
        except text_lock.ReleaseTaken as taken:
            raise CommandError(str(taken)) from taken
        self.stdout.write(f"Release {RELEASE} {'is' if new else 'was'} locked.")
