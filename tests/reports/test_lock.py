"""A locked browser opens nothing until a factor is shown in it again."""

import pytest
from django.test import Client

from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.domain.sessions import refresh_session
from practices.models import Desk, Practice, StaffSession, User
from reports.models import Report
from tests.conftest import enter_session


@pytest.fixture
def staff(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


def lock(client: Client, back: str = "/en/scans/") -> str:
    answer = client.post("/en/desk/lock/", {"next": back})
    assert answer.status_code == 302
    return str(answer["Location"])


def show_factor(user: User) -> None:
    with practice_scope(user.practice_id):
        refresh_session(StaffSession.objects.get(user=user), user=user)


def test_every_page_leads_to_the_lock_and_reloading_does_not_help(
    staff: Client, report: Report
) -> None:
    cover = lock(staff)
    assert "This screen is locked" in staff.get(cover).content.decode()
    for _ in range(2):
        for path in ("/en/scans/", f"/en/scans/{report.scan_id}/", "/en/cases/", "/en/account/"):
            answer = staff.get(path)
            assert answer.status_code == 302, path
            assert answer["Location"].startswith("/en/desk/locked/?next="), path


def test_the_rows_that_fetch_themselves_send_the_whole_page_to_the_lock(staff: Client) -> None:
    lock(staff)
    answer = staff.get("/en/scans/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith("/en/desk/locked/")
    assert b"<table" not in answer.content


def test_nothing_can_be_done_while_it_is_locked(staff: Client, report: Report) -> None:
    lock(staff)
    answer = staff.post(f"/en/scans/{report.scan_id}/person/", {"first_name": "X"})
    assert answer["Location"].startswith("/en/desk/locked/")


def test_the_way_to_a_factor_and_the_way_out_stay_open(staff: Client) -> None:
    lock(staff)
    assert staff.get("/en/confirm/").status_code == 200
    assert staff.post("/en/sign-out/").status_code == 302
    assert "/en/sign-in/" in staff.get("/en/scans/")["Location"]


def test_a_factor_opens_it_and_leads_back(staff: Client, staff_user: User) -> None:
    cover = lock(staff, "/en/scans/?stage=draft")
    assert "/en/confirm/?next=%2Fen%2Fscans%2F%3Fstage%3Ddraft" in staff.get(cover).content.decode()
    show_factor(staff_user)
    assert staff.get("/en/scans/").status_code == 200
    assert staff.get(cover)["Location"] == "/en/scans/?stage=draft"


def test_a_factor_of_before_does_not_count(staff: Client, staff_user: User) -> None:
    show_factor(staff_user)
    lock(staff)
    assert staff.get("/en/scans/").status_code == 302


def test_locking_twice_is_locking_once(staff: Client, practice: Practice) -> None:
    lock(staff)
    lock(staff)
    with practice_scope(practice.pk):
        assert Entry.objects.filter(action=Action.DESK_LOCKED).count() == 1


def test_another_browser_of_the_same_person_stays_open(staff: Client, staff_user: User) -> None:
    other = Client()
    other.force_login(staff_user)
    lock(staff)
    assert other.get("/en/scans/").status_code == 200


def test_only_the_demo_is_unlocked_by_a_button(staff: Client) -> None:
    lock(staff)
    staff.post("/en/desk/unlock/")
    assert staff.get("/en/scans/").status_code == 302


def test_the_demo_which_has_no_factor_is_unlocked_by_a_button(
    client: Client, staff_user: User
) -> None:
    client.force_login(staff_user)
    enter_session(client, staff_user, factor=StaffSession.Factor.DEMO)
    assert "Unlock the demo" in client.get(lock(client)).content.decode()
    client.post("/en/desk/unlock/")
    assert client.get("/en/scans/").status_code == 200


def test_the_lock_leads_to_pages_of_ours_only(staff: Client) -> None:
    assert lock(staff, "https://elsewhere.example/") == "/en/desk/locked/?next=%2Fen%2Fscans%2F"


def test_a_user_chooses_for_themselves(staff: Client, staff_user: User) -> None:
    assert 'data-lock-after="15" data-shortcuts="on"' in staff.get("/en/scans/").content.decode()
    staff.post("/en/desk/", {"locks_after": "5"})
    assert 'data-lock-after="5" data-shortcuts="off"' in staff.get("/en/scans/").content.decode()
    with practice_scope(staff_user.practice_id):
        assert Desk.objects.get().user == staff_user


@pytest.mark.parametrize("minutes", ["", "1", "never", "-5"])
def test_a_time_that_is_not_offered_is_refused(staff: Client, minutes: str) -> None:
    assert staff.post("/en/desk/", {"locks_after": minutes}).status_code == 422
