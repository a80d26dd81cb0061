from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from dermalia.tenancy.catalogue import SCHEMAS, rows
from dermalia.tenancy.grants import ROLES
from dermalia.tenancy.protect import protect


class Command(BaseCommand):
    help = "Migrates as the owner and brings grants, policies keys and triggers in line."

    def handle(self, *args: Any, **options: Any) -> None:
        if "owner" not in connections.settings:
            raise CommandError("DERMALIA_DATABASE_OWNER_URL is missing: who owns the tables?")
        owner = connections["owner"]
        missing = missing_roles(owner)
        if missing:
            raise CommandError(
                f"Create the roles {', '.join(missing)} first: docs/tenancy.md says how."
            )
        with owner.cursor() as cursor:
            for schema in SCHEMAS:
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        call_command("migrate", database="owner", interactive=False, verbosity=options["verbosity"])
        protect(owner)
        owner.close()


def missing_roles(owner: BaseDatabaseWrapper) -> list[str]:
    """Roles that only a superuser can create."""
    found = {role for (role,) in rows(owner, "SELECT rolname FROM pg_roles")}
    return [role for role in ROLES if role not in found]
