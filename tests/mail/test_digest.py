"""One mail in the morning says how much waits; it says nothing of what, and comes once a day."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from audit.chain import OPERATOR
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports import tasks
from reports.domain.digest import is_time, tell_what_waits, waiting
from reports.domain.needs import today
from reports.domain.staff_mail import set_staff_mail_aside
from reports.mail.models import Fate, StaffMail
from scans.models import Connection, Scan
from tests.mail.conftest import queued, worked_off
from tests.reports.rows import add_row

TELLING = ("S-failed", "skin", "haut", "scan-", "patient@", "testperson", "aufnahme")


@pytest.fixture
def troubled(account: Connection) -> Connection:
    """Two scans that wait for somebody, one that is only due, and one in order."""
    with practice_scope(account.practice_id):
        add_row(account, "S-failed", state=Scan.State.STORED, last_error="It cannot be read.")
        add_row(account, "S-flag", report={"purpose": ""})
        planned = {"state": "released", "purpose": "medical"}
        add_row(account, "S-planned", report={**planned, "due_on": today() + timedelta(days=9)})
        add_row(account, "S-fine", report=planned)
    return account


def told(practice: Practice) -> bool:
    with practice_scope(practice.pk):
        return tell_what_waits(practice)


def digests(practice: Practice) -> list[StaffMail]:
    with practice_scope(practice.pk):
        return list(StaffMail.objects.filter(kind="attention").order_by("created_at"))


def test_the_mail_says_how_many_and_where_and_nothing_of_whom(
    troubled: Connection, mailbox: ResendStandIn
) -> None:
    assert told(troubled.practice)
    (digest,) = digests(troubled.practice)
    worked_off(digest)
    (mail,) = mailbox.mails
    assert mail.to == (troubled.practice.email,)
    assert mail.subject == "Etwas braucht Ihre Aufmerksamkeit"
    assert "2 Sachen" in (mail.text or "")
    assert f"{settings.PUBLIC_URL}/de/scans/" in (mail.text or "")
    shown = f"{mail.subject}{mail.text}{mail.html}".lower()
    assert [word for word in TELLING if word.lower() in shown] == []


def test_however_often_it_is_looked_a_day_has_one_digest(troubled: Connection) -> None:
    for _ in range(3):
        assert told(troubled.practice)
    assert len(digests(troubled.practice)) == 1
    with practice_scope(troubled.practice_id):
        yesterday = timezone.now() - timedelta(days=1)
        StaffMail.objects.update(created_at=yesterday, once=f"attention/{yesterday.date()}")
    told(troubled.practice)
    assert len(digests(troubled.practice)) == 2


def test_where_nothing_waits_nobody_is_written_to(account: Connection) -> None:
    assert not told(account.practice)
    assert digests(account.practice) == []


def test_scanners_cases_and_lost_mails_to_staff_count_too(
    account: Connection, practice: Practice
) -> None:
    lost = queued(practice)
    with practice_scope(practice.pk):
        assert waiting() == 0
        Connection.objects.update(last_error="The password is wrong.")
        StaffMail.objects.filter(pk=lost.pk).update(state=Fate.BOUNCED)
        assert waiting() == 2
        set_staff_mail_aside(mail_id=lost.pk, who=OPERATOR)
        assert waiting() == 1


@pytest.mark.parametrize("fate", [Fate.BOUNCED, Fate.COMPLAINED])
def test_who_did_not_want_the_last_one_gets_none_until_somebody_has_seen_to_it(
    troubled: Connection, fate: Fate
) -> None:
    told(troubled.practice)
    (first,) = digests(troubled.practice)
    with practice_scope(troubled.practice_id):
        before = timezone.now() - timedelta(days=1)
        StaffMail.objects.update(state=fate, created_at=before, once="")
    assert not told(troubled.practice)
    with practice_scope(troubled.practice_id):
        set_staff_mail_aside(mail_id=first.pk, who=OPERATOR)
    assert told(troubled.practice)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 7, 1, 3, 59, tzinfo=UTC), False),  # in Berlin two hours later
        (datetime(2026, 7, 1, 4, 0, tzinfo=UTC), True),
        (datetime(2026, 7, 1, 5, 59, tzinfo=UTC), True),
        (datetime(2026, 7, 1, 6, 0, tzinfo=UTC), False),
        (datetime(2026, 7, 5, 4, 30, tzinfo=UTC), False),  # a Sunday
        (datetime(2026, 12, 1, 5, 0, tzinfo=UTC), True),  # one hour later
        (datetime(2026, 12, 1, 4, 59, tzinfo=UTC), False),
    ],
)
def test_it_is_queued_before_work_begins(moment: datetime, expected: bool) -> None:
    assert is_time(moment) is expected


def test_the_task_tells_every_practice_of_its_own_things(
    troubled: Connection, other_practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "is_time", lambda _now: False)
    tasks.tell_practices()
    assert digests(troubled.practice) == []
    monkeypatch.setattr(tasks, "is_time", lambda _now: True)
    tasks.tell_practices()
    assert len(digests(troubled.practice)) == 1
    assert digests(other_practice) == []
