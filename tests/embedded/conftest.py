"""Real servers on throw-away data folders."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dermalia.embedded import Services, prepare


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose cluster and roles exist, stopped."""
    data = tmp_path_factory.mktemp("template") / "data"
    prepare(data)
    with Services(data, durable=False):
        pass
    return data


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    """A prepared data folder of the test's own."""
    return restore(template, tmp_path / "data")


@pytest.fixture(scope="module")
def shared_data(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data folder for the tests of one module."""
    return restore(template, tmp_path_factory.mktemp("shared") / "data")


@pytest.fixture(scope="module")
def running(shared_data: Path) -> Iterator[Services]:
    """Services for the tests of one module that leave them as they were."""
    with Services(shared_data, durable=False) as services:
        yield services


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach; those of pytest are private."""
    with tempfile.TemporaryDirectory(prefix="dermalia-open-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def restore(template: Path, data: Path) -> Path:
    """Copy a stopped data folder as someone would restore it: the copy is the copier's."""
    shutil.copytree(template, data)
    prepare(data)
    return data


def processes_of(data: Path) -> set[int]:
    """Ids of the processes that work in `data` or hold a file of it, ours left out."""
    prefix = f"{data.resolve()}/"
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            links = [entry / "cwd", *(entry / "fd").iterdir()]
            if any(str(link.readlink()).startswith(prefix) for link in links):
                found.add(int(entry.name))
        except OSError:
            continue
    return found
