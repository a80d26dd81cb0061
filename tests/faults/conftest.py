"""What faults need in common."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from dermalia.sandbox.isemeco import IsemecoStandIn
from practices.domain.tenants import create_practice
from practices.models import Practice
from scans.models import Connection
from tests.conftest import connect_to
from tests.faults.proxy import FaultyStorage


@pytest.fixture
def practice(committed: None) -> Practice:
    """In real transactions: what dies has connections of its own."""
    return create_practice(name="Demo practice", email="practice@example.org")


@pytest.fixture
def account(practice: Practice, cluster: IsemecoStandIn) -> Connection:
    return connect_to(cluster, practice)


@pytest.fixture
def way_to_storage(settings: Settings) -> Iterator[FaultyStorage]:
    """From now on storage is reached by a way that can have faults; storage itself is sound."""
    kept = settings.STORAGES["objects"]
    with FaultyStorage(kept["OPTIONS"]["endpoint_url"]) as way:
        options = kept["OPTIONS"] | {"endpoint_url": way.url}
        settings.STORAGES = {**settings.STORAGES, "objects": {**kept, "OPTIONS": options}}
        yield way
