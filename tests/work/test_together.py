"""Rows that are held together end by themselves."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from dermalia.tenancy import practice_scope
from dermalia.work.lease import LeaseLost, WorkFailed, finish_all, put_off
from dermalia.work.together import claim_all, lease_all, still_held
from retention.models import Erasure
from scans.models import Connection
from tests.reports.rows import add_row

REQUESTED, VERIFIED = Erasure.State.REQUESTED, Erasure.State.VERIFIED


@pytest.fixture
def rows(account: Connection) -> list[Erasure]:
    """Three erasures that are due."""
    with practice_scope(account.practice_id):
        scans = [add_row(account, f"S-{number}") for number in range(3)]
        made = [
            Erasure(
                practice_id=account.practice_id,
                scan_id=scan.pk,
                key_id=scan.key_id,
                prefix=scan.prefix,
                reason=Erasure.Reason.DUE,
            )
            for scan in scans
        ]
        return sorted(Erasure.objects.bulk_create(made), key=lambda row: row.pk)


def claim(rows: list[Erasure]) -> list[Erasure]:
    pks = [row.pk for row in rows]
    return claim_all(Erasure, pks, practice_id=rows[0].practice_id, state=REQUESTED)


def change(row: Erasure, **columns: object) -> None:
    with practice_scope(row.practice_id):
        Erasure.objects.filter(pk=row.pk).update(**columns)


def now(row: Erasure) -> Erasure:
    with practice_scope(row.practice_id):
        return Erasure.objects.get(pk=row.pk)


def test_a_row_that_somebody_has_is_left_to_them(rows: list[Erasure]) -> None:
    assert claim(rows[:1]) == rows[:1]
    assert claim(rows) == rows[1:]
    assert claim(rows) == []


def test_a_row_over_which_a_worker_died_is_tried_alone(rows: list[Erasure]) -> None:
    change(rows[0], attempts=1)
    change(rows[1], attempts=2, failures=2)
    assert claim(rows) == rows[1:]


def test_what_is_not_due_or_set_aside_is_left(rows: list[Erasure]) -> None:
    change(rows[0], next_attempt_at=Now() + timedelta(hours=1))
    change(rows[1], quarantined_at=Now())
    assert claim(rows) == rows[2:]


def test_a_row_that_was_taken_over_is_no_longer_held(rows: list[Erasure]) -> None:
    held = claim(rows)
    change(rows[0], leased_by="somebody else")
    with practice_scope(rows[0].practice_id):
        assert still_held(held) == rows[1:]
        with pytest.raises(LeaseLost):
            finish_all(held, state=REQUESTED)
        assert still_held([]) == []


def break_off(rows: list[Erasure]) -> None:
    """Finish the first, put the second off, and fall over the third."""
    pks, practice_id = [row.pk for row in rows], rows[0].practice_id
    with lease_all(Erasure, pks, practice_id=practice_id, state=REQUESTED) as held:
        assert held == rows
        with practice_scope(practice_id):
            Erasure.objects.filter(pk=pks[0]).update(state=VERIFIED, verified_at=Now())
            finish_all(held[:1], state=VERIFIED)
        put_off(held[1:2], practice_id, WorkFailed("Not yet.", after=5))
        raise ZeroDivisionError


def test_one_is_finished_one_is_put_off_and_a_break_leaves_none_held(
    rows: list[Erasure],
) -> None:
    with pytest.raises(ZeroDivisionError):
        break_off(rows)
    first, second, third = map(now, rows)
    assert (first.state, first.failures, first.leased_until) == (VERIFIED, 0, None)
    assert (second.last_error, second.failures, second.leased_by) == ("Not yet.", 1, "")
    assert third.last_error == "An unexpected error; the log has its details."
    assert (third.failures, third.leased_until) == (1, None)


def test_a_process_that_is_told_to_end_gives_all_of_them_back(rows: list[Erasure]) -> None:
    pks, practice_id = [row.pk for row in rows], rows[0].practice_id
    with (
        pytest.raises(SystemExit),
        lease_all(Erasure, pks, practice_id=practice_id, state=REQUESTED),
    ):
        raise SystemExit
    assert claim(rows) == rows
