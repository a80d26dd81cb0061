"""ZIP files in a watched folder: looked at before they are unpacked, and never onto a disk."""

import os
import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from dermalia.sandbox.isemeco import export_capture
from scans.folder import (
    Damaged,
    ExportRefused,
    FolderSource,
    Found,
)
from scans.folder.archive import Archive
from scans.folder.export import open_export
from scans.folder.limits import MAX_FILES
from tests.scans.exports import MESH, RECORDING, entry, manifest, manifest_of, read, zip_of


def refusal(path: Path) -> str:
    with pytest.raises(ExportRefused) as refused, open_export(path):
        pass
    return str(refused.value)


def test_a_bomb_is_refused_unread(tmp_path: Path) -> None:
    data = bytes(50_000_000)
    path = zip_of(tmp_path / "x.zip", ("face.obj", data), ("manifest.json", b"{}"))
    assert path.stat().st_size < 60_000
    assert "far more" in refusal(path)


def test_more_than_a_scan_can_be_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("face.obj", b"x")
        archive.infolist()[0].file_size = 301 * 1024 * 1024
    assert "more than a scan" in refusal(path)


def test_a_member_that_is_longer_than_it_says_ends_where_it_said(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", manifest(entry("face.obj", MESH[:100])))
        archive.writestr("face.obj", MESH)
        archive.infolist()[1].file_size = 100
    with open_export(path) as export, pytest.raises(Damaged):
        export.require_sound()


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip_file_are_refused(tmp_path: Path, mode: int) -> None:
    info = zipfile.ZipInfo("face.obj")
    info.external_attr = (mode | 0o644) << 16
    assert "link" in refusal(zip_of(tmp_path / "x.zip", (info, b"/etc/passwd")))


def test_an_encrypted_zip_file_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "x.zip", ("face.obj", MESH), ("manifest.json", b"{}"))
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    path.write_bytes(content)
    assert "encrypted" in refusal(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("face.obj", MESH)
    assert "packed" in refusal(path)


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    members = [(f"{number}.txt", b"x") for number in range(MAX_FILES + 1)]
    assert "too many" in refusal(zip_of(tmp_path / "x.zip", *members))


def test_a_long_directory_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with path.open("wb") as file:
        file.truncate(1 << 30)
        file.seek(0, os.SEEK_END)
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, 1 << 30, 0, 0))
    tracemalloc.start()
    assert "too many" in refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "name", ["../../face.obj", "/abs/face.obj", "a/b/face.obj", "..\\face.obj", "FACE.OBJ"]
)
def test_paths_in_a_zip_file_are_flattened(source: FolderSource, name: str) -> None:
    zip_of(
        source.path / "x.zip", (name, MESH), ("in/manifest.json", manifest(entry("face.obj", MESH)))
    )
    assert read(source, "scan-1") == {"face.obj": MESH}


def test_equal_names_in_a_zip_file_are_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "x.zip", ("a/face.obj", MESH), ("b/FACE.obj", MESH))
    assert "same name" in refusal(path)


def test_what_an_operating_system_adds_is_overlooked(source: FolderSource) -> None:
    zip_of(
        source.path / "x.zip",
        ("__MACOSX/._face.obj", b"x"),
        (".DS_Store", b"x"),
        ("face.obj", MESH),
        ("manifest.json", manifest(entry("face.obj", MESH))),
    )
    assert source.list_scans().identifiers == ["scan-1"]


@pytest.mark.parametrize("flip", [0x01, 0x55, 0x80])
def test_damage_at_any_place_is_noticed_or_harmless(tmp_path: Path, flip: int) -> None:
    path = export_capture(RECORDING, tmp_path, scan_id="scan-1", zipped=True)
    whole = path.read_bytes()
    directory = whole.index(b"PK\1\2")
    for place in [*range(0, directory, 7), *range(directory, len(whole))]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :])
        (finding, *_) = [*FolderSource(tmp_path, quiet_seconds=0).findings(), None]
        if finding is not None and finding.found is Found.COMPLETE:
            assert finding.manifest is not None
            files = read(FolderSource(tmp_path), "scan-1")
            assert files["face.obj"] == MESH


def test_nothing_of_a_zip_file_is_written_to_disk(source: FolderSource) -> None:
    export_capture(RECORDING, source.path, scan_id="scan-1", zipped=True)
    before = {path: path.stat().st_mtime_ns for path in source.path.rglob("*")}
    read(source, "scan-1")
    assert {path: path.stat().st_mtime_ns for path in source.path.rglob("*")} == before


def test_a_zip_file_is_let_go_of(tmp_path: Path) -> None:
    path = export_capture(RECORDING, tmp_path, scan_id="scan-1", zipped=True)
    archive = Archive(path)
    archive.close()
    assert manifest_of(export_capture(RECORDING, tmp_path, scan_id="scan-2"))["scan_id"] == "scan-2"
