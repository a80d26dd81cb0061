"""Export folders built to harm, files that change under the reader, and what becomes of them."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from scans.errors import SourceError
from scans.folder import Damaged, ExportRefused, FolderSource, Found, NotThere
from scans.folder.export import open_export
from scans.folder.limits import MAX_FILES
from tests.hostile.archives import FACE
from tests.hostile.outcome import MARKER, assert_speaks_plainly, assert_unsaid, bounded, rows
from tests.scans.exports import MESH, entry, manifest

LONGEST = 255  # bytes of a name on common file systems
REFUSED, GOOD, UNTOLD = Found.REFUSED, Found.COMPLETE, None


def plant(folder: Path, name: str | bytes, data: bytes = b"x") -> None:
    with open(os.fsencode(folder) + b"/" + os.fsencode(name), "wb") as file:  # noqa: PTH123 any bytes
        file.write(data)


def pipe(folder: Path) -> None:
    os.mkfifo(folder / f"{MARKER}.fifo")


def listen(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # the address of a socket must be short
        try:
            server.bind("s")
        finally:
            os.chdir(here)


def link_to_root(folder: Path) -> None:
    (folder / "root").symlink_to("/")


def link_in_a_circle(folder: Path) -> None:
    (folder / "again").symlink_to(folder)


def link_to_nowhere(folder: Path) -> None:
    (folder / MARKER).symlink_to("/nowhere/at/all")


def link_as_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").symlink_to("/etc/passwd")


def second_name(folder: Path) -> None:
    os.link(folder / FACE, folder / "second.obj")


def many(folder: Path) -> None:
    for number in range(10_000):
        os.close(os.open(folder / str(number), os.O_CREAT | os.O_WRONLY))


def many_hidden(folder: Path) -> None:
    for number in range(2 * MAX_FILES):
        plant(folder, f".{number}")


def many_folders(folder: Path) -> None:
    for number in range(MAX_FILES + 1):
        (folder / str(number)).mkdir()


def deep(folder: Path) -> None:
    (folder / "/".join("d" * 200)).mkdir(parents=True)


def manifest_twice(folder: Path) -> None:
    plant(folder, "MANIFEST.json", b"{}")


def manifest_is_a_folder(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").mkdir()


def manifest_is_a_terabyte(folder: Path) -> None:
    os.truncate(folder / "manifest.json", 1 << 40)


def mesh_is_a_terabyte(folder: Path) -> None:
    os.truncate(folder / FACE, 1 << 40)


def mesh_is_another(folder: Path) -> None:
    plant(folder, FACE, MESH[:-1] + b"!")


def bytes_for_a_name(folder: Path) -> None:
    plant(folder, b"\xff\xfe" + MARKER.encode())


def control_characters(folder: Path) -> None:
    plant(folder, f"{MARKER}\n\x1b[2J\x07.txt")


def turned_around(folder: Path) -> None:
    plant(folder, f"{MARKER}\u202egpj.exe")


def longest_name(folder: Path) -> None:
    plant(folder, "x" * LONGEST)


def devices_names(folder: Path) -> None:
    for name in ("CON", "NUL", "LPT1.txt", "aux.h"):
        plant(folder, name)


def names_of_one_form(folder: Path) -> None:
    plant(folder, "ä.jpg")
    plant(folder, "a\u0308.jpg")


def future(folder: Path) -> None:
    os.utime(folder / FACE, (2**33, 2**33))


def past(folder: Path) -> None:
    os.utime(folder / FACE, (0, 0))


CASES: dict[str, tuple[Callable[[Path], None], Found | None]] = {
    "a named pipe": (pipe, REFUSED),
    "a socket": (listen, REFUSED),
    "a link to the root": (link_to_root, REFUSED),
    "a link in a circle": (link_in_a_circle, REFUSED),
    "a link to nowhere": (link_to_nowhere, REFUSED),
    "a link as the manifest": (link_as_manifest, REFUSED),
    "a second name for a file": (second_name, REFUSED),
    "ten thousand files": (many, REFUSED),
    "hidden files that crowd the others out": (many_hidden, REFUSED),
    "folders and no end": (many_folders, REFUSED),
    "folders two hundred deep": (deep, REFUSED),
    "a second manifest in capitals": (manifest_twice, REFUSED),
    "a manifest that is a folder": (manifest_is_a_folder, UNTOLD),
    "a manifest of a terabyte": (manifest_is_a_terabyte, REFUSED),
    "a mesh of a terabyte": (mesh_is_a_terabyte, Found.GROWING),
    "a mesh of other bytes": (mesh_is_another, REFUSED),
    "two names of one Unicode form": (names_of_one_form, REFUSED),
    "a name that is no text": (bytes_for_a_name, GOOD),
    "a name of control characters": (control_characters, GOOD),
    "a name that turns around": (turned_around, GOOD),
    "the longest name there is": (longest_name, GOOD),
    "names of devices": (devices_names, GOOD),
    "a file from the future": (future, GOOD),
    "a file from the beginning of time": (past, GOOD),
}


def export(folder: Path, name: str = MARKER) -> Path:
    path = folder / name
    path.mkdir(parents=True)
    plant(path, FACE, MESH)
    plant(path, "manifest.json", manifest(entry(FACE, MESH)))
    return path


@rows(CASES)
def test_a_folder_built_to_harm_is_refused_or_taken_for_what_its_manifest_says(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    build, expected = CASES[name]
    build(export(tmp_path))
    with bounded():
        findings = list(FolderSource(tmp_path, quiet_seconds=0).findings())
    assert [finding.found for finding in findings] == ([expected] if expected else [])
    assert all(MARKER not in finding.reason for finding in findings)
    assert_unsaid(caplog)


@pytest.mark.parametrize("build", [pipe, link_to_root, many_folders, manifest_is_a_terabyte, deep])
def test_what_is_refused_says_why_without_naming_a_file(
    build: Callable[[Path], None], tmp_path: Path
) -> None:
    path = export(tmp_path)
    build(path)
    with bounded(), pytest.raises(ExportRefused) as refusal, open_export(path):
        pass
    assert_speaks_plainly(refusal.value)


# Changes under the reader


def cut(path: Path) -> None:
    os.truncate(path, 10)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(MARKER.encode() * 1000)


def swap_for_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def swap_for_a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def swap_the_folder(path: Path) -> None:
    folder = path.parent
    folder.rename(folder.with_name("moved"))
    folder.symlink_to("/etc")


def remove(path: Path) -> None:
    path.unlink()


CHANGES: dict[str, tuple[Callable[[Path], None], type[SourceError]]] = {
    "cut short": (cut, Damaged),
    "made longer": (grow, Damaged),
    "swapped for a pipe": (swap_for_a_pipe, ExportRefused),
    "swapped for a link": (swap_for_a_link, NotThere),
    "in a folder swapped for a link": (swap_the_folder, NotThere),
    "removed": (remove, NotThere),
}


@rows(CHANGES)
def test_a_file_changed_after_the_look_ends_in_a_plain_error(name: str, tmp_path: Path) -> None:
    change, error = CHANGES[name]
    path = export(tmp_path)
    with open_export(path) as opened:
        opened.require_complete()
        change(path / FACE)
        with bounded(), pytest.raises(SourceError) as fault:
            opened.require_sound()
    assert type(fault.value) is error
    assert_speaks_plainly(fault.value, secrets=[MARKER, "passwd", str(tmp_path)])


def test_a_file_that_keeps_growing_while_it_is_read_is_given_up(tmp_path: Path) -> None:
    path, begun, over = export(tmp_path), threading.Event(), threading.Event()

    def writer() -> None:
        with (path / FACE).open("ab", buffering=0) as file:
            for _ in range(2000):
                file.write(bytes(65536))
                begun.set()
                if over.is_set():
                    return

    with open_export(path) as opened, bounded():
        thread = threading.Thread(target=writer)
        thread.start()
        begun.wait(10)
        try:
            with pytest.raises(Damaged):
                opened.require_sound()
        finally:
            over.set()
            thread.join()
