"""A sweep takes many at once: it says how far it is, holds nobody up, and counts each by itself."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from audit.chain import SYSTEM, first_broken
from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from dermalia.work.steps import queue_of
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.models import Case, Delivery, Link, Report, Visit
from retention.domain import batches, due, removal
from retention.domain.due import Progress, erase_due_reports
from retention.domain.erase import complete_erasure, request_erasure
from retention.domain.rows import relations
from retention.models import Erasure
from scans.models import Asset, Connection, Scan
from tests.conftest import connect_to
from tests.retention.rows import add_reports, left, sweep_of


def test_every_report_has_a_receipt_with_what_was_its_own(
    practice: Practice, account: Connection
) -> None:
    ids = add_reports(account, 4, due_in=0)
    rich, poor = ids[0], ids[1]
    with practice_scope(practice.pk):
        report = Report.objects.get(scan_id=rich)
        for number in range(3):
            Visit.objects.create(practice=practice, report=report, browser="other", device="other")
            Asset.objects.create(
                practice=practice,
                scan_id=rich,
                origin="derived",
                kind="still",
                name=f"{number}",
                media_type="image/webp",
                bytes=100,
                object_name=f"nowhere/{number}",
                stored_at=timezone.now(),
            )
        Delivery.objects.create(practice=practice, report=report)
        Link.objects.create(digest=b"1", practice_id=practice.pk, report_id=report.pk)
        before = Entry.objects.count()
    assert erase_due_reports(practice_id=practice.pk) == 4
    with practice_scope(practice.pk):
        told = Erasure.objects.get(scan_id=rich)
        assert told.inventory["files"] == {"still": 3}
        assert told.bytes_erased == 300
        assert told.inventory["rows"] == {
            "reports.Report": 1,
            "reports.Delivery": 1,
            "reports.Visit": 3,
            "scans.Scan": 1,
            "scans.Asset": 3,
        }
        assert told.rows == 9
        assert Erasure.objects.get(scan_id=poor).rows == 2
        assert Link.objects.get(report_id=report.pk).gone_at is not None
        assert Erasure.objects.filter(state=Erasure.State.VERIFIED).count() == 4
        assert Entry.objects.count() == before + 8
        assert first_broken() is None
        for erasure in Erasure.objects.all():
            entry = Entry.objects.get(action=Action.ERASURE_VERIFIED, object_id=erasure.scan_id)
            assert (erasure.log_sequence, erasure.log_hash) == (entry.sequence, entry.hash)


def test_a_case_lets_go_of_its_report_and_nothing_hangs_from_what_a_report_owns() -> None:
    """What a report or a scan owns goes by one statement each: none of it may own anything."""
    owned = [
        key.model for model in (Report, Scan) for key, _ in relations(model) if key.model != Report
    ]
    assert Case in owned
    assert [model for model in owned for _ in relations(model)] == []


def test_how_far_it_is_can_be_seen_after_each_batch(
    practice: Practice, account: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    add_reports(account, 5, due_in=0)
    seen: list[Progress] = []
    assert erase_due_reports(practice_id=practice.pk, tell=seen.append) == 5
    assert seen == [Progress(2, 5), Progress(4, 5), Progress(5, 5)]
    assert sweep_of(practice).ended_at is not None


def test_the_command_says_how_far_it_is(
    practice: Practice, account: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    add_reports(account, 3, due_in=0)
    call_command("retention", "sweep", practice.pk)
    said = capsys.readouterr().out
    assert "3 of 3 erased" in said
    assert "3 erasures requested." in said


def test_a_sweep_is_on_another_queue_than_an_erasure_that_somebody_asked_for() -> None:
    asked = queue_of(current_app, "retention.tasks.erase")
    for task in ("retention.tasks.erase_due", "retention.tasks.sweep"):
        assert queue_of(current_app, task) != asked


@pytest.fixture
def busy(committed: None, cluster: IsemecoStandIn) -> Connection:
    """An account whose practice's commits are real."""
    practice = create_practice(name="Demo practice", email="practice@example.org")
    return connect_to(cluster, practice)


def beside(work: Callable[[], None]) -> None:
    """Do it on connections of its own, to its end."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (raised again where somebody sees it)
            failed.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "it is held up"
    if failed:
        raise failed[0]


@pytest.mark.parametrize("moment", ["before the log is written", "while objects are deleted"])
def test_an_erasure_that_somebody_asks_for_is_held_up_by_no_batch(
    busy: Connection, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a batch of the same practice, another erasure goes from request to end."""
    practice = busy.practice
    add_reports(busy, 3, due_in=0)
    (urgent,) = add_reports(busy, 1, due_in=9)
    module, name = {
        "before the log is written": (removal, "record_all"),
        "while objects are deleted": (due, "complete_erasures"),
    }[moment]
    step = getattr(module, name)
    interrupted: list[str] = []

    def between() -> None:
        with practice_scope(practice.pk):
            scan = Scan.objects.get(pk=urgent)
            erasure = request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=SYSTEM)
        complete_erasure(practice_id=practice.pk, erasure_id=erasure.pk)
        with practice_scope(practice.pk):
            erasure.refresh_from_db()
        assert erasure.state == Erasure.State.VERIFIED
        assert left(practice) == (3 if module is removal else 0)

    def interrupting(*args: Any, **given: Any) -> Any:
        if not interrupted:
            interrupted.append(moment)
            beside(between)
        return step(*args, **given)

    monkeypatch.setattr(module, name, interrupting)
    assert erase_due_reports(practice_id=practice.pk) == 3
    assert interrupted == [moment]
    assert left(practice) == 0
