"""Many rows by one statement: what is given is kept, the rest is the database's, guards hold."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import Error, IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backups.models import LedgerNote
from dermalia.tenancy import practice_scope
from dermalia.tenancy.inserting import insert_all
from practices.models import Practice
from retention.models import Erasure
from scans.models import Tombstone


def erasure(practice_id: int, **columns: object) -> Erasure:
    return Erasure(
        practice_id=practice_id,
        reason=Erasure.Reason.DUE,
        scan_id=uuid4(),
        key_id=uuid4(),
        prefix="a",
        **columns,
    )


def test_each_row_is_as_bulk_create_would_have_made_it(practice: Practice) -> None:
    later = timezone.now() + timedelta(minutes=3)
    told = {"files": {"still": 2}, "rows": {}, "ä'\\{},%s": None}
    rows = [
        erasure(practice.pk, inventory=told, bytes_erased=2**40, log_hash=b"\x00'\\%s\xff"),
        erasure(practice.pk, due_on=later.date(), purpose="medical", last_error="{a,\"b\",'c'} %s"),
        erasure(practice.pk, settles_at=later),
    ]
    with practice_scope(practice.pk), CaptureQueriesContext(connection) as statements:
        insert_all(rows)
    inserts = [one for one in statements.captured_queries if one["sql"].startswith("INSERT")]
    assert len(inserts) == 2  # of those that leave the same to the database
    with practice_scope(practice.pk):
        for row in rows:
            stored = Erasure.objects.get(pk=row.pk)
            databases_own = {"requested_at", "settles_at", "next_attempt_at"}
            for field in Erasure._meta.concrete_fields:
                if field.name not in databases_own:
                    kept = getattr(stored, field.attname)
                    kept = bytes(kept) if isinstance(kept, memoryview) else kept
                    assert kept == getattr(row, field.attname), field.name
            assert abs(stored.requested_at - timezone.now()) < timedelta(minutes=1)
        assert Erasure.objects.get(pk=rows[2].pk).settles_at == later
        assert Erasure.objects.get(pk=rows[0].pk).settles_at < later


def test_what_is_there_already_is_left_out_if_asked(practice: Practice) -> None:
    key_id = uuid4()
    with practice_scope(practice.pk):
        notes = [
            LedgerNote(practice_id=practice.pk, key_id=key, tombstone=tombstone)
            for key, tombstone in ((key_id, b"1" * 32), (uuid4(), None))
        ]
        insert_all(notes[:1])
        insert_all(notes, ignore_conflicts=True)
        assert LedgerNote.objects.count() == 2
        with pytest.raises(IntegrityError), transaction.atomic():
            insert_all(notes[:1])


def test_no_row_gets_into_another_practice(practice: Practice) -> None:
    rows = [Tombstone(practice_id=number, digest=b"1") for number in (practice.pk, practice.pk + 1)]
    with practice_scope(practice.pk):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            insert_all(rows)
        assert not Tombstone.objects.exists()


def test_what_is_too_long_is_refused_and_not_cut_off(practice: Practice) -> None:
    with practice_scope(practice.pk):
        with pytest.raises(Error, match="too long"), transaction.atomic():
            insert_all([erasure(practice.pk), erasure(practice.pk, last_error="x" * 301)])
        assert not Erasure.objects.exists()


def test_of_no_rows_nothing_is_asked(practice: Practice) -> None:
    with CaptureQueriesContext(connection) as statements:
        insert_all([])
    assert not statements.captured_queries
