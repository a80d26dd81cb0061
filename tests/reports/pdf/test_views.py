"""Who may take the document with them, and what their browser is told about it."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from audit.chain import OPERATOR, PATIENT
from audit.models import Entry
from audit.words import Action, Actor
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from dermalia.tenancy.scope import in_scope
from practices.models import Practice, User
from reports.models import Report, Tally
from reports.pdf import ErrorCode, PdfError, cache
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.models import Asset, Scan
from tests.conftest import link_in_mail


@pytest.fixture
def link(report: Report, mailbox: ResendStandIn) -> str:
    return link_in_mail(report, mailbox)


@pytest.fixture(autouse=True)
def is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "typeset", lambda source: b"%PDF-1.7 " + source.html.encode())


def test_the_patient_gets_it_once_the_report_is_opened(client: Client, link: str) -> None:
    assert client.get(f"{link}pdf").status_code == 403
    client.post(link)
    answer = client.get(f"{link}pdf")
    body = answer.getvalue()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Length"] == str(len(body))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Testperson Ä" in body.decode()


def test_its_language_is_that_of_the_address(client: Client, link: str) -> None:
    client.post(link)
    texts = [client.get(f"{path}pdf").getvalue() for path in (link, link.replace("/de/", "/en/"))]
    assert [b"<h1>Hallo " in text for text in texts] == [True, False]
    assert [b"<h1>Hello " in text for text in texts] == [False, True]


def test_its_name_says_neither_who_nor_what(client: Client, link: str, report: Report) -> None:
    client.post(link)
    answer = client.get(f"{link}pdf")
    assert report.scan.captured_at is not None
    day = f"{localtime(report.scan.captured_at):%Y-%m-%d}"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="Dokument-{day}.pdf"'


def test_taking_it_is_on_record(client: Client, link: str, report: Report) -> None:
    client.post(link)
    client.get(f"{link}pdf").getvalue()
    with practice_scope(report.practice_id):
        entry = Entry.objects.filter(action=Action.FILE_VIEWED).latest("sequence")
    assert (entry.actor, entry.object_id) == (PATIENT.role, report.pk)


@pytest.mark.parametrize(("counts", "expected"), [(True, [1]), (False, [])])
def test_it_is_counted_where_the_practice_counts(
    client: Client, link: str, report: Report, counts: bool, expected: list[int]
) -> None:
    Practice.objects.filter(pk=report.practice_id).update(counts_use=counts)
    client.post(link)
    client.get(f"{link}pdf").getvalue()
    with practice_scope(report.practice_id):
        taken = Tally.objects.filter(what=Tally.What.PDF).values_list("number", flat=True)
        assert list(taken) == expected


def test_an_erased_report_has_none(client: Client, link: str, report: Report) -> None:
    client.post(link)
    with practice_scope(report.practice_id):
        scan = Scan.objects.get(pk=report.scan_id)
        request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
    assert client.get(f"{link}pdf").status_code == 410


def test_an_unknown_link_has_none(client: Client, link: str) -> None:
    another = f"{link[:-2]}{'y' if link[-2] == 'x' else 'x'}/"
    assert client.get(f"{another}pdf").status_code == 404


def test_staff_hand_out_what_the_patient_sees(
    client: Client, staff_user: User, report: Report
) -> None:
    client.force_login(staff_user)
    answer = client.get(reverse("reports:scan_pdf", args=[report.scan_id]))
    assert b"<h1>Hallo Testperson" in answer.getvalue()
    with practice_scope(report.practice_id):
        entry = Entry.objects.filter(action=Action.FILE_VIEWED).latest("sequence")
        assert Asset.objects.filter(kind=Asset.Kind.PDF).count() == 1
    assert (entry.actor, entry.actor_id) == (Actor.STAFF, staff_user.pk)


def test_a_scan_that_is_not_ready_has_none(
    client: Client, staff_user: User, report: Report
) -> None:
    with practice_scope(report.practice_id):
        Scan.objects.filter(pk=report.scan_id).update(state=Scan.State.STORED)
    client.force_login(staff_user)
    assert client.get(reverse("reports:scan_pdf", args=[report.scan_id])).status_code == 404


def test_what_cannot_be_made_is_a_passing_trouble(
    client: Client, link: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> bytes:
        raise PdfError(ErrorCode.TIMEOUT, where="the clock")

    monkeypatch.setattr(cache, "typeset", fail)
    client.post(link)
    answer = client.get(f"{link}pdf")
    assert answer.status_code == 503
    assert "the clock" in caplog.text
    assert "Testperson" not in caplog.text


def test_no_transaction_is_open_while_it_is_typeset(
    client: Client, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open one would hold the practice's log for as long."""
    scopes: list[bool] = []

    def note(_: object) -> bytes:
        scopes.append(in_scope())
        return b"%PDF-1.7 "

    monkeypatch.setattr(cache, "typeset", note)
    client.post(link)
    client.get(f"{link}pdf").getvalue()
    assert scopes == [False]
