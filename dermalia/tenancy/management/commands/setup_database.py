from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from dermalia.tenancy.protect import SCHEMAS, protect


class Command(BaseCommand):
    help = "Migrates as the owner and brings grants, policies and composite keys in line."

    def handle(self, *args: Any, **options: Any) -> None:
        if "owner" not in connections.settings:
            raise CommandError("DERMALIA_DATABASE_OWNER_URL is missing: who owns the tables?")
        owner = connections["owner"]
        with owner.cursor() as cursor:
            for schema in SCHEMAS:
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        call_command("migrate", database="owner", interactive=False, verbosity=options["verbosity"])
        protect(owner)
        owner.close()
