"""A replay after a restore is cut off anywhere: nothing opens, each scan is erased again once."""

from collections.abc import Callable
from pkgutil import resolve_name

import pytest
from django.db import connections

from audit.chain import first_broken
from audit.models import Entry
from audit.words import Action
from backups.domain.replay import Replayed, StillHeld, came_back, complete, replay
from backups.ledger import Fact
from dermalia.sealing import objects
from dermalia.sealing.models import ReportKey
from dermalia.tenancy import practice_scope
from practices.models import Practice
from retention.domain import batches
from retention.domain.erase import request_erasures
from retention.models import Erasure
from scans.models import Connection, Scan, Tombstone
from tests.faults.processes import die, killed
from tests.faults.test_sweep import AFTER, BEFORE, DOMAIN, add_due, waiting, work_off
from tests.retention.rows import left
from tests.retention.test_sweep import beside

NUMBER = 5


@pytest.fixture
def scans(account: Connection, monkeypatch: pytest.MonkeyPatch) -> list[Scan]:
    """In three batches; the last of them was never erased, and is not in the ledger."""
    monkeypatch.setattr(batches, "BATCH", 2)
    return add_due(account, NUMBER + 1)


def ledger_of(scans: list[Scan]) -> list[Fact]:
    return [
        Fact(scan.practice_id, scan.key_id, 1_790_000_000, scan.key_id.bytes * 2)
        for scan in scans[:NUMBER]
    ]


def whole(scans: list[Scan]) -> Replayed:
    replayed = replay(ledger_of(scans))
    complete(replayed.erasures)
    return replayed


def told(practice: Practice, action: Action) -> int:
    """How often the log says it, each of another scan."""
    with practice_scope(practice.pk):
        assert first_broken() is None
        ids = list(Entry.objects.filter(action=action).values_list("object_id", flat=True))
    assert len(ids) == len(set(ids))
    return len(ids)


def nothing_opens(practice: Practice) -> bool:
    """But the one that was never erased."""
    with practice_scope(practice.pk):
        return ReportKey.objects.count() == 1


def require_all_erased_again(practice: Practice, scans: list[Scan]) -> None:
    assert came_back(practice.pk) == waiting(practice) == []
    assert (left(practice), nothing_opens(practice)) == (1, True)
    assert told(practice, Action.ERASURE_REPLAYED) == NUMBER
    assert told(practice, Action.ERASURE_VERIFIED) == NUMBER
    assert told(practice, Action.ERASURE_REQUESTED) == 0
    with practice_scope(practice.pk):
        assert set(Erasure.objects.values_list("reason", flat=True)) == {Erasure.Reason.REPLAY}
        buried = {bytes(digest) for digest in Tombstone.objects.values_list("digest", flat=True)}
        assert {fact.tombstone for fact in ledger_of(scans)} <= buried
    assert [objects.is_empty(scan.prefix) for scan in scans] == [True] * NUMBER + [False]


def test_all_that_came_back_goes_in_batches_and_nothing_else(
    practice: Practice, scans: list[Scan], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def counting(**given: object) -> object:
        sizes.append(len(given["scans"]))  # type: ignore[arg-type]
        return request_erasures(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "request_erasures", counting)
    replayed = whole(scans)
    assert (replayed.keys, len(replayed.erasures), sizes) == (NUMBER, NUMBER, [2, 2, 1])
    require_all_erased_again(practice, scans)


@pytest.mark.parametrize("step", [f"{DOMAIN}.removal.{step}" for step in BEFORE])
def test_killed_over_a_batch_s_rows_nothing_opens_and_the_next_replay_erases_them(
    practice: Practice, scans: list[Scan], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(step, the_second_time(step))
        assert killed(lambda: whole(scans))
    assert nothing_opens(practice)
    assert len(came_back(practice.pk)) == NUMBER - 2
    # What the first one had requested is among what is completed now.
    assert len(whole(scans).erasures) == NUMBER
    require_all_erased_again(practice, scans)


@pytest.mark.parametrize("moment", AFTER)
def test_killed_while_deleting_the_next_replay_and_the_workers_go_on(
    practice: Practice, scans: list[Scan], moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        name, step = AFTER[moment]
        dying.setattr(f"{DOMAIN}.{name}", step)
        assert killed(lambda: whole(scans))
    assert came_back(practice.pk) == []
    assert nothing_opens(practice)
    replayed = replay(ledger_of(scans))
    # The batch that the dead one held is left to whoever comes once its lease is over.
    assert (len(replayed.erasures), len(complete(replayed.erasures))) == (NUMBER, 2)
    work_off(practice)
    require_all_erased_again(practice, scans)


def test_a_row_that_somebody_holds_stops_the_replay_with_a_sentence(
    practice: Practice, scans: list[Scan]
) -> None:
    """Nothing may be marked as replayed over rows that are still there."""

    def replaying() -> None:
        whole(scans)

    with practice_scope(practice.pk):
        Scan.objects.select_for_update().get(pk=scans[0].pk)
        with pytest.raises(StillHeld, match="1 scans of practice"):
            beside(replaying)
    connections.close_all()
    assert len(whole(scans).erasures) == NUMBER
    require_all_erased_again(practice, scans)


def the_second_time(name: str) -> Callable[..., object]:
    """As it is the first time; then the process dies."""
    calls = []
    real: Callable[..., object] = resolve_name(name)

    def once(*args: object, **given: object) -> object:
        calls.append(1)
        return real(*args, **given) if len(calls) == 1 else die()

    return once
