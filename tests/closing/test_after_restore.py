"""A practice that had ended and comes back with a backup is closed before anybody serves it."""

import io

import pytest
from django.core.management import call_command
from django.db import connections

from audit.chain import OPERATOR
from backups.boot import require_replayed
from backups.domain import outbox
from closing.domain import again
from closing.domain.again import close_again
from closing.domain.contract import choose, end_now, give_notice
from closing.domain.practice_rows import leftovers
from closing.models import ContractEnd
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice, User
from tests.backups.conftest import back_up, empty_bucket, keys, lose_the_database
from tests.closing.conftest import worked_off

__all__ = ["empty_bucket", "keys"]


@pytest.fixture
def ended(renewed: None) -> Practice:
    """Its contract has ended after the backup that is restored."""
    practice = create_practice(name="Demo practice", email="practice@example.org")
    User.objects.create(email="owner@example.org", practice=practice, role="owner")
    create_practice(name="Another practice", email="another@example.org")
    back_up()
    with practice_scope(practice.pk):
        end = give_notice(practice_id=practice.pk, who=OPERATOR)
        choose(end, ContractEnd.Choice.ERASE, who=OPERATOR)
        order = end_now(end, who=OPERATOR)
    worked_off(order)
    outbox.publish()
    lose_the_database()
    return practice


def restore() -> None:
    connections.close_all()
    call_command("restore", stdout=io.StringIO())


def left_of(practice: Practice) -> tuple[list[str], int]:
    """Tables with rows that should have gone, and accounts."""
    with practice_scope(practice.pk):
        return leftovers(), User.objects.filter(practice_id=practice.pk).count()


def test_the_restore_itself_closes_it(ended: Practice) -> None:
    restore()
    require_replayed()
    assert left_of(ended) == ([], 0)
    assert not close_again(practice_id=ended.pk)
    another = Practice.objects.exclude(pk=ended.pk).get()
    assert another.email == "another@example.org"


def test_a_restore_goes_on_where_it_cannot_be_closed_and_the_hourly_task_does_it(
    ended: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what the test before shows is the restore's doing, not the backup's."""
    with monkeypatch.context() as broken:
        broken.setattr(again, "close_practice", lambda **_: 1 / 0)
        restore()
    require_replayed()
    assert left_of(ended)[1] == 1
    assert close_again(practice_id=ended.pk)
    assert left_of(ended) == ([], 0)
