"""A practice that watches a folder."""

from pathlib import Path

import pytest
from pytest_django import Settings

from dermalia.tenancy import practice_scope
from practices.models import Practice
from scans.domain.sources import watch
from scans.folder import FolderSource
from scans.folder import source as folder_source
from scans.models import Connection


@pytest.fixture
def exports(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the practice's scanner exports to; what lies there is never too fresh."""
    monkeypatch.setattr(folder_source, "QUIET_SECONDS", 0.0)
    settings.SCAN_FOLDERS = tmp_path
    folder = tmp_path / "scanner"
    folder.mkdir()
    return folder


@pytest.fixture
def watched(practice: Practice, exports: Path) -> Connection:
    with practice_scope(practice.pk):
        return watch(practice=practice, folder=exports.name, exports=Connection.Exports.KEEP)


@pytest.fixture
def source(tmp_path: Path) -> FolderSource:
    """A folder whose exports are never too fresh."""
    return FolderSource(tmp_path, quiet_seconds=0)
