"""What each database role may do, derived from the models."""

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from dermalia.tenancy.catalogue import SCHEMAS, table_of
from dermalia.tenancy.models import ScopedRow
from dermalia.work.models import Work

OWNER = "dermalia_owner"
APP = "dermalia_app"
SWEEPER = "dermalia_sweeper"
ADMIN = "dermalia_admin"
BACKUP = "dermalia_backup"
KEYSTORE_BACKUP = "dermalia_keystore_backup"
ROLES = (APP, SWEEPER, ADMIN, BACKUP, KEYSTORE_BACKUP)

Right = tuple[str, str]  # a role and what is granted to it: ("dermalia_app", "SELECT, INSERT")

# Django's own table, which has no model.
MIGRATIONS = '"public"."django_migrations"'
MIGRATIONS_RIGHTS: tuple[Right, ...] = ((APP, "SELECT"), (BACKUP, "SELECT"))


def grants() -> Iterator[str]:
    """The SQL that gives every role its rights and takes all others."""
    for schema in SCHEMAS:
        yield f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {', '.join(ROLES)}"
        yield f"GRANT USAGE ON SCHEMA {schema} TO {APP}, {SWEEPER}, {ADMIN}"
        yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {APP}"
    for model in apps.get_models(include_auto_created=True):
        yield f"REVOKE ALL ON {table_of(model)} FROM PUBLIC, {', '.join(ROLES)}"
        for role, right in rights(model):
            yield f"GRANT {right} ON {table_of(model)} TO {role}"
    for role, right in MIGRATIONS_RIGHTS:
        yield f"GRANT {right} ON {MIGRATIONS} TO {role}"
    # A data backup holds no keys, a backup of keys no data.
    yield f"GRANT USAGE ON SCHEMA public TO {BACKUP}"
    yield f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {BACKUP}"
    yield f"GRANT USAGE ON SCHEMA keystore TO {KEYSTORE_BACKUP}"
    yield f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA keystore TO {KEYSTORE_BACKUP}"


def rights(model: type[models.Model]) -> Iterator[Right]:
    """Who may do what with a model's table."""
    append_only = issubclass(model, ScopedRow) and model.append_only
    yield APP, "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    yield (KEYSTORE_BACKUP if "keystore" in table_of(model) else BACKUP), "SELECT"
    for role, columns in (
        (SWEEPER, getattr(model, "swept", ())),
        (ADMIN, getattr(model, "admin_sees", ())),
    ):
        if columns:
            yield role, f"SELECT ({', '.join(columns)})"
    if issubclass(model, Work):
        yield SWEEPER, "UPDATE (nudged_at)"
