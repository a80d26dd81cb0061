"""Pages, days and filters of the practice's list."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dermalia.tenancy import practice_scope
from practices.models import Practice, Purpose, User
from reports.domain.listing import Filters, Mark, as_day, list_scans
from reports.models import Report
from scans.models import Connection, Scan
from tests.reports.rows import add_row

NOON = datetime(2026, 7, 14, 10, tzinfo=UTC)
NAIVE = "2026-07-14T10:00:00~00000000-0000-4000-8000-000000000000"


@pytest.fixture
def staff(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


def names(filters: Filters) -> list[str]:
    return [scan.scan_identifier for scan in list_scans(filters).scans]


@pytest.mark.usefixtures("scope")
def test_pages_follow_each_other_without_gap_or_repetition(account: Connection) -> None:
    # Several at the same instant: the id decides, and no page loses one of them.
    for number in range(11):
        add_row(account, f"S-{number}", captured_at=NOON + timedelta(minutes=number // 4))
    seen: list[str] = []
    mark: Mark | None = None
    for _ in range(4):
        listed = list_scans(Filters(), after=mark, size=3)
        seen += [scan.scan_identifier for scan in listed.scans]
        mark = listed.next
    assert mark is None
    assert sorted(seen) == sorted(f"S-{number}" for number in range(11))
    every = [scan.scan_identifier for scan in list_scans(Filters(), size=50).scans]
    assert seen == every


@pytest.mark.usefixtures("scope")
def test_a_scan_without_a_time_stands_where_it_was_found(account: Connection) -> None:
    add_row(account, "old", captured_at=timezone.now() - timedelta(days=3))
    add_row(account, "found now", captured_at=None)
    assert names(Filters()) == ["found now", "old"]


@pytest.mark.parametrize("text", ["", "x", "2026-07-14~x", NAIVE])
def test_a_made_up_mark_is_none(text: str) -> None:
    assert Mark.parse(text) is None


def test_a_mark_reads_back_as_it_was() -> None:
    mark = Mark(NOON, uuid4())
    assert Mark.parse(str(mark)) == mark


@pytest.mark.usefixtures("scope")
def test_each_filter_shows_what_it_says(account: Connection) -> None:
    add_row(account, "running", state=Scan.State.DISCOVERED)
    add_row(account, "draft", report={"purpose": ""})
    add_row(account, "unseen", report={"state": "released", "purpose": "medical"})
    add_row(
        account,
        "opened",
        report={"state": "released", "purpose": "aesthetic", "opened_at": timezone.now()},
    )
    for filters, expected in (
        (Filters(stage="running"), ["running"]),
        (Filters(stage="draft"), ["draft"]),
        (Filters(stage="released"), ["opened", "unseen"]),
        (Filters(opened="yes"), ["opened"]),
        (Filters(opened="no"), ["unseen"]),
        (Filters(purpose=Purpose.MEDICAL), ["unseen"]),
        (Filters(purpose=Purpose.AESTHETIC), ["opened"]),
        (Filters(purpose="none"), ["draft"]),
        (Filters(stage="released", purpose="medical", opened="yes"), []),
    ):
        assert sorted(names(filters)) == expected, filters


def test_a_day_is_understood_as_it_is_typed() -> None:
    today_is = date(2026, 7, 14)
    for text, expected in (
        ("3.7.2026", date(2026, 7, 3)),
        ("03.07.26", date(2026, 7, 3)),
        ("3.7.", date(2026, 7, 3)),
        ("3.12.", date(2025, 12, 3)),
        ("2026-07-03", date(2026, 7, 3)),
        ("31.2.2026", None),
        ("S-3.7", None),
    ):
        assert as_day(text, today=today_is) == expected, text


def test_rows_stand_under_their_days_today_first(
    staff: Client, account: Connection, practice: Practice
) -> None:
    with practice_scope(practice.pk):
        add_row(account, "S-today", captured_at=timezone.now())
        add_row(account, "S-before", captured_at=timezone.now() - timedelta(days=1))
        add_row(account, "S-old", captured_at=NOON - timedelta(days=400))
    page = staff.get("/en/scans/").content.decode()
    places = [page.index(words) for words in ("Today,", "S-today", "Yesterday,", "S-before")]
    assert places == sorted(places)
    assert "9. June 2025" in page


def test_filters_that_make_no_sense_narrow_nothing(staff: Client, account: Connection) -> None:
    with practice_scope(account.practice_id):
        add_row(account, "S-1")
    page = staff.get("/en/scans/?stage=x&need=y&purpose=z&after=nonsense&q=%00").content.decode()
    assert "S-1" in page


def test_a_list_without_a_match_says_so_and_leads_back(staff: Client, account: Connection) -> None:
    with practice_scope(account.practice_id):
        add_row(account, "S-1")
    page = staff.get("/en/scans/?stage=released").content.decode()
    assert "Nothing fits" in page
    assert "No scans yet" not in page


def test_the_list_asks_often_only_while_something_runs(
    staff: Client, account: Connection, practice: Practice
) -> None:
    with practice_scope(practice.pk):
        add_row(account, "S-1")
    assert "every 30s" in staff.get("/en/scans/").content.decode()
    with practice_scope(practice.pk):
        add_row(account, "S-2", state=Scan.State.PULLED)
    assert "every 3s" in staff.get("/en/scans/").content.decode()
    assert "hx-trigger" not in staff.get("/en/scans/?live=off").content.decode()


def test_what_it_polls_is_what_it_shows(staff: Client, account: Connection) -> None:
    page = staff.get("/en/scans/?stage=draft&q=S").content.decode()
    assert 'hx-get="/en/scans/?stage=draft&amp;q=S"' in page


@pytest.mark.parametrize("rows", [1, 60])
def test_a_page_costs_the_same_queries_however_many_rows(
    client: Client,
    practice: Practice,
    account: Connection,
    django_assert_num_queries: DjangoAssertNumQueries,
    rows: int,
) -> None:
    client.force_login(User.objects.create(email="colleague@example.org", practice=practice))
    with practice_scope(account.practice_id):
        for number in range(rows):
            add_row(account, f"S-{number}", report={"state": "released", "purpose": "medical"})
    # Two of them only because the scope stands inside the test's own transaction.
    with django_assert_num_queries(15):
        client.get("/en/scans/")


def test_initials_stand_in_for_names_where_somebody_asked_for_them(
    staff: Client, report: Report, staff_user: User
) -> None:
    assert "Testperson Ä" in staff.get("/en/scans/").content.decode()
    answer = staff.post("/en/desk/", {"initials": "on", "locks_after": "0"})
    assert answer.status_code == 302
    page = staff.get("/en/scans/").content.decode()
    assert "Testperson" not in page
    assert "T. Ä." in page
    assert "Testperson" in staff.get(f"/en/scans/{report.scan_id}/").content.decode()
