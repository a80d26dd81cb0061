"""All that is stored about a person, as files: whole, and never whole in memory."""

import hashlib
import io
import json
import tracemalloc
from datetime import datetime
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse

from audit.chain import PATIENT, SYSTEM
from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.models import User
from reports.domain.bundle import HARMLESS
from reports.domain.cases import open_case
from reports.domain.restriction import restrict_report
from reports.domain.zipped import Entry as ZipEntry
from reports.domain.zipped import zipped
from reports.models import Case, Report
from scans.models import Asset
from tests.conftest import link_in_mail

NOW = datetime(2026, 5, 26, 12, 30)  # noqa: DTZ001 (a ZIP knows no time zones)


@pytest.fixture
def staff(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


def case_of(report: Report, kind: Case.Kind = Case.Kind.ACCESS) -> Case:
    with practice_scope(report.practice_id):
        return open_case(report=report, kind=kind, who=PATIENT, message="Alles bitte")


def taken(client: Client, case: Case) -> ZipFile:
    answer = client.get(reverse("reports:case_bundle", args=[case.pk]))
    assert answer.headers["Content-Type"] == "application/zip"
    streamed: Any = answer
    return ZipFile(io.BytesIO(b"".join(streamed.streaming_content)))


def test_the_bundle_holds_every_file_and_everything_that_is_known(
    staff: Client, report: Report, mailbox: ResendStandIn
) -> None:
    link = link_in_mail(report, mailbox)
    holder = Client()
    holder.post(link)
    holder.get(link, REMOTE_ADDR="203.0.113.77")
    archive = taken(staff, case_of(report))
    assert archive.testzip() is None
    manifest = json.loads(archive.read("manifest.json"))
    assert {file["path"] for file in manifest["files"]} == {*archive.namelist()} - {"manifest.json"}
    for file in manifest["files"]:
        content = archive.read(file["path"])
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert len(content) == file["bytes"]
    with practice_scope(report.practice_id):
        stored = {bytes(a.sha256 or b"").hex() for a in Asset.objects.filter(scan=report.scan)}
    assert stored <= {file["sha256"] for file in manifest["files"]}
    data = json.loads(archive.read("data.json"))
    assert data["person"] == {
        "first_name": "Testperson Ä",
        "email": "patient@example.org",
        "corrections": [],
    }
    assert data["controller"]["name"] == "Demo practice"
    assert data["visits"][0]["network"] == "203.0.113.0/24"
    assert data["requests"][0]["message"] == "Alles bitte"
    assert data["mails"][0]["sent_at"]
    assert (Action.REPORT_OPENED, "patient") in {(e["action"], e["role"]) for e in data["log"]}
    assert len(json.loads(archive.read("report.json"))["values"]) >= 5


def test_the_bundle_names_no_member_of_staff_and_no_secret(
    staff: Client, report: Report, staff_user: User, mailbox: ResendStandIn
) -> None:
    link = link_in_mail(report, mailbox).rstrip("/").rsplit("/", 1)[1]
    archive = taken(staff, case_of(report))
    text = archive.read("data.json") + archive.read("manifest.json")
    assert staff_user.email.encode() not in text
    assert link.encode() not in text


def test_taking_it_is_entered_in_the_log(staff: Client, report: Report, staff_user: User) -> None:
    case = case_of(report, Case.Kind.PORTABILITY)
    taken(staff, case)
    with practice_scope(report.practice_id):
        entry = Entry.objects.get(action=Action.BUNDLE_TAKEN)
    assert (entry.object_id, entry.actor_id) == (case.pk, staff_user.pk)


def test_only_who_asks_for_their_data_has_it_bundled(staff: Client, report: Report) -> None:
    case = case_of(report, Case.Kind.RECTIFICATION)
    assert staff.get(reverse("reports:case_bundle", args=[case.pk])).status_code == 404


def test_of_a_restricted_report_nothing_is_bundled(staff: Client, report: Report) -> None:
    case = case_of(report)
    with practice_scope(report.practice_id):
        restrict_report(report=report, reason=Report.Restriction.CLAIMS, who=SYSTEM)
    assert staff.get(reverse("reports:case_bundle", args=[case.pk])).status_code == 403


def test_a_large_file_is_never_whole_in_memory() -> None:
    piece = bytes(64 * 1024)
    entries = [ZipEntry("large.bin", (piece for _ in range(1600)))]  # 100 MiB
    tracemalloc.start()
    try:
        length = sum(map(len, zipped(entries, at=NOW)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length > 100 * 1024 * 1024
    assert peak < 2 * 1024 * 1024


def test_a_zip_is_read_as_it_was_written() -> None:
    entries = [ZipEntry("a/ä.txt", [b"x", memoryview(b"yz")]), ZipEntry("empty", [])]
    archive = ZipFile(io.BytesIO(b"".join(zipped(entries, at=NOW))))
    assert archive.testzip() is None
    assert (archive.read("a/ä.txt"), archive.read("empty")) == (b"xyz", b"")
    assert archive.getinfo("empty").date_time == (2026, 5, 26, 12, 30, 0)


@pytest.mark.parametrize(
    "name",
    [
        *("../../etc/passwd", "/etc/passwd", "..\\x.obj", "C:\\x.obj", "a/b.obj", ".hidden.png"),
        *("x\x00.png", "x\n.png", "\u202egnp.exe", "x" * 300 + ".png", "", "noextension"),
    ],
)
def test_a_name_that_could_harm_is_not_taken_over(name: str) -> None:
    assert not HARMLESS.fullmatch(name)


@pytest.mark.parametrize("name", ["scan.obj", "texture_white.jpg", "Aufnahme (2).png"])
def test_an_ordinary_name_is(name: str) -> None:
    assert HARMLESS.fullmatch(name)
