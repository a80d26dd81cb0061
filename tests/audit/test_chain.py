"""The log: words only, append only, and whoever changes it is found."""

from datetime import timedelta
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from audit.chain import SYSTEM, Note, Who, first_broken, record, record_all
from audit.models import Entry, Head
from audit.words import Action, Actor, Count
from dermalia.tenancy import practice_scope
from practices.models import Practice
from tests.audit.support import tampering


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


@pytest.mark.usefixtures("scope")
def test_an_entry_costs_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(2):
        first = record(Action.SCAN_VIEWED, who=SYSTEM)
    with django_assert_num_queries(2):
        second = record(Action.SCAN_VIEWED, who=SYSTEM)
    assert list(Entry.objects.order_by("sequence")) == [first, second]


@pytest.mark.usefixtures("scope")
def test_what_is_returned_is_what_is_stored() -> None:
    written = record(
        Action.FILE_VIEWED,
        who=Who(Actor.STAFF, 7),
        object_id=uuid4(),
        counts={Count.ROWS: 2, Count.BYTES: 5},
    )
    stored = Entry.objects.get(pk=written.pk)
    for field in Entry._meta.get_fields():
        assert getattr(stored, field.name) == getattr(written, field.name), field.name


@pytest.mark.usefixtures("scope")
def test_times_never_run_backwards_even_if_the_clock_did() -> None:
    ahead = record(Action.SCAN_VIEWED, who=SYSTEM).at + timedelta(hours=1)
    Head.objects.update(at=ahead)
    assert [record(Action.SCAN_VIEWED, who=SYSTEM).at for _ in range(2)] == [ahead, ahead]
    assert first_broken() is None


@pytest.mark.usefixtures("scope")
def test_a_head_from_before_it_bore_a_time_goes_on() -> None:
    record(Action.SCAN_VIEWED, who=SYSTEM)
    Head.objects.update(at=None)
    record(Action.SCAN_VIEWED, who=SYSTEM)
    assert first_broken() is None


@pytest.mark.usefixtures("scope")
def test_being_interrupted_between_the_two_statements_leaves_the_chain_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record(Action.SCAN_VIEWED, who=SYSTEM)
    with monkeypatch.context() as patch:
        patch.setattr("audit.chain.digest", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            record(Action.SCAN_VIEWED, who=SYSTEM)
    assert first_broken() is None
    assert record(Action.SCAN_VIEWED, who=SYSTEM).sequence == 2


def change_third(column: str, value: str) -> str:
    where = "WHERE sequence = 3 AND practice_id = %s"
    return f"UPDATE audit_entry SET {column} = {value} {where}"


@pytest.mark.parametrize(
    ("tamper", "found_at"),
    [
        (change_third("counts", "'{}'"), 3),
        (change_third("actor_id", "7"), 3),
        (change_third("at", "now()"), 3),
        (change_third("at", "'infinity'"), 3),
        (change_third("at", "(at::text || ' BC')::timestamptz"), 3),
        (change_third("counts", "(repeat('[', 3000) || repeat(']', 3000))::jsonb"), 3),
        (change_third("counts", """('{"bytes": 1' || repeat('0', 9999) || '}')::jsonb"""), 3),
        (change_third("hash", r"'\x00'"), 3),
        ("UPDATE audit_entry SET at = now() WHERE sequence = 1 AND practice_id = %s", 1),
        ("UPDATE audit_entry SET practice_id = 4711 WHERE sequence = 2 AND practice_id = %s", 2),
        ("DELETE FROM audit_entry WHERE sequence = 2 AND practice_id = %s", 2),
        ("DELETE FROM audit_entry WHERE sequence = 5 AND practice_id = %s", 5),
        ("DELETE FROM audit_entry WHERE practice_id = %s", 1),
        ("DELETE FROM audit_head WHERE practice_id = %s", 1),
        ("UPDATE audit_head SET sequence = 4 WHERE practice_id = %s", 5),
        ("UPDATE audit_head SET sequence = 6 WHERE practice_id = %s", 6),
        (r"UPDATE audit_head SET hash = '\x00' WHERE practice_id = %s", 6),
    ],
)
def test_a_superuser_who_changes_the_log_is_found(
    practices: tuple[Practice, Practice], tamper: str, found_at: int
) -> None:
    with tampering() as server:
        server.execute(tamper, [practices[0].pk])
    with practice_scope(practices[0].pk):
        assert first_broken() == found_at
    with practice_scope(practices[1].pk):
        assert first_broken() is None


def test_two_entries_that_changed_places_are_found(
    renewed: None, practices: tuple[Practice, Practice]
) -> None:
    with tampering() as server:
        server.execute("ALTER TABLE audit_entry DROP CONSTRAINT entry_sequence")
        server.execute("UPDATE audit_entry SET sequence = 9 - sequence WHERE sequence > 3")
    with practice_scope(practices[0].pk):
        assert first_broken() == 4


def test_one_number_twice_is_found(renewed: None, practices: tuple[Practice, Practice]) -> None:
    with tampering() as server:
        server.execute("ALTER TABLE audit_entry DROP CONSTRAINT entry_sequence")
        server.execute("UPDATE audit_entry SET sequence = 4 WHERE sequence = 5")
    with practice_scope(practices[0].pk):
        assert first_broken() == 5


@pytest.mark.usefixtures("scope")
def test_an_empty_log_whose_head_was_changed_is_found() -> None:
    record(Action.SCAN_VIEWED, who=SYSTEM)
    Head.objects.update(sequence=0, hash=bytes(31) + b"x")
    assert first_broken() == 1


@pytest.mark.parametrize("whole", [True, False])
def test_an_entry_forged_at_the_end_is_found(
    practices: tuple[Practice, Practice], whole: bool
) -> None:
    with practice_scope(practices[0].pk):
        record(Action.SCAN_VIEWED, who=SYSTEM)
    with tampering() as server:
        server.execute(
            "UPDATE audit_head SET (sequence, hash) = (SELECT sequence, hash FROM audit_entry"
            " WHERE practice_id = %(practice)s AND sequence = 5) WHERE practice_id = %(practice)s",
            {"practice": practices[0].pk},
        )
        if not whole:
            server.execute(r"UPDATE audit_entry SET hash = '\x00' WHERE sequence = 6")
    with practice_scope(practices[0].pk):
        assert first_broken() == 6


@pytest.mark.usefixtures("scope")
def test_many_notes_are_one_chain_with_what_was_there() -> None:
    before = record(Action.SCANS_LISTED, who=SYSTEM)
    ids = [uuid4() for _ in range(3)]
    notes = [Note(Action.SCAN_VIEWED, one, {Count.ROWS: n}) for n, one in enumerate(ids)]
    entries = record_all([*notes, Note(Action.SCANS_LISTED)], who=SYSTEM)
    record(Action.SCANS_LISTED, who=SYSTEM)
    assert [entry.sequence - before.sequence for entry in entries] == [1, 2, 3, 4]
    for entry in entries:
        assert Entry.objects.get(pk=entry.pk).hash == entry.hash
    told = Entry.objects.filter(object_id__in=ids).order_by("sequence")
    assert [(entry.object_id, entry.counts) for entry in told] == [
        (one, {"rows": n}) for n, one in enumerate(ids)
    ]
    assert first_broken() is None


@pytest.mark.usefixtures("scope")
def test_one_note_that_is_none_keeps_all_of_them_out() -> None:
    wrong = Note(Action.SCAN_VIEWED, uuid4(), {Count.ROWS: "many"})  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        record_all([Note(Action.SCANS_LISTED), wrong], who=SYSTEM)
    assert record_all([], who=SYSTEM) == []
    assert not Entry.objects.exists()
