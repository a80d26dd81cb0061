"""The log: words only, append only, and whoever changes it is found."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from audit.chain import SYSTEM, Who, first_broken, record
from audit.models import Entry
from audit.words import Action, Actor, Count
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from tests.conftest import superuser_connection


@pytest.mark.usefixtures("scope")
def test_entries_count_up_and_verify() -> None:
    for _ in range(3):
        record(Action.SCAN_VIEWED, who=Who(Actor.STAFF, 7), counts={Count.OBJECTS: 2})
    assert list(Entry.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3]
    assert first_broken() is None


@pytest.mark.usefixtures("scope")
@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "Somebody opened a report"},
        {"action": Action.SCAN_VIEWED, "counts": {"note": 1}},
        {"action": Action.SCAN_VIEWED, "counts": {Count.BYTES: "patient@example.org"}},
        {"action": Action.SCAN_VIEWED, "counts": {Count.BYTES: 1.5}},
        {"action": Action.SCAN_VIEWED, "counts": {Count.BYTES: True}},
    ],
)
def test_nothing_but_words_and_whole_numbers_can_be_written(wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        record(who=SYSTEM, **wrong)
    assert Entry.objects.count() == 0


@pytest.fixture
def chain(committed: None) -> Practice:
    """Five committed entries of one practice and two of another."""
    practice = create_practice(name="Demo practice", email="practice@example.org")
    other = create_practice(name="Another practice", email="another@example.org")
    for owner, count in ((practice, 5), (other, 2)):
        with practice_scope(owner.pk):
            for _ in range(count):
                record(Action.SCAN_VIEWED, who=SYSTEM, counts={Count.OBJECTS: 1})
    return practice


@pytest.mark.parametrize(
    ("tamper", "found_at"),
    [
        ("UPDATE audit_entry SET counts = '{}' WHERE sequence = 3 AND practice_id = %s", 3),
        ("UPDATE audit_entry SET at = now() WHERE sequence = 1 AND practice_id = %s", 1),
        ("DELETE FROM audit_entry WHERE sequence = 2 AND practice_id = %s", 2),
        ("DELETE FROM audit_entry WHERE sequence = 5 AND practice_id = %s", 5),
        ("DELETE FROM audit_entry WHERE practice_id = %s", 1),
        (
            "UPDATE audit_entry SET sequence=9-sequence WHERE sequence > 3 AND practice_id = %s",
            4,
        ),
    ],
)
def test_a_superuser_who_changes_the_log_is_found(
    chain: Practice, tamper: str, found_at: int
) -> None:
    with superuser_connection() as server:
        server.execute("SET session_replication_role = replica")
        server.execute("ALTER TABLE audit_entry DROP CONSTRAINT entry_sequence")
        server.execute(tamper, [chain.pk])
    with practice_scope(chain.pk):
        assert first_broken() == found_at


def test_an_entry_forged_at_the_end_is_found(chain: Practice) -> None:
    with superuser_connection() as server:
        server.execute(
            "INSERT INTO audit_entry (practice_id, sequence, at, actor, action, counts, hash)"
            " VALUES (%s, 6, now(), 'system', 'scan.viewed', %s, %s)",
            [chain.pk, Jsonb({}), bytes(32)],
        )
    with practice_scope(chain.pk):
        assert first_broken() == 6
