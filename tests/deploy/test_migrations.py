"""A new version is installed beside the old one: migrations lock nothing long and break nothing."""

from typing import Any

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from tests.deploy.installation import ROOT
from tests.deploy.locks import faults

# Up to here tables were empty: nobody had installed it.
FIRST_INSTALLED = {
    "audit": 4,
    "backups": 1,
    "closing": 1,
    "exports": 1,
    "onboarding": 1,
    "operators": 1,
    "practices": 6,
    "reports": 12,
    "retention": 3,
    "scans": 11,
    "sealing": 2,
    "website": 1,
}


def test_no_migration_stops_or_breaks_a_running_installation() -> None:
    loader = MigrationLoader(None)
    found = [
        fault
        for key, migration in sorted(loader.disk_migrations.items())
        if is_ours(migration) and int(key[1][:4]) > FIRST_INSTALLED.get(key[0], 0)
        for fault in faults(migration, loader.project_state(key, at_end=False))
    ]
    assert found == []


def is_ours(migration: migrations.Migration) -> bool:
    return (ROOT / type(migration).__module__.split(".")[0]).is_dir()


def test_migrations_from_before_would_be_found_if_they_were_looked_at() -> None:
    loader = MigrationLoader(None)
    key = ("reports", "0003_due_first")
    assert list(faults(loader.disk_migrations[key], loader.project_state(key, at_end=False)))


THING: dict[str, Any] = {
    "id": models.BigAutoField(primary_key=True),
    "name": models.CharField(max_length=9),
}
FIELDS = list(THING.items())
NUMBER = models.IntegerField
INDEX = models.Index(fields=["name"], name="by_name")
POSITIVE = models.CheckConstraint(condition=models.Q(id__gt=0), name="positive")


def faults_of(*operations: Operation, **attributes: Any) -> list[str]:
    state = ProjectState()
    state.add_model(ModelState("demo", "Thing", FIELDS))
    attributes = {"operations": list(operations), **attributes}
    kind = type("Migration", (migrations.Migration,), attributes)
    return list(faults(kind("0002_more", "demo"), state))


def move(apps: Any, schema_editor: Any) -> None:
    """Would move rows."""


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        (migrations.AddIndex("thing", INDEX), "AddIndexConcurrently"),
        (migrations.AddConstraint("thing", POSITIVE), "AddConstraintNotValid"),
        (migrations.AddField("thing", "size", NUMBER(default=0)), "null=True or db_default"),
        (migrations.AddField("thing", "size", NUMBER(null=True, db_index=True)), "index"),
        (migrations.AddField("thing", "size", NUMBER(null=True, unique=True)), "index"),
        (migrations.RemoveField("thing", "name"), "contract = True"),
        (migrations.RenameField("thing", "name", "title"), "contract = True"),
        (migrations.DeleteModel("Thing"), "contract = True"),
        (migrations.RenameModel("Thing", "Object"), "contract = True"),
        (migrations.AlterField("thing", "name", NUMBER()), "column's type"),
        (migrations.AlterField("thing", "name", models.CharField(max_length=5)), "column's type"),
        (
            migrations.AlterField("thing", "name", models.CharField(max_length=9, unique=True)),
            "builds an index",
        ),
        (migrations.RunPython(move), "in batches"),
        (
            migrations.SeparateDatabaseAndState([migrations.AddIndex("thing", INDEX)]),
            "AddIndexConcurrently",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Operation) else "",
)
def test_what_locks_or_breaks_is_found(operation: Operation, says: str) -> None:
    (fault,) = faults_of(operation)
    assert says in fault
    assert fault.startswith("demo.0002_more: ")


@pytest.mark.parametrize(
    ("operations", "attributes"),
    [
        ([AddIndexConcurrently("thing", INDEX)], {"atomic": False}),
        ([AddConstraintNotValid("thing", POSITIVE)], {}),
        ([migrations.AddField("thing", "size", NUMBER(null=True))], {}),
        ([migrations.AddField("thing", "size", NUMBER(db_default=0))], {}),
        ([migrations.RemoveField("thing", "name")], {"contract": True}),
        ([migrations.RunPython(move)], {"atomic": False}),
        ([migrations.CreateModel("Other", FIELDS), migrations.AddIndex("other", INDEX)], {}),
        (
            [
                migrations.AlterField(
                    "thing", "name", models.CharField(max_length=9, choices=[("a", "b")])
                )
            ],
            {},
        ),
    ],
    ids=lambda value: type(value[0]).__name__ if isinstance(value, list) else "",
)  # fmt: skip
def test_what_does_neither_is_left_alone(
    operations: list[Operation], attributes: dict[str, Any]
) -> None:
    assert faults_of(*operations, **attributes) == []
