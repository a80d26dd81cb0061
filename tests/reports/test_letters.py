"""Sheets to hand over: the link with a code a telephone reads, the access code apart from it."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from audit.chain import OPERATOR
from audit.models import Entry
from dermalia.qr import qr_svg
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice, User
from reports.domain import link_life
from reports.domain.codes import renew_code
from reports.models import Report
from scans.models import Connection
from tests.conftest import link_in_mail
from tests.reports.rows import add_row

URL = "https://report.example.org/de/r/" + "A" * 25 + "/"


@pytest.fixture
def staff(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


def sheet(client: Client, name: str, report: Report) -> tuple[int, str]:
    answer = client.get(reverse(f"reports:{name}", args=[report.scan_id]))
    return answer.status_code, answer.content.decode()


def test_the_code_is_a_picture_of_squares_on_white_that_loads_nothing() -> None:
    svg = qr_svg(URL)
    assert svg.startswith("<svg")
    assert "http" not in svg.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "white" in svg or "#fff" in svg
    assert not re.search(r"\sstyle=|<style|<script", svg)
    assert qr_svg(URL) != qr_svg(URL + "x")


def test_the_sheet_carries_the_link_that_works(
    staff: Client, report: Report, mailbox: ResendStandIn
) -> None:
    status, html = sheet(staff, "scan_letter", report)
    assert status == 200
    assert link_in_mail(report, mailbox) in html
    assert "<svg" in html
    assert "Testperson Ä" in html


def test_the_sheet_is_in_the_patient_s_language(staff: Client, report: Report) -> None:
    with practice_scope(report.practice_id):
        Report.objects.update(language="en")
    assert "Your personal link" in sheet(staff, "scan_letter", report)[1]


def test_of_a_link_that_is_off_there_is_no_sheet(staff: Client, report: Report) -> None:
    with practice_scope(report.practice_id):
        link_life.revoke_link(report=report, who=OPERATOR)
    assert sheet(staff, "scan_letter", report)[0] == 404


def test_link_and_code_stand_on_different_sheets(
    staff: Client, report: Report, mailbox: ResendStandIn
) -> None:
    assert sheet(staff, "scan_code_letter", report)[0] == 404
    with practice_scope(report.practice_id):
        Practice.objects.update(access_code=True)
        renew_code(report=Report.objects.select_related("scan").get(), who=OPERATOR)
    path = link_in_mail(report, mailbox)
    status, html = sheet(staff, "scan_code_letter", report)
    code = re.search(r"<code>([A-Z0-9]{4}-[A-Z0-9]{4})</code>", html)
    assert status == 200
    assert code is not None
    assert path not in html
    assert code[1] not in sheet(staff, "scan_letter", report)[1]
    assert code[1] not in (mailbox.mails[0].text or "")


def test_a_sheet_leads_back_and_says_so_in_the_language_of_staff(
    staff: Client, report: Report
) -> None:
    page = staff.get(f"/en/scans/{report.scan_id}/letter/").content.decode()
    assert f'href="/en/scans/{report.scan_id}/"' in page
    assert ">Print</button>" in page
    assert '<html lang="de">' in page


def test_the_links_of_several_are_printed_a_sheet_each_and_what_has_none_is_named(
    staff: Client, report: Report, mailbox: ResendStandIn, account: Connection
) -> None:
    with practice_scope(report.practice_id):
        draft = add_row(account, "S-draft", report={"purpose": ""})
        before = Entry.objects.filter(action="letter.printed").count()
    chosen = {"scan": [str(report.scan_id), str(draft.pk), str(uuid4())]}
    page = staff.get("/en/scans/letters/", chosen).content.decode()
    assert "1 sheet<" in page
    assert "S-draft" in page
    assert page.count('<article class="sheet" lang="de">') == 1
    assert link_in_mail(report, mailbox) in page
    assert "Hallo Testperson Ä" in page
    with practice_scope(report.practice_id):
        assert Entry.objects.filter(action="letter.printed").count() == before + 1


def test_the_links_of_none_lead_back_to_the_list(staff: Client) -> None:
    for chosen in ({}, {"scan": ["no id"]}):
        answer = staff.get("/en/scans/letters/", chosen)
        assert answer.status_code == 302
