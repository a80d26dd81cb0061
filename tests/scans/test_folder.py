"""From a watched folder to a ready scan: never twice, never lost, never what was erased."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from audit.access import record_access
from audit.chain import SYSTEM
from audit.models import Entry
from audit.words import Action, Count
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import export_capture
from dermalia.sealing import objects
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from practices.models import Practice
from scans.domain.discover import discover_scans
from scans.domain.pull import pull_scan, raw_name
from scans.domain.sources import watch
from scans.domain.tombstones import bury
from scans.models import Asset, Connection, Identity, Scan
from tests.conftest import discover, report_of
from tests.scans.exports import MESH, RECORDING, entry, rewrite


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def look(connection: Connection) -> Connection:
    """Discover once, whether or not the connection rests."""
    with practice_scope(connection.practice_id):
        Connection.objects.update(rests_until=None)
    discover_scans(practice_id=connection.practice_id, connection_id=connection.pk)
    with practice_scope(connection.practice_id):
        return Connection.objects.get(pk=connection.pk)


def pulled(scan: Scan) -> Scan:
    with practice_scope(scan.practice_id):
        Scan.objects.filter(pk=scan.pk).update(next_attempt_at=timezone.now())
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    with practice_scope(scan.practice_id):
        return Scan.objects.get(pk=scan.pk)


def note_in(folder: Path) -> str:
    (note,) = (folder / "failed").glob("*.txt")
    return note.read_text()


@pytest.mark.parametrize("zipped", [False, True])
def test_an_export_becomes_a_report_and_moves_to_done(
    watched: Connection, exports: Path, small_capture: Capture, zipped: bool
) -> None:
    path = export_capture(
        small_capture,
        exports,
        scan_id="scan-1",
        zipped=zipped,
        first_name="Testperson Ä",
        email="patient@example.org",
    )
    files = [path.name] if zipped else [f"{path.name}/{name}" for name in contents(path)]
    (scan,) = discover(watched)
    assert report_of(scan).scan_id == scan.pk
    assert look(watched).last_error == ""
    assert names_in(exports) == sorted(f"done/{name}" for name in files)
    assert len(discover(watched)) == 1


def test_until_it_is_stored_an_export_stays_where_it_is(watched: Connection, exports: Path) -> None:
    path = export_capture(RECORDING, exports, scan_id="scan-1")
    discover(watched)
    look(watched)
    assert path.exists()


def test_a_practice_may_have_exports_deleted_once_the_sealed_copy_opens(
    watched: Connection, exports: Path
) -> None:
    with practice_scope(watched.practice_id):
        Connection.objects.update(exports=Connection.Exports.DELETE)
    export_capture(RECORDING, exports, scan_id="scan-1")
    pulled(discover(watched)[0])
    look(watched)
    assert names_in(exports) == []
    with practice_scope(watched.practice_id):
        assert Entry.objects.filter(action=Action.COPY_VERIFIED).count() == 1


@pytest.mark.parametrize("harm", ["more files than named", "damaged copy"])
def test_what_is_not_safely_stored_is_never_deleted(
    watched: Connection, exports: Path, harm: str
) -> None:
    with practice_scope(watched.practice_id):
        Connection.objects.update(exports=Connection.Exports.DELETE)
    path = export_capture(RECORDING, exports, scan_id="scan-1")
    if harm == "more files than named":
        (path / "report.pdf").write_bytes(b"%PDF")
    scan = pulled(discover(watched)[0])
    if harm == "damaged copy":
        with practice_scope(scan.practice_id):
            asset = Asset.objects.filter(scan=scan).first()
        assert asset is not None
        stored = objects._storage().bucket.Object(asset.object_name)
        sealed = stored.get()["Body"].read()
        stored.put(Body=sealed[:-1] + bytes([sealed[-1] ^ 1]))
    look(watched)
    assert {"done/scan-1/face.obj", "done/scan-1/skin.jpg"} <= set(names_in(exports))


def test_an_erased_scan_is_never_taken_in_again(watched: Connection, exports: Path) -> None:
    export_capture(RECORDING, exports, scan_id="scan-1")
    scan = pulled(discover(watched)[0])
    with practice_scope(watched.practice_id):
        bury(scan=scan)
        for rows in (Asset, Identity, Scan):
            rows.objects.all().delete()
    assert discover(watched) == []
    assert names_in(exports) == [
        "failed/scan-1.txt",
        "failed/scan-1/face.obj",
        "failed/scan-1/manifest.json",
        "failed/scan-1/skin.jpg",
    ]


def test_a_second_export_of_the_same_scan_is_recognised(watched: Connection, exports: Path) -> None:
    export_capture(RECORDING, exports, scan_id="scan-1")
    pulled(discover(watched)[0])
    look(watched)
    export_capture(RECORDING, exports, scan_id="scan-1")
    assert len(discover(watched)) == 1
    assert len(list((exports / "done").iterdir())) == 2
    assert not (exports / "scan-1").exists()


def test_another_scan_of_a_known_number_is_set_aside(watched: Connection, exports: Path) -> None:
    export_capture(RECORDING, exports, scan_id="scan-1")
    pulled(discover(watched)[0])
    look(watched)
    path = export_capture(RECORDING, exports, scan_id="scan-1")
    (path / "face.obj").write_bytes(MESH * 2)
    rewrite(path, assets=[entry("face.obj", MESH * 2)])
    look(watched)
    assert (exports / "failed" / "scan-1" / "face.obj").read_bytes() == MESH * 2
    assert note_in(exports)


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_refused_export_lies_beside_a_sentence_in_the_practice_s_language(
    watched: Connection, exports: Path, practice: Practice, language: str
) -> None:
    Practice.objects.update(language=language)
    path = export_capture(RECORDING, exports, scan_id="scan-1")
    (path / "skin.jpg").unlink()
    (path / "skin.jpg").symlink_to("/etc/passwd")
    assert discover(watched) == []
    assert (exports / "failed" / "scan-1" / "face.obj").read_bytes() == MESH
    english = note_in(exports) == "The export holds a link, a device or a pipe.\n"
    assert english == (language == "en")


def test_a_folder_that_cannot_be_written_to_leaves_everything_where_it_is(
    watched: Connection, exports: Path
) -> None:
    export_capture(RECORDING, exports, scan_id="scan-1")
    (exports / "done").write_text("in the way")
    assert pulled(discover(watched)[0]).state == Scan.State.STORED
    assert "written" in look(watched).last_error
    assert (exports / "scan-1" / "face.obj").exists()


def test_a_folder_that_is_gone_is_told_of_and_loses_nothing(
    watched: Connection, exports: Path
) -> None:
    export_capture(RECORDING, exports, scan_id="scan-1")
    (scan,) = discover(watched)
    exports.rename(exports.with_name("unmounted"))
    assert "not there" in look(watched).last_error
    failed = pulled(scan)
    assert failed.last_error
    assert failed.quarantined_at is None
    exports.with_name("unmounted").rename(exports)
    assert pulled(scan).state == Scan.State.STORED
    assert look(watched).last_error == ""


def test_an_export_that_changes_between_two_attempts_is_not_mixed(
    watched: Connection, exports: Path
) -> None:
    path = export_capture(RECORDING, exports, scan_id="scan-1")
    (scan,) = discover(watched)
    with practice_scope(scan.practice_id):
        key = unlock(scan.key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))
        for name, data in (("face.obj", MESH), ("gone.jpg", b"x")):
            Asset.objects.create(
                practice_id=scan.practice_id,
                scan=scan,
                origin="raw",
                kind="mesh",
                name=raw_name(key, name),
                label=Sealing(key, name),
                media_type="model/obj",
                bytes=len(data),
                sha256=b"of another day" + bytes(18),
                object_name=objects.new_name(scan.prefix),
                stored_at=timezone.now(),
            )
    assert pulled(scan).state == Scan.State.STORED
    with practice_scope(scan.practice_id):
        sizes = {asset.called(key): asset.bytes for asset in Asset.objects.all()}
    assert sizes == {file.name: len(file.data) for file in RECORDING.files}
    assert path.exists()


def test_keys_outside_the_allow_list_are_counted(watched: Connection, exports: Path) -> None:
    more = {"birth_date": "1970-01-01", "insurance": {"number": "A1", "company": "B"}}
    export_capture(RECORDING, exports, scan_id="scan-1", more=more)
    pulled(discover(watched)[0])
    with practice_scope(watched.practice_id):
        entry = Entry.objects.get(action=Action.SCAN_PULLED)
    assert entry.counts[Count.DROPPED] == 4


# Who may watch what


@pytest.mark.parametrize("name", ["", "..", "/etc", "a/b", "a\\b", ".hidden", "x" * 65])
@pytest.mark.usefixtures("scope")
def test_only_a_plain_name_below_the_folder_of_all_exports_is_watched(
    practice: Practice, name: str
) -> None:
    with pytest.raises(ValueError, match="plain name"):
        watch(practice=practice, folder=name, exports=Connection.Exports.KEEP)


def test_no_two_practices_watch_one_folder(watched: Connection, other_practice: Practice) -> None:
    with pytest.raises(IntegrityError), practice_scope(other_practice.pk):
        watch(practice=other_practice, folder=watched.folder, exports=Connection.Exports.KEEP)


def test_a_machine_without_a_folder_of_exports_watches_none(
    watched: Connection, settings: Any
) -> None:
    settings.SCAN_FOLDERS = None
    assert "no folder" in look(watched).last_error


def test_the_note_holds_no_json(watched: Connection, exports: Path) -> None:
    """What a manifest says of a person stays out of the sentence about it."""
    path = export_capture(RECORDING, exports, scan_id="scan-1")
    rewrite(path, patient={"first_name": "Testperson Ä" * 20, "email": "patient@example.org"})
    discover(watched)
    note = note_in(exports)
    assert "Testperson" not in note
    assert json.loads((exports / "failed/scan-1/manifest.json").read_text())
