import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audit import archive
from audit.checkpointing import make_checkpoint
from audit.export import export_log
from dermalia.tenancy import practice_scope
from practices.models import Practice
from tests.audit.exports import unpack
from tests.audit.support import two_practices, write_entries


@pytest.fixture
def practices(bucket: None) -> tuple[Practice, Practice]:
    """Two practices with five and two committed entries."""
    practice, other = two_practices()
    write_entries(practice, 5)
    write_entries(other, 2)
    return practice, other


@pytest.fixture
def bucket(committed: None) -> Iterator[None]:
    """The checkpoints' bucket, empty before and after: it knows other databases' chains."""
    _empty()
    yield
    _empty()


@pytest.fixture
def export(practices: object, tmp_path: Path) -> Callable[[Practice], Path]:
    """Exports a practice's log into a file of its own."""

    def write(practice: Practice) -> Path:
        target = io.BytesIO()
        with practice_scope(practice.pk):
            export_log(target=target)
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.zip"
        path.write_bytes(target.getvalue())
        return path

    return write


@pytest.fixture(scope="session")
def kept() -> dict[str, bytes]:
    return {}


@pytest.fixture
def exported(tmp_path: Path, kept: dict[str, bytes], request: pytest.FixtureRequest) -> Path:
    """Five entries known to one checkpoint, eight to the next, and one more; unpacked.

    Written once: many tests damage a copy of it.
    """
    if not kept:
        practice, _ = request.getfixturevalue("practices")
        make_checkpoint()
        write_entries(practice, 3)
        make_checkpoint()
        write_entries(practice, 1)
        kept["zip"] = request.getfixturevalue("export")(practice).read_bytes()
    path = tmp_path / "exported.zip"
    path.write_bytes(kept["zip"])
    return unpack(path)


def _empty() -> None:
    archive._storage().bucket.objects.all().delete()
