"""A machine whose clock is wrong: what is due, leased or open is the database's to say."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from dermalia.work.lease import claim
from practices.models import Practice
from reports.models import Report
from retention.domain.due import erase_due_reports
from scans.models import Connection, Scan
from tests.conftest import link_in_mail
from tests.retention.rows import add_reports, left
from tests.work.rows import change, fresh, scan_of, take

WRONG = {
    "25 months ahead": timedelta(days=761),
    "a day behind": timedelta(days=-1),
    "an hour ahead": timedelta(hours=1),
}


@pytest.fixture(params=WRONG)
def wrong_clock(request: pytest.FixtureRequest) -> timedelta:
    return WRONG[request.param]


def set_clock(patch: pytest.MonkeyPatch, off: timedelta) -> None:
    """From now on this process's clock is off by so much; that of Postgres is not."""
    real = timezone.now

    def wrong() -> datetime:
        return real() + off

    patch.setattr(timezone, "now", wrong)


def test_what_is_shown_is_due_by_the_database_s_clock(
    client: Client,
    report: Report,
    mailbox: ResendStandIn,
    wrong_clock: timedelta,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link = link_in_mail(report, mailbox)
    today = timezone.localdate()
    with monkeypatch.context() as patch:
        set_clock(patch, wrong_clock)
        assert client.post(link).status_code == 303
        assert client.get(link).status_code == 200
        with practice_scope(report.practice_id):
            Report.objects.update(due_on=today)
        assert client.get(link).status_code == 410


def test_a_sweep_at_a_wrong_time_erases_nothing_early_and_makes_up_for_it(
    practice: Practice,
    account: Connection,
    wrong_clock: timedelta,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Clocks that disagree by days hold it altogether, as nobody knows which one is right."""
    add_reports(account, 1, due_in=0)
    add_reports(account, 1, due_in=1)
    with monkeypatch.context() as patch:
        set_clock(patch, wrong_clock)
        held = abs(wrong_clock) >= timedelta(days=1)
        assert erase_due_reports(practice_id=practice.pk) == (0 if held else 1)
    assert erase_due_reports(practice_id=practice.pk) == (1 if held else 0)
    assert left(practice) == 1


def test_a_lease_is_not_shortened_by_a_clock_that_jumps(
    practice: Practice, wrong_clock: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = scan_of(practice)
    assert take(scan)
    set_clock(monkeypatch, wrong_clock)
    assert claim(Scan, scan.pk, practice_id=practice.pk, state=scan.state) is None
    change(scan, leased_until=None)
    assert take(scan)
    assert fresh(scan).attempts == 2
