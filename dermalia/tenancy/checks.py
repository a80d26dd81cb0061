"""``manage.py check --database default``: the catalogue beside the models."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import connections

from dermalia.tenancy import drift

HINT = "Run manage.py setup_database; if it stays, somebody changed the database by hand."


def database_as_the_models_say(
    databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Each difference is one error: tables unguarded (E001), anything else (E002)."""
    if "default" not in (databases or ()):
        return []
    found = connections["default"]
    return [
        *(Error(text, hint=HINT, id="tenancy.E001") for text in drift.unguarded(found)),
        *(Error(text, hint=HINT, id="tenancy.E002") for text in drift.differences(found)),
    ]
