from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from audit.chain import first_broken
from audit.models import Entry
from dermalia.tenancy import practice_scope


class Command(BaseCommand):
    help = "Checks the hash chain of every practice and names the first entry that is wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = False
        for practice_id in apps.get_model("practices", "Practice").objects.values_list(
            "pk", flat=True
        ):
            with practice_scope(practice_id):
                wrong = first_broken()
                count = Entry.objects.count()
            broken = broken or wrong is not None
            verdict = "verified" if wrong is None else f"BROKEN at entry {wrong}"
            self.stdout.write(f"practice {practice_id}: {count} entries, {verdict}")
        if broken:
            raise CommandError("The audit log was changed.")
