"""Exports of strange names on their way aside, and files that only look like archives."""

from __future__ import annotations

import os
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from scans.errors import SourceError
from scans.folder import ExportRefused, FolderSource, aside
from scans.folder.export import open_export
from tests.hostile.archives import face, honest
from tests.hostile.outcome import assert_speaks_plainly, bounded
from tests.hostile.test_folders import LONGEST, link_to_nowhere, link_to_root, listen, pipe, plant
from tests.hostile.zips import zip_bytes
from tests.scans.exports import MESH


@pytest.mark.parametrize("suffix", ["", ".zip"])
@pytest.mark.parametrize("letter", ["x", "ä", "\U0001f9d1"])
def test_an_export_of_the_longest_name_can_be_set_aside_again_and_again(
    tmp_path: Path, letter: str, suffix: str
) -> None:
    width = len(letter.encode())
    name = letter * ((LONGEST - len(suffix)) // width) + suffix
    for _ in range(3):
        plant(tmp_path, name) if suffix else (tmp_path / name).mkdir()
        aside.set_aside(tmp_path / name, "A sentence.")
        plant(tmp_path, name) if suffix else (tmp_path / name).mkdir()
        aside.keep(tmp_path / name)
    assert len(list((tmp_path / "done").iterdir())) == 3
    failed = {path.name for path in (tmp_path / "failed").iterdir()}
    notes = {each for each in failed if each.endswith(".txt")}
    assert len(notes) == 3
    assert {note.removesuffix(".txt") for note in notes} == failed - notes


def test_an_export_whose_name_is_no_text_can_be_set_aside(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\xfe")
    path.mkdir()
    assert aside.set_aside(path, "A sentence.").exists()


# Archives as files


def test_a_directory_behind_a_second_end_is_not_read(tmp_path: Path) -> None:
    """The first end tells of two entries; a library prefers the second, and its gigabyte."""
    path, size = tmp_path / "x.zip", 1 << 30
    tail = zip_bytes([], entries=2, directory_bytes=100, zip64=(2, size, 0))
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(0, os.SEEK_END)
        file.write(tail)
    tracemalloc.start()
    with pytest.raises(ExportRefused), open_export(path):
        pass
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("build", [pipe, listen, link_to_nowhere, link_to_root])
def test_what_only_looks_like_an_archive_is_left_alone(
    tmp_path: Path, build: Callable[[Path], None]
) -> None:
    build(tmp_path)
    (made,) = tmp_path.iterdir()
    made.rename(tmp_path / "x.zip")
    plant(tmp_path, "good.zip", zip_bytes([honest(), face()]))
    with bounded():
        source = FolderSource(tmp_path, quiet_seconds=0)
        assert [finding.path.name for finding in source.findings()] == ["good.zip"]


def test_every_byte_of_the_ends_may_be_any_other(tmp_path: Path) -> None:
    """Whatever the ends say: nothing but the mesh comes out, and nothing but our errors."""
    whole = zip_bytes([honest(), face()], zip64=(2, 0, 0))
    size = struct.calcsize("<4s4H2LH") + struct.calcsize("<4sLQL") + struct.calcsize("<4sQ2H2L4Q")
    path = tmp_path / "x.zip"
    with bounded(cpu_seconds=8):
        for place in range(len(whole) - size, len(whole)):
            for value in (0x00, 0x7F, 0xFF):
                path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
                try:
                    with open_export(path) as opened, opened.open(opened.manifest.assets[0]) as got:
                        assert b"".join(got) == MESH
                except SourceError as error:
                    assert_speaks_plainly(error)
