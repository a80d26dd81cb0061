"""A row is worked off by one worker at a time, and by another if that one dies."""

from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone
from pytest_django import Settings

from dermalia.tenancy import practice_scope
from dermalia.work.lease import LeaseLost, WorkFailed, finish, hold, lease, retry_now
from dermalia.work.orphans import release_all
from practices.models import Practice
from scans.models import Scan
from tests.work.rows import change, fresh, make_scan, take


@pytest.fixture
def scan(practice: Practice) -> Scan:
    with practice_scope(practice.pk):
        return make_scan(practice)


def fail(reason: str, *, retry: bool = True, after: float | None = None) -> None:
    raise WorkFailed(reason, retry=retry, after=after)


def test_a_held_row_is_not_taken_by_another(scan: Scan) -> None:
    with lease(Scan, scan.pk, practice_id=scan.practice_id, state="discovered") as first:
        assert first is not None
        with lease(Scan, scan.pk, practice_id=scan.practice_id, state="discovered") as second:
            assert second is None


def test_a_row_in_another_state_is_not_taken(scan: Scan) -> None:
    with lease(Scan, scan.pk, practice_id=scan.practice_id, state="stored") as row:
        assert row is None


def test_finishing_moves_the_row_on_and_clears_its_record(scan: Scan) -> None:
    change(scan, last_error="earlier", failures=2, attempts=2)
    with lease(Scan, scan.pk, practice_id=scan.practice_id, state="discovered") as row:
        assert row is not None
        with practice_scope(scan.practice_id):
            finish(row, state="stored")
    done = fresh(scan)
    assert (done.state, done.attempts, done.failures, done.last_error) == ("stored", 0, 0, "")
    assert done.leased_until is None


def test_a_failure_is_an_outcome_with_a_reason_and_a_time(scan: Scan) -> None:
    with lease(Scan, scan.pk, practice_id=scan.practice_id, state="discovered"):
        fail("The cluster is away.", after=60)
    failed = fresh(scan)
    assert failed.last_error == "The cluster is away."
    assert failed.leased_until is None
    assert failed.next_attempt_at > timezone.now() + timedelta(seconds=50)
    assert failed.quarantined_at is None


def test_a_failure_that_nobody_can_wait_out_sets_the_row_aside(scan: Scan) -> None:
    with lease(Scan, scan.pk, practice_id=scan.practice_id, state="discovered"):
        fail("The file is broken.", retry=False)
    assert fresh(scan).quarantined_at is not None
    assert not take(scan)


def test_an_unexpected_error_is_seen_and_the_row_is_free_again(scan: Scan) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        lease(Scan, scan.pk, practice_id=scan.practice_id, state="discovered"),
    ):
        raise ZeroDivisionError
    assert fresh(scan).leased_until is None
    assert fresh(scan).last_error


def test_a_dead_worker_s_row_is_taken_once_its_lease_has_run_out(
    scan: Scan, settings: Settings
) -> None:
    assert take(scan)
    assert not take(scan)
    change(scan, leased_until=timezone.now() - timedelta(minutes=5))
    assert take(scan)


def test_a_dead_worker_s_rows_are_freed_by_whoever_knows_it_is_dead(
    scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DERMALIA_WORKER", "worker")
    assert take(scan)
    assert release_all(worker="prompt") == 0
    assert release_all(worker="worker") == 1
    assert take(scan)


def test_after_three_crashes_the_row_is_set_aside_with_a_message(scan: Scan) -> None:
    for _ in range(3):
        assert take(scan)
        change(scan, leased_until=timezone.now() - timedelta(minutes=5))
    assert not take(scan)
    aside = fresh(scan)
    assert aside.quarantined_at is not None
    assert "three times" in aside.last_error


def test_failures_with_a_reason_do_not_count_as_crashes(scan: Scan) -> None:
    for _ in range(4):
        with lease(Scan, scan.pk, practice_id=scan.practice_id, state="discovered") as row:
            assert row is not None
            fail("The cluster is away.", after=0)
    assert fresh(scan).quarantined_at is None


def test_a_person_can_send_a_row_off_again(scan: Scan) -> None:
    with lease(Scan, scan.pk, practice_id=scan.practice_id, state="discovered"):
        fail("The file is broken.", retry=False)
    with practice_scope(scan.practice_id):
        retry_now(fresh(scan))
    assert take(scan)


def test_whoever_lost_the_lease_can_write_nothing(scan: Scan) -> None:
    with lease(Scan, scan.pk, practice_id=scan.practice_id, state="discovered") as slow:
        assert slow is not None
        change(scan, leased_by="somebody else:1")
        with practice_scope(scan.practice_id), pytest.raises(LeaseLost):
            hold(slow)
        with practice_scope(scan.practice_id):
            finish(slow, state="stored")
    assert fresh(scan).state == "discovered"


def test_a_task_over_its_soft_limit_leaves_a_sentence(scan: Scan) -> None:
    with (
        pytest.raises(SoftTimeLimitExceeded),
        lease(Scan, scan.pk, practice_id=scan.practice_id, state="discovered"),
    ):
        raise SoftTimeLimitExceeded
    assert "longer than it may" in fresh(scan).last_error
    assert fresh(scan).failures == 1


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt])
def test_a_worker_told_to_end_gives_the_row_back_as_it_was(
    scan: Scan, end: type[BaseException]
) -> None:
    with (
        pytest.raises(end),
        lease(Scan, scan.pk, practice_id=scan.practice_id, state="discovered"),
    ):
        raise end
    back = fresh(scan)
    assert (back.attempts, back.failures, back.leased_by, back.last_error) == (0, 0, "", "")
    assert take(scan)
