"""What faults need in common."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.faults.proxy import FaultyStorage


@pytest.fixture
def way_to_storage(settings: Settings) -> Iterator[FaultyStorage]:
    """From now on storage is reached by a way that can have faults; storage itself is sound."""
    kept = settings.STORAGES["objects"]
    with FaultyStorage(kept["OPTIONS"]["endpoint_url"]) as way:
        options = kept["OPTIONS"] | {"endpoint_url": way.url}
        settings.STORAGES = {**settings.STORAGES, "objects": {**kept, "OPTIONS": options}}
        yield way
