import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dermalia.operations import doctor
from dermalia.operations.discovery import discover


class Command(BaseCommand):
    help = "Looks at everything a support call would ask about (docs/operations.md)."
    # It looks at settings itself, and has to go on if they are wrong.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs: one JSON object")
        parser.add_argument("--only", default="", help="checks whose name holds this")

    def handle(self, *args: Any, **options: Any) -> None:
        discover()
        found = []
        for one in doctor.findings(options["only"]):
            found.append(one)
            if not options["json"]:
                self.stdout.write(one.line)
        if not found:
            raise CommandError(f"No check's name holds {options['only']!r}.", returncode=2)
        wrong = sum(one.ok is False for one in found)
        if options["json"]:
            told = {"ok": not wrong, "checks": [asdict(one) for one in found]}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        if wrong:
            raise CommandError(f"{wrong} of {len(found)} checks found something.")
