"""The worst of it through the real way, from source to report: set aside, and on."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from pytest_django import Settings

from audit.models import Entry
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn, Recording, export_capture
from dermalia.sandbox.isemeco.captured import File
from dermalia.sealing import objects
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from scans.conversion import ConversionError, ErrorCode
from scans.domain.convert import convert_scan
from scans.domain.pull import pull_scan
from scans.domain.sources import watch
from scans.folder import source as folder_source
from scans.models import Asset, Connection, Scan
from tests.conftest import connect_to, discover, report_of
from tests.hostile import images, models, ply_texts, texts
from tests.hostile.outcome import MARKER, assert_hidden
from tests.hostile.test_archives import CASES as ARCHIVES
from tests.hostile.test_folders import link_to_root, many_folders
from tests.test_nothing_in_clear import MAGICS, dump, leaks

FORMS = {"obj": "model/obj", "glb": "model/gltf-binary", "ply": "model/ply"}
MESH = texts.HEAD + b"# " + MARKER.encode()


def pictured(name: str) -> Recording:
    """An honest mesh with a picture that is none."""
    data = images.CASES[name].build() + MARKER.encode()
    files = (
        File("face.obj", "mesh", FORMS["obj"], MESH),
        File("skin.jpg", "texture", "image/jpeg", data, light="white"),
    )
    return Recording(files, ())


def shaped(capture: texts.Capture, form: str) -> Recording:
    """A mesh that is none."""
    return Recording((File(f"face.{form}", "mesh", FORMS[form], capture.mesh()),), ())


WORST: dict[str, tuple[Recording, ErrorCode]] = {
    "swells": (pictured("a huge picture in colour"), ErrorCode.TOO_LARGE),
    "stalls": (pictured("a JPEG of ten thousand scans"), ErrorCode.UNREADABLE_IMAGE),
    "script": (pictured("a drawing with a script"), ErrorCode.UNREADABLE_IMAGE),
    "page": (
        shaped(texts.CASES["a page by the name of a mesh"], "obj"),
        ErrorCode.UNSUPPORTED_FORMAT,
    ),
    "reaches": (shaped(texts.CASES["an index of nine nines"], "obj"), ErrorCode.UNREADABLE_MESH),
    "words": (shaped(texts.CASES["a face of words"], "obj"), ErrorCode.UNREADABLE_MESH),
    "nested": (shaped(models.CASES["a tree ten thousand deep"], "glb"), ErrorCode.UNREADABLE_MESH),
    "crowd": (shaped(models.CASES["a head ten thousand times"], "glb"), ErrorCode.TOO_LARGE),
    "empty": (shaped(texts.CASES["points without faces"], "obj"), ErrorCode.EMPTY_MESH),
    "list": (
        shaped(ply_texts.CASES["a list longer than the file"], "ply"),
        ErrorCode.UNREADABLE_MESH,
    ),
}
DOORSTEP = {
    "bomb": "zeros by the megabyte",
    "link": "a member that is a link",
    "locked": "a member with a password",
    "shared": "one body under many names",
    "second": "a second end with other numbers",
}


@pytest.fixture
def practice(committed: None) -> Practice:
    return create_practice(name="Demo practice", email="practice@example.org")


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def worked_off(scan: Scan) -> Scan:
    """The row after a worker has had it."""
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    convert_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    with practice_scope(scan.practice_id):
        return Scan.objects.get(pk=scan.pk)


def assert_set_aside(scans: list[Scan]) -> None:
    """Each waits for a person, beside the sentence for its own harm."""
    for scan in map(worked_off, scans):
        _, code = WORST[scan.scan_identifier]
        told = (scan.scan_identifier, scan.state, scan.last_error, scan.quarantined_at is not None)
        sentence = ConversionError(code).message
        assert told == (scan.scan_identifier, Scan.State.STORED, sentence, True)
        with practice_scope(scan.practice_id):
            assert not Asset.objects.filter(scan=scan, origin=Asset.Origin.DERIVED).exists()


def assert_nothing_in_clear(practice: Practice, said: pytest.LogCaptureFixture) -> None:
    """Neither database nor storage nor log shows what the captures held."""
    assert leaks(dump(), {"marker": MARKER}) == []
    held = [entry.get()["Body"].read() for entry in objects._storage().bucket.objects.all()]
    assert len(held) > len(WORST) / 2
    assert not any(MARKER.encode() in content for content in held)
    assert not any(magic in content for content in held for magic in (*MAGICS, b"PK\3\4", b"ply\n"))
    assert_hidden(said.text)
    with practice_scope(practice.pk):
        assert_hidden(repr(list(Entry.objects.values())))


def assert_converts(scan: Scan) -> None:
    report_of(scan)
    with practice_scope(scan.practice_id):
        scan.refresh_from_db()
    assert (scan.state, scan.last_error) == (Scan.State.READY, "")


def test_the_cluster_s_worst_is_set_aside_and_a_good_scan_comes_through(
    practice: Practice,
    cluster: IsemecoStandIn,
    small_capture: Capture,
    said: pytest.LogCaptureFixture,
) -> None:
    for name, (recording, _) in list(WORST.items())[::2]:
        cluster.add_scan(recording, scan_id=name, first_name=MARKER)
    connection = connect_to(cluster, practice)
    assert_set_aside(discover(connection))
    cluster.add_scan(small_capture, scan_id="good")
    assert_converts(discover(connection)[-1])
    assert_nothing_in_clear(practice, said)


def test_a_folder_s_worst_is_set_aside_and_a_good_export_comes_through(
    practice: Practice,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    small_capture: Capture,
    said: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(folder_source, "QUIET_SECONDS", 0.0)
    settings.SCAN_FOLDERS = tmp_path
    exports = tmp_path / "scanner"
    exports.mkdir()
    with practice_scope(practice.pk):
        connection = watch(practice=practice, folder=exports.name, exports=Connection.Exports.KEEP)
    inside = list(WORST.items())[1::2]
    for number, (name, (recording, _)) in enumerate(inside):
        export_capture(
            recording,
            exports,
            scan_id=name,
            zipped=bool(number % 2),
            first_name=MARKER,
            more={"birth_date": MARKER},
        )
    for name, case in DOORSTEP.items():
        (exports / f"{name}.zip").write_bytes(ARCHIVES[case].build())
    for name, build in (("root", link_to_root), ("many", many_folders)):
        build(export_capture(small_capture, exports, scan_id=name))
    os.mkfifo(exports / "pipe.zip")

    found = discover(connection)
    assert sorted(scan.scan_identifier for scan in found) == sorted(name for name, _ in inside)
    assert_set_aside(found)
    failed = exports / "failed"
    assert {path.stem for path in failed.glob("*.txt")} == {
        *(f"{name}.zip" for name in DOORSTEP),
        "root",
        "many",
    }
    assert_hidden("".join(path.read_text() for path in failed.glob("*.txt")))
    export_capture(small_capture, exports, scan_id="good")
    assert_converts(next(s for s in discover(connection) if s.scan_identifier == "good"))
    assert_nothing_in_clear(practice, said)
