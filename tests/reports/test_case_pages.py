"""The practice's list of requests, the page of one, and who may answer it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.chain import PATIENT, SYSTEM, first_broken
from audit.models import Entry
from audit.words import Action, Actor
from dermalia.tenancy import practice_scope
from practices.models import Practice, User
from reports.domain.cases import (
    close_case,
    open_case,
    settle_cases_of_erased,
)
from reports.models import Case, Report
from retention.domain.erase import request_erasure
from retention.models import Erasure

BERLIN = ZoneInfo("Europe/Berlin")
MESSAGE = "Bitte <b>löschen</b>\nDanke"


def ask(report: Report, kind: Case.Kind = Case.Kind.ACCESS, message: str = "") -> Case:
    with practice_scope(report.practice_id):
        return open_case(report=report, kind=kind, who=PATIENT, message=message)


def again(case: Case) -> Case:
    with practice_scope(case.practice_id):
        return Case.objects.get(pk=case.pk)


@pytest.fixture
def signed_in(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


def test_a_case_outlives_the_report_without_a_word_of_the_person(
    signed_in: Client, report: Report
) -> None:
    case = ask(report, Case.Kind.ERASURE, message=MESSAGE)
    with practice_scope(report.practice_id):
        settle_cases_of_erased(report=report, who=SYSTEM)
        request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=SYSTEM)
        assert first_broken() is None
    left = again(case)
    assert (left.report, left.message, left.state) == (None, None, Case.State.DONE)
    page = signed_in.get(reverse("reports:case_detail", args=[case.pk])).content.decode()
    assert "gelöscht" in page
    assert "Testperson Ä" not in page


def test_a_case_of_an_erased_report_can_still_be_answered(
    signed_in: Client, report: Report
) -> None:
    case = ask(report, Case.Kind.ACCESS, message=MESSAGE)
    with practice_scope(report.practice_id):
        request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=SYSTEM)
    assert signed_in.get(reverse("reports:case_detail", args=[case.pk])).status_code == 200
    answer = signed_in.post(
        reverse("reports:case_answer", args=[case.pk]), {"outcome": "done"}, follow=True
    )
    assert answer.status_code == 200
    assert again(case).state == Case.State.DONE


def test_the_page_of_a_case_shows_the_message_and_enters_that_it_was_read(
    signed_in: Client, report: Report, staff_user: User
) -> None:
    case = ask(report, Case.Kind.ERASURE, message=MESSAGE)
    page = signed_in.get(reverse("reports:case_detail", args=[case.pk])).content.decode()
    assert "Bitte &lt;b&gt;löschen&lt;/b&gt;<br>Danke" in page
    assert "Testperson Ä" in page
    assert reverse("retention:confirm_erasure", args=[report.scan_id]) in page
    with practice_scope(report.practice_id):
        entry = Entry.objects.get(object_id=case.pk, action=Action.CASE_VIEWED)
    assert (entry.actor, entry.actor_id) == (Actor.STAFF, staff_user.pk)


def test_staff_answer_a_case(signed_in: Client, report: Report) -> None:
    case = ask(report)
    address = reverse("reports:case_answer", args=[case.pk])
    for mistake in (
        {"outcome": "refused"},
        {"outcome": "refused", "reason": "because"},
        {"outcome": "open"},
        {},
    ):
        assert signed_in.post(address, mistake).status_code == 422
        assert again(case).state == Case.State.OPEN
    refused = signed_in.post(address, {"outcome": "refused", "reason": "retention"})
    assert (refused.status_code, again(case).state) == (302, Case.State.REFUSED)
    page = signed_in.get(reverse("reports:case_detail", args=[case.pk])).content.decode()
    assert "Art. 17 Abs. 3 lit. b DSGVO" in page
    another = ask(report)
    signed_in.post(
        reverse("reports:case_answer", args=[another.pk]), {"outcome": "done", "reason": "claims"}
    )
    assert (again(another).state, again(another).reason) == (Case.State.DONE, "")


def test_answering_what_is_answered_changes_nothing(signed_in: Client, report: Report) -> None:
    case = ask(report)
    address = reverse("reports:case_answer", args=[case.pk])
    signed_in.post(address, {"outcome": "done"})
    signed_in.post(address, {"outcome": "refused", "reason": "claims"})
    assert again(case).state == Case.State.DONE


def test_staff_note_a_request_that_came_otherwise(
    signed_in: Client, report: Report, staff_user: User
) -> None:
    address = reverse("reports:scan_case", args=[report.scan_id])
    answer = signed_in.post(address, {"kind": "rectification"})
    with practice_scope(report.practice_id):
        case = Case.objects.get()
    assert answer.headers["Location"] == reverse("reports:case_detail", args=[case.pk])
    assert case.opened_by == Case.OpenedBy.STAFF
    with practice_scope(report.practice_id):
        entry = Entry.objects.get(object_id=case.pk, action=Action.CASE_OPENED)
    assert (entry.actor, entry.actor_id) == (Actor.STAFF, staff_user.pk)
    assert signed_in.post(address, {"kind": "nonsense"}).status_code == 302
    page = signed_in.get(reverse("reports:scan_detail", args=[report.scan_id])).content.decode()
    assert reverse("reports:case_detail", args=[case.pk]) in page


def test_the_list_has_what_is_due_soonest_first_and_says_what_is_overdue(
    signed_in: Client, report: Report
) -> None:
    today = timezone.now().astimezone(BERLIN).date()
    for kind, days in (("access", 20), ("erasure", -3), ("portability", 2)):
        case = ask(report, Case.Kind(kind))
        with practice_scope(report.practice_id):
            Case.objects.filter(pk=case.pk).update(due_on=today + timedelta(days=days))
    done = ask(report, Case.Kind.RECTIFICATION)
    with practice_scope(report.practice_id):
        close_case(case=done, who=SYSTEM)
    page = signed_in.get("/en/cases/").content.decode()
    words = ("3 days overdue", "2 days left", "Access to the data", "Answered", "Correction")
    places = [page.index(word) for word in words]
    assert places == sorted(places)
    assert "Testperson Ä" not in page


def test_the_list_costs_the_same_for_one_case_and_for_three(
    signed_in: Client, report: Report
) -> None:
    numbers = []
    for kinds in (["access"], ["portability", "rectification"]):
        for kind in kinds:
            ask(report, Case.Kind(kind))
        with CaptureQueriesContext(connection) as queries:
            signed_in.get(reverse("reports:case_list"))
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_without_a_case_the_list_says_so(signed_in: Client) -> None:
    assert "Nothing is waiting" in signed_in.get("/en/cases/").content.decode()


@pytest.mark.parametrize("visitor", ["anonymous", "outsider", "reader"])
def test_who_may_not_answer_or_note_a_case(
    client: Client, report: Report, other_practice: Practice, visitor: str
) -> None:
    case = ask(report)
    practice = other_practice if visitor == "outsider" else report.practice
    role = User.Role.READER if visitor == "reader" else User.Role.OWNER
    if visitor != "anonymous":
        client.force_login(User.objects.create(email="v@example.org", practice=practice, role=role))
    expected = {"anonymous": 302, "outsider": 404, "reader": 403}[visitor]
    answers = [
        client.post(reverse("reports:case_answer", args=[case.pk]), {"outcome": "done"}),
        client.post(reverse("reports:scan_case", args=[report.scan_id]), {"kind": "erasure"}),
    ]
    assert [answer.status_code for answer in answers] == [expected, expected]
    with practice_scope(report.practice_id):
        assert Case.objects.get().state == Case.State.OPEN


def test_a_reader_sees_no_button(client: Client, report: Report) -> None:
    case = ask(report)
    client.force_login(
        User.objects.create(
            email="reader@example.org", practice=report.practice, role=User.Role.READER
        )
    )
    for address in (
        reverse("reports:case_detail", args=[case.pk]),
        reverse("reports:scan_detail", args=[report.scan_id]),
    ):
        page = client.get(address).content.decode()
        assert page.count('method="post"') == 2, address
        assert reverse("practices:sign_out") in page
        assert reverse("practices:lock") in page
