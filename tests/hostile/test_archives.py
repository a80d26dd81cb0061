"""ZIP files built to harm, through the reader of the watched folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scans.errors import SourceError
from scans.folder import FolderSource, Found
from scans.folder.export import open_export
from tests.hostile import archives, lying_archives
from tests.hostile.archives import Taken, face, honest
from tests.hostile.outcome import MARKER, assert_speaks_plainly, assert_unsaid, bounded, rows
from tests.hostile.zips import zip_bytes

CASES = archives.CASES | lying_archives.CASES
assert len(CASES) == len(archives.CASES) + len(lying_archives.CASES)


def files_in(path: Path) -> tuple[tuple[str, bytes], ...]:
    """What the reader hands on; nothing before all of it was found sound."""
    with open_export(path) as export:
        export.require_complete()
        export.require_sound()
        files = []
        for asset in export.manifest.assets:
            with export.open(asset) as pieces:
                files.append((asset.name, b"".join(pieces)))
    return tuple(files)


def everything_below(folder: Path) -> set[tuple[str, int]]:
    return {(str(path), path.lstat().st_size) for path in folder.rglob("*")}


@rows(CASES)
def test_an_archive_built_to_harm_is_refused_or_read_as_what_it_says(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    case, watched = CASES[name], tmp_path / "watched"
    watched.mkdir()
    path = watched / f"{MARKER}.zip"
    path.write_bytes(case.build())
    before = everything_below(tmp_path)
    with bounded():
        if isinstance(case.end, Taken):
            assert files_in(path) == case.end.files
        else:
            with pytest.raises(SourceError) as refusal:
                files_in(path)
            assert type(refusal.value) is case.end.error
            assert case.end.words in str(refusal.value)
            assert_speaks_plainly(refusal.value)
    assert_unsaid(caplog)
    assert everything_below(tmp_path) == before


@rows(CASES)
def test_the_folder_goes_on_listing_what_lies_beside_it(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{MARKER}.zip").write_bytes(CASES[name].build())
    (tmp_path / "good.zip").write_bytes(zip_bytes([honest(), face()]))
    os.utime(tmp_path / "good.zip")
    with bounded():
        findings = {
            each.path.name: each for each in FolderSource(tmp_path, quiet_seconds=0).findings()
        }
    assert findings["good.zip"].found is Found.COMPLETE
    harmful = findings.get(f"{MARKER}.zip")
    if isinstance(CASES[name].end, Taken):
        assert harmful is not None
        assert harmful.found is Found.COMPLETE
    else:
        assert harmful is None or harmful.found is not Found.COMPLETE
        assert harmful is None or MARKER not in harmful.reason
