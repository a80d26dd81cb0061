"""A rotation of keys killed half way: both versions open, the next one ends it, none is lost."""

import io
from uuid import UUID

import pytest
from django.core.management import call_command

from audit.access import record_access
from audit.chain import SYSTEM, first_broken
from audit.words import Action
from dermalia.sealing import keys, objects, rotation
from dermalia.sealing.models import PracticeKey, ReportKey
from dermalia.tenancy import practice_scope
from practices.models import Practice
from tests.faults.processes import die, killed

REPORTS = 10


@pytest.fixture
def sealed(practice: Practice) -> list[tuple[UUID, str]]:
    """Report keys, each with an object."""
    made = []
    with practice_scope(practice.pk):
        for _ in range(REPORTS):
            key_id, name = keys.create_report_key(), objects.new_name(objects.new_prefix())
            objects.put(unlock(key_id), name, [b"a face"], length=6)
            made.append((key_id, name))
    return made


def unlock(key_id: UUID) -> keys.UnlockedKey:
    return keys.unlock(key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))


def all_open(practice: Practice, sealed: list[tuple[UUID, str]]) -> bool:
    with practice_scope(practice.pk):
        return all(objects.read_all(unlock(key), name) == b"a face" for key, name in sealed)


def rotate(practice: Practice) -> None:
    call_command("keys", "rotate-practice", str(practice.pk), stdout=io.StringIO())


def test_killed_at_half_of_the_keys_nothing_is_lost_and_the_next_run_ends_it(
    practice: Practice, sealed: list[tuple[UUID, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", REPORTS // 2)
    with monkeypatch.context() as dying:
        real = rotation._rewrap_batch
        calls: list[int] = []

        def one_batch_and_no_more(practice_id: int) -> int:
            calls.append(practice_id)
            return real(practice_id, size=REPORTS // 2) if len(calls) == 1 else die()

        dying.setattr(rotation, "_rewrap_batch", one_batch_and_no_more)
        assert killed(lambda: rotate(practice))
    with practice_scope(practice.pk):
        half = set(ReportKey.objects.values_list("practice_key_version", flat=True))
        assert half == {1, 2}
    assert all_open(practice, sealed)
    rotation.finish_rotation(practice_id=practice.pk)
    with practice_scope(practice.pk):
        assert ReportKey.objects.count() == REPORTS
        assert set(ReportKey.objects.values_list("practice_key_version", flat=True)) == {2}
        assert [row.version for row in PracticeKey.objects.all()] == [2]
        assert first_broken() is None
    assert all_open(practice, sealed)
