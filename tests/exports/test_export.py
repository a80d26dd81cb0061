"""Everything a practice has as one file: whole, the same from any byte on, kept nowhere."""

import hashlib
import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from audit.chain import OPERATOR, SYSTEM, first_broken
from audit.models import Entry
from audit.words import Action
from dermalia.sealing import objects
from dermalia.sealing.models import ReportKey
from dermalia.tenancy import practice_scope
from exports.domain.expiry import end_expired_exports
from exports.domain.prepare import prepare_export, want_export
from exports.domain.serve import may_resume
from exports.domain.tail import ExportChanged
from exports.enclosed.verify_export import verify
from exports.models import Export, Folder
from onboarding.models import Objection
from practices.models import Practice, User
from reports.domain.restriction import restrict_report
from reports.models import Report
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.models import Asset
from tests.exports.conftest import finished, opened, prepared, taken

TwoReports = tuple[Report, Report]


def erase(report: Report) -> None:
    with practice_scope(report.practice_id):
        request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=OPERATOR)


def saved(data: bytes, folder: Path) -> Path:
    path = folder / "export.zip"
    path.write_bytes(data)
    return path


def test_it_is_exactly_as_long_as_planned_and_any_zip_program_reads_it(
    two_scans: TwoReports, practice: Practice, tmp_path: Path
) -> None:
    export = prepared(practice)
    data = taken(export)
    assert len(data) == export.length
    assert opened(data).testzip() is None
    path, unzip = saved(data, tmp_path), shutil.which("unzip")
    if unzip:
        done = subprocess.run([unzip, "-tq", path], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_each_scan_has_a_folder_with_every_file_of_it(
    two_scans: TwoReports, practice: Practice
) -> None:
    archive = opened(taken(prepared(practice)))
    for number, report in enumerate(two_scans, 1):
        folder = f"reports/{number:06}"
        manifest = json.loads(archive.read(f"{folder}/manifest.json"))
        with practice_scope(practice.pk):
            stored = {bytes(a.sha256 or b"").hex() for a in Asset.objects.filter(scan=report.scan)}
        assert stored <= {file["sha256"] for file in manifest["files"]}
        for file in manifest["files"]:
            content = archive.read(f"{folder}/{file['path']}")
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
        data = json.loads(archive.read(f"{folder}/data.json"))
        assert data["report"]["id"] == str(report.pk)
        assert {"report-de.pdf", "derived/model.glb"} <= {f["path"] for f in manifest["files"]}
    assert data["person"] == {"first_name": None, "email": None, "corrections": []}


def test_what_belongs_to_the_practice_comes_along(report: Report, practice: Practice) -> None:
    archive = opened(taken(prepared(practice)))
    names = set(archive.namelist())
    assert {
        *("README.txt", "LIESMICH.txt", "verify_export.py", "practice.json", "recipients.json"),
        *("instructions.json", "agreements/agreements.json", "cases.jsonl", "deletions.jsonl"),
        *("audit/entries.jsonl", "audit/verify_audit.py", "schema/data.schema.json"),
    } <= names
    assert json.loads(archive.read("practice.json"))["practice"]["name"] == practice.name


def test_objections_to_processors_come_along(practice: Practice, staff_user: User) -> None:
    with practice_scope(practice.pk):
        Objection.objects.create(
            practice=practice,
            service="demo",
            valid_from="2026-01-31",
            kind=Objection.Kind.OBJECTS,
            reason="Demo reason",
            user=staff_user,
            number=1,
        )
    archive = opened(taken(prepared(practice)))
    (told,) = json.loads(archive.read("objections.json"))["objections"]
    assert (told["service"], told["valid_from"]) == ("demo", "2026-01-31")
    assert (told["kind"], told["reason"], told["by"]) == ("objects", "Demo reason", staff_user.pk)


def test_the_log_in_it_is_verified_by_its_own_program(
    report: Report, practice: Practice, tmp_path: Path
) -> None:
    from audit.offline.verify_audit import check

    archive = opened(taken(prepared(practice)))
    archive.extractall(tmp_path)
    good, lines = check(tmp_path / "audit", [], None)
    assert good, lines


def test_from_any_byte_on_it_is_the_same(two_scans: TwoReports, practice: Practice) -> None:
    export = prepared(practice)
    whole = taken(export)
    for share in (0.0001, 0.2, 0.5, 0.8, 0.99999):
        start = int(export.length * share)
        assert taken(export, start) == whole[start:]
        assert taken(export, start, start + 1000) == whole[start : start + 1000]


def test_the_end_alone_is_right_though_nothing_else_was_sent(
    report: Report, practice: Practice
) -> None:
    export = prepared(practice)
    assert export.tail_at is not None
    end = taken(export, export.tail_at)
    assert taken(export)[export.tail_at :] == end


def test_preparing_goes_on_where_a_slice_ended(two_scans: TwoReports, practice: Practice) -> None:
    with practice_scope(practice.pk):
        export = want_export(practice_id=practice.pk, user=None)
    prepare_export(practice_id=practice.pk, export_id=export.pk, seconds=0)
    with practice_scope(practice.pk):
        export.refresh_from_db()
        assert (export.state, export.folders, export.of_folders) == ("preparing", 1, 2)
    ready = finished(export, seconds=0)
    assert ready.folders == 2
    assert opened(taken(ready)).testzip() is None


def test_what_comes_later_is_not_in_it(report: Report, practice: Practice) -> None:
    with practice_scope(practice.pk):
        Export.objects.all().delete()
        export = want_export(practice_id=practice.pk, user=None)
        Export.objects.filter(pk=export.pk).update(as_of=timezone.now() - timedelta(days=1))
    assert finished(export).folders == 0


def test_what_was_erased_before_it_is_sent_is_not_in_it(
    two_scans: TwoReports, practice: Practice, tmp_path: Path
) -> None:
    export = prepared(practice)
    whole = taken(export)
    erase(two_scans[0])
    data = taken(export)
    assert len(data) == len(whole)
    archive = opened(data)
    assert not [name for name in archive.namelist() if name.startswith("reports/000001")]
    found = verify(saved(data, tmp_path))
    assert (found.whole, found.folders, found.erased) == (True, 1, 1)
    with practice_scope(practice.pk):
        first = Folder.objects.get(export=export, number=0)
        second = Folder.objects.get(export=export, number=2)
    gone = data[first.position + first.length : second.position]
    assert gone == bytes(len(gone))


def test_nothing_of_an_erased_report_is_left_in_the_plan(
    two_scans: TwoReports, practice: Practice
) -> None:
    prepared(practice)
    key_id = two_scans[0].scan.key_id
    erase(two_scans[0])
    with practice_scope(practice.pk):
        assert list(Folder.objects.order_by("number").values_list("number", flat=True)) == [0, 2]
        assert not ReportKey.objects.filter(pk=key_id).exists()


def test_a_reader_who_has_the_list_of_contents_already_begins_again_after_an_erasure(
    two_scans: TwoReports, practice: Practice
) -> None:
    export = prepared(practice)
    taken(export)
    erase(two_scans[0])
    with practice_scope(practice.pk):
        export.refresh_from_db()
        assert export.tail_at is not None
        assert may_resume(export, export.tail_at)
        assert not may_resume(export, export.tail_at + 1)


def test_an_erasure_while_the_list_is_sent_breaks_it_off(
    two_scans: TwoReports, practice: Practice
) -> None:
    from exports.domain.serve import send

    export = prepared(practice)
    taken(export)
    assert export.tail_at is not None
    sending = send(export, who=OPERATOR, start=export.tail_at, stop=export.length)
    next(sending)
    erase(two_scans[1])
    with pytest.raises(ExportChanged):
        list(sending)


def test_a_file_that_is_lost_leaves_blanks_and_is_named(
    report: Report, practice: Practice, tmp_path: Path
) -> None:
    export = prepared(practice)
    with practice_scope(practice.pk):
        model = Asset.objects.get(scan=report.scan, kind="model")
    objects.delete_prefix(model.object_name.split("/")[0])
    data = taken(export)
    assert len(data) == export.length
    found = verify(saved(data, tmp_path))
    lost = "reports/000001/derived/model.glb could not be had when the export was made"
    assert lost in found.problems


def test_every_access_is_in_the_log(
    two_scans: TwoReports, practice: Practice, staff_user: User
) -> None:
    export = prepared(practice, staff_user)
    taken(export)
    with practice_scope(practice.pk):
        for report in two_scans:
            assert Entry.objects.filter(
                action=Action.SCAN_EXPORTED, object_id=report.scan_id
            ).exists()
        told = Entry.objects.filter(object_id=export.pk).order_by("sequence")
        assert [entry.action for entry in told] == [
            *(Action.EXPORT_WANTED, Action.EXPORT_PREPARED, Action.EXPORT_PREPARED),
            *(Action.EXPORT_TAKEN, Action.EXPORT_PREPARED),
        ]
        assert first_broken() is None


def test_that_it_was_taken_in_full_is_remembered(report: Report, practice: Practice) -> None:
    export = prepared(practice)
    taken(export, 0, export.length - 1)
    with practice_scope(practice.pk):
        export.refresh_from_db()
    assert export.delivered_at is None
    taken(export, export.length - 1)
    with practice_scope(practice.pk):
        export.refresh_from_db()
    assert export.delivered_at is not None


def test_a_restricted_report_is_in_it_and_says_so(report: Report, practice: Practice) -> None:
    with practice_scope(practice.pk):
        restrict_report(report=report, reason=Report.Restriction.CLAIMS, who=SYSTEM)
    archive = opened(taken(prepared(practice)))
    data = json.loads(archive.read("reports/000001/data.json"))
    assert data["report"]["restriction"] == "claims"


def test_no_document_is_made_of_a_restricted_report(report: Report, practice: Practice) -> None:
    with practice_scope(practice.pk):
        restrict_report(report=report, reason=Report.Restriction.CLAIMS, who=SYSTEM)
    manifest = json.loads(opened(taken(prepared(practice))).read("reports/000001/manifest.json"))
    assert manifest["missing"] == [{"path": "report-de.pdf", "why": "restricted"}]
    assert "original" in {file["path"].split("/")[0] for file in manifest["files"]}


def test_a_new_one_drops_the_one_before(report: Report, practice: Practice) -> None:
    first = prepared(practice)
    second = prepared(practice)
    with practice_scope(practice.pk):
        assert [row.pk for row in Export.objects.all()] == [second.pk]
        assert not Folder.objects.filter(export_id=first.pk).exists()


def test_it_ends_by_the_clock_and_leaves_nothing(report: Report, practice: Practice) -> None:
    export = prepared(practice)
    assert end_expired_exports(practice_id=practice.pk) == 0
    with practice_scope(practice.pk):
        Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert end_expired_exports(practice_id=practice.pk) == 1
    with practice_scope(practice.pk):
        assert not Export.objects.exists()
        assert not Folder.objects.exists()
        assert Entry.objects.filter(action=Action.EXPORT_ENDED, object_id=export.pk).exists()


def test_the_plan_holds_nothing_of_a_person_in_clear(report: Report, practice: Practice) -> None:
    prepared(practice)
    with practice_scope(practice.pk), connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(f)::text, f.plan FROM exports_folder f")
        rows = cursor.fetchall()
    assert len(rows) == 2
    for text, plan in rows:
        for secret in ("Testperson", "patient@example.org", report.scan.scan_identifier):
            assert secret not in text
            assert secret.encode() not in bytes(plan)
