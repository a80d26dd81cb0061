"""What was promised and is not done is counted, and said aloud."""

import logging
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models.functions import Now
from django.utils import timezone

from audit.chain import OPERATOR
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.models import Report
from retention.domain.erase import request_erasure
from retention.domain.plan import plan
from retention.models import Erasure
from retention.queries import overdue
from retention.tasks import watch
from scans.models import Connection, Scan
from tests.retention.rows import add_reports
from tests.tenancy.test_scope import make_scan


def ask(practice: Practice, *, ago: timedelta) -> None:
    with practice_scope(practice.pk):
        erasure = request_erasure(
            scan=Scan.objects.all()[0], reason=Erasure.Reason.STAFF, who=OPERATOR
        )
        Erasure.objects.filter(pk=erasure.pk).update(requested_at=Now() - ago)


def test_where_nothing_is_behind_nothing_is_said(
    practice: Practice, account: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    add_reports(account, 2, due_in=0)
    ask(practice, ago=timedelta(seconds=50))
    watch()
    assert not overdue().anything
    assert caplog.records == []


def test_an_erasure_that_takes_more_than_a_minute_is_an_alarm(
    practice: Practice, account: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    add_reports(account, 1, due_in=5)
    ask(practice, ago=timedelta(seconds=70))
    found = overdue()
    assert (found.unverified, found.quarantined) == (1, 0)
    assert 69 < found.oldest_seconds < 90
    watch()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_an_erasure_that_no_worker_tries_is_one(practice: Practice, account: Connection) -> None:
    add_reports(account, 1, due_in=5)
    ask(practice, ago=timedelta(0))
    with practice_scope(practice.pk):
        Erasure.objects.update(quarantined_at=Now())
    assert overdue().quarantined == 1


def test_what_was_due_yesterday_and_is_there_is_one(
    practice: Practice, account: Connection
) -> None:
    add_reports(account, 2, due_in=-1)
    add_reports(account, 4, due_in=0)
    add_reports(account, 1, due_in=-1, restricted_at=timezone.now(), restriction="claims")
    assert overdue().late == 2
    with pytest.raises(CommandError, match="promised"):
        call_command("retention", "status")


def test_the_plan_names_days_reasons_and_no_person(
    practice: Practice,
    other_practice: Practice,
    account: Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    late, soon, _far = (add_reports(account, 1, due_in=days)[0] for days in (-3, 20, 40))
    with practice_scope(practice.pk):
        lost = make_scan(practice, "S-lost")
        Scan.objects.filter(pk=lost.pk).update(due_on=timezone.localdate())
        Report.objects.filter(scan_id=soon).update(
            restricted_at=timezone.now(), restriction="claims"
        )
    planned = list(plan(practice_id=practice.pk, days=30))
    assert [each.scan_id for each in planned] == [late, soon, lost.pk]
    assert [each.waits for each in planned] == [False, True, False]
    assert list(plan(practice_id=other_practice.pk, days=30)) == []
    call_command("retention", "plan", "--practice", str(practice.pk))
    said = capsys.readouterr().out
    assert "3 to be erased until 30 days from today" in said
    assert "S-lost" not in said
    with practice_scope(practice.pk):
        assert Scan.objects.count() == 4


def test_a_long_plan_goes_on_where_a_page_ended(
    practice: Practice, account: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retention.domain.plan.PAGE", 2)
    ids = add_reports(account, 3, due_in=1) + add_reports(account, 2, due_in=2)
    planned = [each.scan_id for each in plan(practice_id=practice.pk, days=3)]
    assert sorted(planned) == sorted(ids)
    assert len(planned) == len(set(planned))
