"""Comparing the database's catalogue with what the models say it should be.

Reads pg_catalog only, which every role may. Each difference is one sentence.
"""

from collections.abc import Iterator

from dermalia.tenancy.catalogue import Connection
from dermalia.tenancy.drift.guards import unguarded
from dermalia.tenancy.drift.rights import different_rights
from dermalia.tenancy.drift.roles import different_roles
from dermalia.tenancy.drift.shape import different_keys, different_triggers
from dermalia.tenancy.drift.strangers import strangers

__all__ = ["differences", "unguarded"]


def differences(connection: Connection) -> Iterator[str]:
    """Everything that is not as the models say, but for what ``unguarded`` names."""
    yield from different_keys(connection)
    yield from different_triggers(connection)
    yield from different_rights(connection)
    yield from different_roles(connection)
    yield from strangers(connection)
