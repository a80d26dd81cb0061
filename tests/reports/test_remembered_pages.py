"""A page that was rendered a moment ago is shown again, and never one that is no longer true."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from audit.access import record_access
from audit.chain import SYSTEM
from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain.links import disable
from reports.models import Report
from reports.views import patient
from reports.views.remembered import Page, RememberedPages
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.domain.identity import correct_identity


def viewed(report: Report) -> int:
    with practice_scope(report.practice_id):
        return Entry.objects.filter(action=Action.REPORT_VIEWED).count()


def test_looking_again_within_a_minute_is_one_access(
    opened: Client, link: str, report: Report
) -> None:
    first, *others = (opened.get(link) for _ in range(4))
    assert {answer.content for answer in others} == {first.content}
    assert viewed(report) == 1


def test_after_a_minute_it_is_another(opened: Client, link: str, report: Report) -> None:
    opened.get(link)
    patient.PAGES.forget()
    opened.get(link)
    assert viewed(report) == 2


def test_each_language_is_a_page_of_its_own(opened: Client, link: str) -> None:
    german, english = (opened.get(link.replace("/de/", f"/{code}/")) for code in ("de", "en"))
    assert german.content != english.content
    assert opened.get(link).content == german.content


def test_somebody_without_the_cookie_is_shown_the_gate(opened: Client, link: str) -> None:
    opened.get(link)
    assert b"viewer-config" not in Client().get(link).content


def the_practice_changes(report: Report) -> None:
    with transaction.atomic():  # rows of one transaction cannot be told apart
        Practice.objects.filter(pk=report.practice_id).update(phone="+49 30 5550199")


def the_report_changes(report: Report) -> None:
    with practice_scope(report.practice_id):
        due = timezone.now().date() + timedelta(days=77)
        Report.objects.filter(pk=report.pk).update(due_on=due)


def the_scan_changes(report: Report) -> None:
    with practice_scope(report.practice_id):
        type(report.scan).objects.filter(pk=report.scan_id).update(device_model="Other")


def the_name_is_corrected(report: Report) -> None:
    with practice_scope(report.practice_id):
        access = record_access(Action.SCAN_VIEWED, who=SYSTEM, object_id=report.scan_id)
        correct_identity(scan=report.scan, first_name="Anders", email="", who=SYSTEM, access=access)


@pytest.mark.parametrize(
    "change",
    [the_practice_changes, the_report_changes, the_scan_changes, the_name_is_corrected],
)
def test_a_change_is_seen_at_once(
    opened: Client, link: str, report: Report, change: Callable[[Report], None]
) -> None:
    before = opened.get(link).content
    change(report)
    after = opened.get(link).content
    assert after != before
    assert opened.get(link).content == after
    assert viewed(report) == 2


def it_is_erased(report: Report) -> None:
    request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=SYSTEM)


def it_is_due(report: Report) -> None:
    yesterday = timezone.now().date() - timedelta(days=1)
    Report.objects.filter(pk=report.pk).update(due_on=yesterday)


def it_is_taken_back(report: Report) -> None:
    Report.objects.filter(pk=report.pk).update(state=Report.State.DRAFT)


def it_is_restricted(report: Report) -> None:
    Report.objects.filter(pk=report.pk).update(restricted_at=timezone.now())


def its_link_is_replaced(report: Report) -> None:
    disable(report_id=report.pk)


@pytest.mark.parametrize(
    "end", [it_is_erased, it_is_due, it_is_taken_back, it_is_restricted, its_link_is_replaced]
)
def test_what_may_not_be_shown_any_more_is_not(
    opened: Client, link: str, report: Report, end: Callable[[Report], None]
) -> None:
    assert opened.get(link).status_code == 200
    with practice_scope(report.practice_id):
        end(report)
    answer = opened.get(link)
    assert answer.status_code == 410
    assert b"viewer-config" not in answer.content


def page(number: int) -> Page:
    return Page(b"%d" % number, practice_id=1, state="1 2 3")


def test_only_so_many_pages_are_kept_and_only_for_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = RememberedPages(seconds=60, size=2)
    for number in range(3):
        pages.put((b"%d" % number, "de"), page(number))
    assert [pages.get((b"%d" % number, "de")) is None for number in range(3)] == [
        True,
        False,
        False,
    ]
    later = page(0).made_at + 61
    monkeypatch.setattr("reports.views.remembered.time.monotonic", lambda: later)
    assert pages.get((b"2", "de")) is None
    assert not pages._pages
