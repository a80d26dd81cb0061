"""What the hostile tests share."""

from collections.abc import Iterator

import pytest

from scans.conversion import prepare
from tests.hostile.bench import Bench


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    """A confined child for one capture after the other."""
    prepare()
    bench = Bench()
    try:
        yield bench
    finally:
        bench.close()
