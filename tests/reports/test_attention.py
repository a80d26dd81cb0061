"""What waits for somebody: each number is the number of rows that its link shows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dermalia.tenancy import practice_scope
from practices.models import Practice, User
from reports.domain.fates import not_arrived
from reports.domain.listing import ANY_NEED, Filters, list_scans
from reports.domain.needs import Need, count_needs, today
from reports.mail.models import Fate, StaffMail
from reports.models import Case, Delivery, Report
from scans.models import Connection, Scan
from scans.queries import silent
from tests.reports.rows import add_row

RELEASED = Report.State.RELEASED


@pytest.fixture
def troubled(account: Connection, scope: None) -> Connection:
    """One scan for each need, two that need nothing."""
    add_row(account, "failed", state=Scan.State.STORED, last_error="The mesh cannot be read.")
    mailed = add_row(account, "mail", report={"state": RELEASED, "purpose": "medical"})
    Delivery.objects.create(
        practice_id=mailed.practice_id, report=mailed.report, state=Fate.BOUNCED
    )
    add_row(account, "flag", report={"purpose": ""})
    add_row(account, "consent", report={"purpose": "aesthetic"})
    add_row(
        account,
        "erasure",
        report={
            "state": RELEASED,
            "purpose": "medical",
            "due_on": today() + timedelta(days=30),
        },
    )
    add_row(account, "running", state=Scan.State.PULLED)
    add_row(account, "fine", report={"state": RELEASED, "purpose": "medical"})
    return account


def shown(need: str) -> list[str]:
    return sorted(scan.scan_identifier for scan in list_scans(Filters(need=need)).scans)


def test_each_need_leads_to_the_scans_it_counts(troubled: Connection) -> None:
    needs = count_needs(troubled.practice_id)
    assert needs.scans == dict.fromkeys(Need, 1)
    for need in Need:
        assert shown(need) == [need.value]


def test_any_need_is_every_one_of_them(troubled: Connection) -> None:
    assert shown(ANY_NEED) == sorted(need.value for need in Need)


def test_all_is_counted_by_one_statement(
    troubled: Connection, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        count_needs(troubled.practice_id)


def test_a_mail_that_was_dealt_with_waits_no_more(troubled: Connection) -> None:
    Delivery.objects.update(handled_at=timezone.now())
    assert count_needs(troubled.practice_id).scans[Need.MAIL] == 0
    assert shown(Need.MAIL) == []


def test_a_request_counts_from_a_week_before_its_deadline(account: Connection, scope: None) -> None:
    report = add_row(account, "S", report={"state": RELEASED, "purpose": "medical"}).report
    case = Case.objects.create(
        practice_id=account.practice_id,
        report=report,
        kind=Case.Kind.ACCESS,
        opened_by=Case.OpenedBy.STAFF,
        due_on=today() + timedelta(days=8),
    )
    assert count_needs(account.practice_id).cases == 0
    Case.objects.filter(pk=case.pk).update(due_on=today() + timedelta(days=7))
    assert count_needs(account.practice_id).cases == 1


def test_nothing_of_another_practice_is_counted(
    troubled: Connection, other_practice: Practice
) -> None:
    with practice_scope(other_practice.pk):
        assert count_needs(other_practice.pk).scans == dict.fromkeys(Need, 0)


@pytest.mark.parametrize(
    ("now", "hours", "expected"),
    [
        (datetime(2026, 7, 14, 12, tzinfo=UTC), 4, True),  # a Tuesday at 14 in Berlin
        (datetime(2026, 7, 14, 12, tzinfo=UTC), 2, False),
        (datetime(2026, 7, 14, 8, tzinfo=UTC), 14, False),  # at 10: switched on at 8
        (datetime(2026, 7, 14, 3, tzinfo=UTC), 9, False),  # at 5 in the morning
        (datetime(2026, 7, 12, 12, tzinfo=UTC), 40, False),  # a Sunday
    ],
)
def test_a_scanner_is_missed_only_while_the_practice_is_open(
    now: datetime, hours: int, expected: bool
) -> None:
    heard_at = now - timedelta(hours=hours)
    assert silent(Connection(practice=Practice(), last_listed_at=heard_at), now) is expected


@pytest.mark.parametrize(("hours", "expected"), [(1, True), (5, False), (6, False)])
def test_after_how_many_hours_is_the_practice_s_own_choice(hours: int, expected: bool) -> None:
    now = datetime(2026, 7, 14, 12, tzinfo=UTC)
    practice = Practice(silent_hours=hours)
    heard_at = now - timedelta(hours=5)
    assert silent(Connection(practice=practice, last_listed_at=heard_at), now) is expected


def test_a_scanner_that_was_never_heard_is_not_missed() -> None:
    assert not silent(Connection(last_listed_at=None), timezone.now())


def test_the_list_names_what_waits_before_the_scans(
    client: Client, staff_user: User, troubled: Connection
) -> None:
    client.force_login(staff_user)
    page = client.get("/en/scans/").content.decode()
    for words in (
        'href="/en/scans/?need=failed"><strong>1</strong> Copying or converting failed',
        'href="/en/scans/?need=flag"><strong>1</strong> Medical or aesthetic? Not said yet',
        'href="/en/scans/?need=consent"><strong>1</strong> Consent missing',
        'href="/en/scans/?need=erasure"><strong>1</strong> Erased within the next 30 days',
        'href="/en/scans/?need=mail"><strong>1</strong> Mail did not arrive',
    ):
        assert words in page, words
    assert page.index("Needs attention") < page.index("<table")


def test_where_nothing_waits_nothing_is_said(client: Client, staff_user: User) -> None:
    client.force_login(staff_user)
    assert "Needs attention" not in client.get("/en/scans/").content.decode()


@pytest.mark.parametrize(
    ("mails", "index"), [(Delivery, "delivery_unsettled"), (StaffMail, "staff_mail_unsettled")]
)
def test_mails_that_did_not_arrive_are_found_by_the_index_made_for_them(
    mails: type[Delivery | StaffMail], index: str, scope: None
) -> None:
    """A word's difference between the two conditions, and every mail ever sent would be read."""
    wanted = mails._default_manager.filter(not_arrived(timezone.now())).order_by("created_at")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert index in wanted.explain()
