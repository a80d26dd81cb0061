"""Exports in a watched folder: taken when complete, refused when they are not what they seem."""

import os
import socket
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from dermalia.sandbox.isemeco import export_capture
from scans.folder import (
    Damaged,
    FolderSource,
    FolderUnavailable,
    Found,
    NotThere,
)
from scans.folder.export import Export, open_export
from scans.folder.limits import MAX_FILES, STALE_SECONDS
from tests.scans.exports import MESH, RECORDING, entry, manifest, read, rewrite


def only(source: FolderSource) -> tuple[Found, str]:
    (finding,) = source.findings()
    return finding.found, finding.reason


@pytest.mark.parametrize("zipped", [False, True])
def test_an_export_comes_through_whole(source: FolderSource, zipped: bool) -> None:
    export_capture(RECORDING, source.path, scan_id="scan-1", zipped=zipped, first_name="Demo")
    page = source.list_scans()
    assert (page.identifiers, page.more) == (["scan-1"], False)
    assert read(source, "scan-1") == {file.name: file.data for file in RECORDING.files}
    found, dropped = source.manifest("scan-1")
    assert dropped == 0
    assert found.patient is not None
    assert found.patient.first_name == "Demo"


def test_an_export_is_found_by_its_manifest_whatever_its_name(source: FolderSource) -> None:
    export_capture(RECORDING, source.path, scan_id="scan-1").rename(source.path / "Export 7")
    export_capture(RECORDING, source.path, scan_id="scan-2", zipped=True)
    assert source.list_scans().identifiers == ["scan-1", "scan-2"]
    assert read(source, "scan-1")["face.obj"] == MESH


def test_folders_within_an_export_are_flattened(source: FolderSource) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    (path / "textures").mkdir()
    (path / "skin.jpg").rename(path / "textures" / "SKIN.jpg")
    assert read(source, "scan-1")["skin.jpg"] == RECORDING.files[1].data


def test_names_in_either_unicode_form_are_the_same_file(source: FolderSource) -> None:
    path = source.path / "e"
    path.mkdir()
    (path / "gesicht_a\u0308.obj").write_bytes(MESH)
    (path / "manifest.json").write_bytes(manifest(entry("gesicht_\u00e4.obj", MESH)))
    assert read(source, "scan-1") == {"gesicht_\u00e4.obj": MESH}


# Complete or not


@pytest.mark.parametrize("missing", ["face.obj", "skin.jpg", "manifest.json"])
def test_an_export_without_one_of_its_files_waits(source: FolderSource, missing: str) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    (path / missing).rename(source.path / "later")
    assert source.list_scans().identifiers == []
    with pytest.raises(NotThere):
        source.manifest("scan-1")
    (source.path / "later").rename(path / missing)
    assert source.list_scans().identifiers == ["scan-1"]


def test_a_file_that_still_grows_waits(source: FolderSource) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    (path / "face.obj").write_bytes(MESH[:-1])
    assert only(source)[0] is Found.GROWING
    (path / "face.obj").write_bytes(MESH)
    assert only(source)[0] is Found.COMPLETE


def test_an_export_that_just_changed_waits(tmp_path: Path) -> None:
    export_capture(RECORDING, tmp_path, scan_id="scan-1")
    assert FolderSource(tmp_path).list_scans().identifiers == []
    assert only(FolderSource(tmp_path)) == (Found.GROWING, "")


def test_a_manifest_that_is_half_written_waits(tmp_path: Path) -> None:
    path = export_capture(RECORDING, tmp_path, scan_id="scan-1") / "manifest.json"
    path.write_bytes(path.read_bytes()[:100])
    assert only(FolderSource(tmp_path))[0] is Found.GROWING
    assert only(FolderSource(tmp_path, quiet_seconds=0))[0] is Found.REFUSED


def test_every_prefix_of_a_zip_file_waits(source: FolderSource) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1", zipped=True)
    whole = path.read_bytes()
    for length in (0, 1, 21, 22, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert list(source.findings()) == []
    path.write_bytes(whole)
    assert source.list_scans().identifiers == ["scan-1"]


def test_what_was_never_finished_is_told_of_after_a_while(
    source: FolderSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    (export_capture(RECORDING, source.path, scan_id="scan-1") / "face.obj").unlink()
    (source.path / "x.zip").write_bytes(b"PK")
    later = time.time() + STALE_SECONDS + 10
    monkeypatch.setattr(time, "time", lambda: later)
    assert [finding.found for finding in source.findings()] == [Found.STALE, Found.STALE]


def test_a_damaged_file_is_refused(source: FolderSource) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    (path / "face.obj").write_bytes(MESH[:-1] + b"!")
    assert only(source) == (
        Found.REFUSED,
        "A file of the export is damaged: its checksum is another.",
    )


def test_a_file_that_changes_after_the_look_does_not_pass_for_the_old_one(
    source: FolderSource,
) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    asset = source.manifest("scan-1")[0].assets[0]
    with source.open_asset("scan-1", asset) as pieces:
        (path / "face.obj").write_bytes(MESH + b"more")
        with pytest.raises(Damaged):
            list(pieces)


def test_an_export_is_read_through_once_while_it_stays_as_it_is(
    source: FolderSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    monkeypatch.setattr(Export, "require_sound", lambda export: read.append(Path()))
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    for _ in range(3):
        source.list_scans()
    assert len(read) == 1
    time.sleep(0.02)  # the kernel's clock for files is a coarse one
    os.utime(path / "face.obj")
    source.list_scans()
    assert len(read) == 2


def test_things_that_are_no_exports_are_left_alone(source: FolderSource) -> None:
    for name in ("done", "failed", ".hidden", "holiday"):
        (source.path / name).mkdir()
        (source.path / name / "picture.jpg").write_bytes(b"x")
    (source.path / "note.txt").write_text("x")
    assert list(source.findings()) == []


def test_a_folder_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(FolderUnavailable):
        FolderSource(tmp_path / "unmounted").list_scans()


# Files that are not what they seem


def replace_by_link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


def replace_by_hard_link(path: Path) -> None:
    os.link(path, path.parent.parent / "elsewhere")


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_socket(path: Path) -> None:
    path.unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize(
    "replace", [replace_by_link, replace_by_hard_link, replace_by_pipe, replace_by_socket]
)
@pytest.mark.parametrize("name", ["face.obj", "manifest.json"])
def test_anything_but_a_plain_file_is_refused(
    source: FolderSource, replace: Callable[[Path], None], name: str
) -> None:
    replace(export_capture(RECORDING, source.path, scan_id="scan-1") / name)
    assert only(source)[0] is Found.REFUSED
    with pytest.raises(NotThere):
        source.manifest("scan-1")


def test_a_file_swapped_for_a_link_after_the_look_is_not_followed(source: FolderSource) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    with open_export(path) as export:
        replace_by_link(path / "face.obj")
        with pytest.raises(NotThere), export.open(export.manifest.assets[0]):
            pass


@pytest.mark.parametrize("zipped", [False, True])
def test_an_export_that_is_a_link_is_not_looked_at(source: FolderSource, zipped: bool) -> None:
    outside = source.path / "done"
    outside.mkdir()
    path = export_capture(RECORDING, outside, scan_id="scan-1", zipped=zipped)
    (source.path / path.name).symlink_to(path)
    assert list(source.findings()) == []


def test_a_linked_folder_within_an_export_is_refused(source: FolderSource) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    (path / "more").symlink_to("/etc")
    assert only(source)[0] is Found.REFUSED


@pytest.mark.parametrize("twin", ["FACE.OBJ", "sub/face.obj"])
def test_two_files_of_one_name_are_refused(source: FolderSource, twin: str) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    (path / "sub").mkdir()
    (path / twin).write_bytes(MESH)
    assert only(source) == (Found.REFUSED, "The export holds two files of the same name.")


def test_too_many_files_and_too_deep_folders_are_refused(source: FolderSource) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    for number in range(MAX_FILES):
        (path / f"{number}.txt").touch()
    deep = export_capture(RECORDING, source.path, scan_id="scan-2") / "1" / "2" / "3" / "4"
    deep.mkdir(parents=True)
    assert [finding.found for finding in source.findings()] == [Found.REFUSED, Found.REFUSED]


@pytest.mark.parametrize(
    "name", ["../face.obj", "/etc/passwd", "sub/face.obj", "..", "C:face.obj", "a\\b.obj", ""]
)
def test_a_manifest_names_labels_not_paths(source: FolderSource, name: str) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    rewrite(path, assets=[entry(name, MESH)])
    found, reason = only(source)
    assert found is Found.REFUSED
    assert "contract" in reason


def test_a_manifest_cannot_name_itself_or_a_file_twice(source: FolderSource) -> None:
    for scan_id, names in (("a", ("face.obj", "manifest.json")), ("b", ("face.obj", "FACE.obj"))):
        path = export_capture(RECORDING, source.path, scan_id=scan_id)
        rewrite(path, assets=[entry(name, MESH) for name in names])
    assert [finding.found for finding in source.findings()] == [Found.REFUSED, Found.REFUSED]


@pytest.mark.parametrize("content", [b"{", b"[]", b"\x1f\x8b" * 100, b"[" * 200_000, b"\xff\xfe"])
def test_a_manifest_that_is_none_is_refused(source: FolderSource, content: bytes) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    (path / "manifest.json").write_bytes(content)
    assert only(source)[0] is Found.REFUSED


def test_a_huge_manifest_is_not_read(source: FolderSource) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    with (path / "manifest.json").open("wb") as file:
        file.truncate(1 << 40)
    tracemalloc.start()
    assert only(source)[0] is Found.REFUSED
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_unknown_keys_are_dropped_and_counted(source: FolderSource) -> None:
    path = export_capture(RECORDING, source.path, scan_id="scan-1")
    rewrite(path, birth_date="1970-01-01", insurance={"number": "A1"})
    assert source.manifest("scan-1")[1] == 3
