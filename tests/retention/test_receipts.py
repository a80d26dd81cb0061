"""The receipt: what went, when and why, for people and programs, and nothing about anybody."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.dateformat import format as date_format
from pytest_django import Settings

from audit.chain import OPERATOR, first_broken
from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.models import Practice, User
from reports.domain.due import BERLIN
from reports.models import Case, Report
from reports.pdf import typeset
from retention.domain.erase import complete_erasure, request_erasure
from retention.domain.receipt import as_data, as_json, as_source, receipt_of
from retention.models import Erasure
from retention.queries import PAGE, batch, erasures
from scans.models import Connection, Scan
from tests.reports.pdf.reader import Pdf
from tests.retention.rows import add_reports


def erase(report: Report, *, complete: bool = True) -> Erasure:
    with practice_scope(report.practice_id):
        erasure = request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
    if complete:
        complete_erasure(practice_id=report.practice_id, erasure_id=erasure.pk)
    return erasure


def test_it_says_what_went_and_which_entry_of_the_log_tells_of_it(report: Report) -> None:
    erasure = erase(report)
    with practice_scope(report.practice_id):
        data = as_data(receipt_of(Erasure.objects.select_related("practice").get(pk=erasure.pk)))
        entry = Entry.objects.get(action=Action.ERASURE_VERIFIED)
        assert first_broken() is None
    assert data["state"] == "verified"
    assert data["log"] == {"sequence": entry.sequence, "sha256": bytes(entry.hash).hex()}
    assert data["due"] == {"on": report.due_on.isoformat(), "rule": "aesthetic"}
    assert data["erased"]["files"]["model"] == 1
    assert data["erased"]["rows"]["reports.Report"] == 1
    assert data["erased"]["rows"]["reports.Delivery"] == 1
    assert sum(data["erased"]["files"].values()) == data["erased"]["objects"]
    assert data["seconds"] >= 0


def test_it_holds_nothing_of_the_person(report: Report) -> None:
    identifier = report.scan.scan_identifier
    erasure = erase(report)
    with practice_scope(report.practice_id):
        found = receipt_of(Erasure.objects.select_related("practice").get(pk=erasure.pk))
    said = as_json(found).decode() + as_source(found, language="de").html
    for text in ("Testperson", "patient@", identifier, erasure.prefix):
        assert text not in said


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_document_is_one_page_and_carries_its_data(report: Report, language: str) -> None:
    erasure = erase(report)
    with practice_scope(report.practice_id):
        found = receipt_of(Erasure.objects.select_related("practice").get(pk=erasure.pk))
    source = as_source(found, language=language)
    document = typeset(source)
    pdf = Pdf(document)
    assert len(pdf.pages) == 1
    with translation.override(language):
        assert translation.gettext("Erasure receipt") in pdf.text
    (attached,) = pdf.of_type("Filespec")
    assert json.loads(pdf[attached["EF"]["F"]].data) == as_data(found)
    assert typeset(as_source(found, language=language)) == document


def test_before_it_is_verified_it_claims_no_more_than_is_true(report: Report) -> None:
    erasure = erase(report, complete=False)
    with practice_scope(report.practice_id):
        found = receipt_of(Erasure.objects.select_related("practice").get(pk=erasure.pk))
        entry = Entry.objects.get(action=Action.ERASURE_REQUESTED)
    data = as_data(found)
    assert (data["state"], data["verified_at"], data["seconds"]) == ("requested", None, None)
    assert data["log"]["sha256"] == bytes(entry.hash).hex()
    assert "not verified yet" in as_source(found, language="en").html


def test_what_a_person_asked_for_is_the_reason(report: Report) -> None:
    with practice_scope(report.practice_id):
        Case.objects.create(
            practice_id=report.practice_id,
            report=report,
            kind=Case.Kind.ERASURE,
            opened_by=Case.OpenedBy.PATIENT,
            due_on=report.due_on,
        )
    assert erase(report).reason == Erasure.Reason.PERSON


def test_staff_take_it_as_document_and_data_and_the_log_knows(
    client: Client, staff_user: User, report: Report
) -> None:
    erasure = erase(report)
    client.force_login(staff_user)
    data = client.get(reverse("retention:receipt_json", args=[erasure.pk]))
    assert json.loads(data.content)["number"] == str(erasure.pk)
    document = client.get(reverse("retention:receipt_pdf", args=[erasure.pk]))
    assert document.headers["Content-Type"] == "application/pdf"
    assert document.content.startswith(b"%PDF-1.7")
    assert "attachment" in document.headers["Content-Disposition"]
    with practice_scope(report.practice_id):
        assert Entry.objects.filter(action=Action.RECEIPT_TAKEN).count() == 2


def test_the_list_goes_on_where_a_page_ended(
    client: Client, staff_user: User, account: Connection, practice: Practice
) -> None:
    ids = add_reports(account, PAGE + 1, due_in=5)
    with practice_scope(practice.pk):
        for scan in Scan.objects.filter(pk__in=ids):
            request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
        oldest = erasures().last()
    client.force_login(staff_user)
    assert oldest is not None
    first = client.get("/en/erasures/")
    assert first.content.decode().count("/en/erasures/") >= PAGE
    assert str(oldest.pk) not in first.content.decode()
    following = client.get(first.context["next_url"]).content.decode()
    assert str(oldest.pk) in following
    assert client.get("/en/erasures/?after=nonsense").status_code == 200


def test_those_erased_together_are_followed_together(
    client: Client, staff_user: User, account: Connection, practice: Practice
) -> None:
    ids, together = add_reports(account, 3, due_in=5), uuid4()
    with practice_scope(practice.pk):
        for scan in Scan.objects.filter(pk__in=ids):
            request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=OPERATOR, batch=together)
        first = Erasure.objects.order_by("pk").first()
    assert first is not None
    complete_erasure(practice_id=practice.pk, erasure_id=first.pk)
    client.force_login(staff_user)
    page = client.get(f"/en/erasures/together/{together}/").content.decode()
    assert "1 of 3 are verified" in page
    assert 'hx-trigger="every 2s"' in page
    with practice_scope(practice.pk):
        for erasure in batch(together).erasures:
            complete_erasure(practice_id=practice.pk, erasure_id=erasure.pk)
    page = client.get(f"/en/erasures/together/{together}/").content.decode()
    assert "All of them are gone and verified." in page
    assert "hx-trigger" not in page
    assert client.get(f"/en/erasures/together/{uuid4()}/").status_code == 404


@pytest.mark.parametrize(
    ("reason", "action"),
    [
        (Erasure.Reason.REPLAY, Action.ERASURE_REPLAYED),
        (Erasure.Reason.STAFF, Action.ERASURE_REQUESTED),
    ],
)
def test_the_log_says_what_a_restore_erased_again(
    report: Report, reason: Erasure.Reason, action: Action
) -> None:
    with practice_scope(report.practice_id):
        erasure = request_erasure(scan=report.scan, reason=reason, who=OPERATOR)
        entry = Entry.objects.latest("sequence")
        found = receipt_of(Erasure.objects.select_related("practice").get(pk=erasure.pk))
    assert entry.action == action
    assert found.log_sequence == entry.sequence


def test_it_says_when_the_last_backup_with_key_and_rows_is_gone(
    report: Report, settings: Settings
) -> None:
    settings.BACKUP_KEYSTORE_DAYS, settings.BACKUP_DATA_DAYS = 5, 20
    erasure = erase(report)
    with practice_scope(report.practice_id):
        found = receipt_of(Erasure.objects.select_related("practice").get(pk=erasure.pk))
        html = as_source(found, language="en").html
    day = erasure.requested_at.astimezone(BERLIN).date()
    told = as_data(found)
    assert told["key_left_backups_on"] == (day + timedelta(days=5)).isoformat()
    assert told["rows_left_backups_on"] == (day + timedelta(days=21)).isoformat()
    with translation.override("en"):
        assert date_format(day + timedelta(days=21), "j F Y") in html
