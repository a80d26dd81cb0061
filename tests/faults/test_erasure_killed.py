"""A worker killed at any step of an erasure: unreadable at once, gone in the end, said once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from audit.access import record_access
from audit.chain import SYSTEM, first_broken
from audit.models import Entry
from audit.words import Action
from dermalia.sealing import keys, objects
from dermalia.tenancy import practice_scope
from reports.models import Report
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure
from tests.faults.processes import die, killed

DOMAIN = "retention.domain"


def request(report: Report) -> Erasure:
    with practice_scope(report.practice_id):
        return request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=SYSTEM)


def complete(erasure: Erasure) -> Erasure:
    complete_erasure(practice_id=erasure.practice_id, erasure_id=erasure.pk)
    with practice_scope(erasure.practice_id):
        return Erasure.objects.get(pk=erasure.pk)


def lease_over(erasure: Erasure) -> None:
    """As when the dead worker's supervisor gives back what it held, or its lease has run out."""
    with practice_scope(erasure.practice_id):
        Erasure.objects.update(leased_until=Now() - timedelta(seconds=1))


def told(report: Report) -> list[str]:
    with practice_scope(report.practice_id):
        assert first_broken() is None
        rows = Entry.objects.filter(action__startswith="erasure.").order_by("sequence")
        return list(rows.values_list("action", flat=True))


def half_of_them(prefix: str) -> int:
    names = objects.list_prefix(prefix)
    objects.delete_names(names[: len(names) // 2])
    return die()


def all_of_them(prefix: str) -> int:
    DELETE(prefix)
    return die()


DELETE = objects.delete_prefix
MOMENTS: dict[str, tuple[str, Callable[..., object]]] = {
    "before the first object": ("erase.objects.delete_prefix", die),
    "between two objects": ("erase.objects.delete_prefix", half_of_them),
    "after the last object": ("erase.objects.delete_prefix", all_of_them),
    "before the looking": ("erase.objects.is_empty", die),
    "while saying so": ("verification.record_all", die),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_deleting_it_is_taken_up_and_verified_once(
    report: Report, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = report.scan
    erasure = request(report)
    with monkeypatch.context() as dying:
        name, step = MOMENTS[moment]
        dying.setattr(f"{DOMAIN}.{name}", step)
        assert killed(lambda: complete(erasure))
    with practice_scope(scan.practice_id), pytest.raises(keys.KeyDestroyed):
        keys.unlock(scan.key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))
    assert told(report) == [Action.ERASURE_REQUESTED]
    assert complete(erasure).state == Erasure.State.REQUESTED  # somebody seems to be at it
    lease_over(erasure)
    assert complete(erasure).state == Erasure.State.VERIFIED
    assert objects.is_empty(scan.prefix)
    assert told(report) == [Action.ERASURE_REQUESTED, Action.ERASURE_VERIFIED]
    assert complete(erasure).attempts == 0


STEPS = [
    "removal.keys.destroy_all",
    "removal.delete_rows",
    "removal.bury_all",
    "removal.record_all",
    "erase.nudge",
]


@pytest.mark.parametrize("step", STEPS)
def test_killed_while_requesting_nothing_has_happened(
    report: Report, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(f"{DOMAIN}.{step}", die)
        assert killed(lambda: request(report))
    with practice_scope(report.practice_id):
        assert Report.objects.filter(pk=report.pk, link__isnull=False).exists()
        assert not Erasure.objects.exists()
        keys.unlock(report.scan.key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))
    assert told(report) == []
    assert complete(request(report)).state == Erasure.State.VERIFIED
