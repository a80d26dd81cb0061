"""The erasure drill: something made up is erased, and nothing that lives is touched."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import ProgrammingError
from django.test import override_settings

from backups import shelf, tasks
from backups.domain import drilling, erasure_drill, erasure_proof, synthetic
from backups.domain.schedule import now
from backups.kinds import Kind
from backups.models import ErasureDrill
from dermalia.sealing import objects
from practices.models import Practice
from tests.backups.test_drill import environment, rows_of_everything, scratch_tables

__all__ = ["environment"]  # a fixture, used by every test


def drill(*words: str) -> str:
    said = io.StringIO()
    call_command("erasure_drill", *words, stdout=said)
    return said.getvalue()


def stored_objects() -> set[str]:
    return {entry.key for entry in objects._storage().bucket.objects.all()}


def test_a_drill_erases_what_it_made_up_and_touches_nothing_that_lives(practice: Practice) -> None:
    rows, stored = rows_of_everything(), stored_objects()
    said = drill()
    result = ErasureDrill.objects.get()
    assert (result.passed, result.problem) == (True, "")
    assert result.objects_erased >= len(synthetic.FILE_BYTES)
    assert result.rows >= len({"scan", "name", "report", *synthetic.FILE_BYTES})
    assert 0 < result.seconds < settings.ERASURE_LIMIT_SECONDS
    assert f"{result.rows} rows and {result.objects_erased} objects are gone" in said
    changed = {name for name, number in rows_of_everything().items() if number != rows[name]}
    assert changed == {"public.backups_erasuredrill"}
    assert stored_objects() == stored
    assert scratch_tables() == 0
    assert shelf.manifests(Kind.DATA) == []  # it needs no backup


def test_a_storage_that_is_away_fails_the_drill_and_is_told(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DERMALIA_S3_BUCKET", "no-such-bucket-of-anybody")
    with pytest.raises(CommandError, match=r"failed: It broke off: .*NoSuchBucket"):
        drill()
    result = ErasureDrill.objects.get()
    assert not result.passed
    assert "NoSuchBucket" in result.problem
    assert scratch_tables() == 0


# What could go wrong with an erasure, by whatever mistake of whoever changes it next.


def _left_in_storage(patch: pytest.MonkeyPatch) -> None:
    """It says that all is gone, and looks nowhere."""
    blind = SimpleNamespace(delete_prefix=lambda prefix: 2, is_empty=lambda prefix: True)
    patch.setattr("retention.domain.erase.objects", blind)


def _left_in_storage_and_known(patch: pytest.MonkeyPatch) -> None:
    lame = SimpleNamespace(delete_prefix=lambda prefix: 0, is_empty=objects.is_empty)
    patch.setattr("retention.domain.erase.objects", lame)


def _key_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("retention.domain.removal.keys", SimpleNamespace(destroy_all=len))


def _link_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("retention.domain.removal.disable_all", lambda report_ids: None)


def _no_tombstone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("retention.domain.removal.bury_all", lambda scans: None)


def _too_slow(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(settings, "ERASURE_LIMIT_SECONDS", 0)


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (_left_in_storage, "storage still has an object"),
        (_left_in_storage_and_known, "not verified. Something of the report is still there"),
        (_key_kept, "the key still opens"),
        (_link_kept, "the link still leads"),
        (_no_tombstone, "missing in the note for the ledger outside"),
        (_too_slow, "more than is promised"),
    ],
)
def test_an_erasure_that_leaves_something_fails_the_drill(
    break_it: Callable[[pytest.MonkeyPatch], None],
    says: str,
    practice: Practice,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored = stored_objects()
    break_it(monkeypatch)
    assert says in erasure_proof.prove().problem
    assert stored_objects() == stored  # whatever came of it


def test_a_scan_that_never_opened_proves_nothing(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def store_other_bytes(made: synthetic.Synthetic) -> None:
        other = {name: content[::-1] for name, content in made.files.items()}
        synthetic.store(replace(made, files=other))

    monkeypatch.setattr(erasure_proof, "store", store_other_bytes)
    found = erasure_proof.prove()
    assert "Before the erasure a file did not open" in found.problem
    assert found.rows == 0


@pytest.mark.usefixtures("committed")
def test_where_nothing_is_set_up_it_says_what_to_set() -> None:
    with (
        override_settings(DRILL_DATABASE=""),
        pytest.raises(CommandError, match="DERMALIA_DRILL_DATABASE names no database"),
    ):
        drill()
    assert not ErasureDrill.objects.exists()


def test_nothing_is_made_up_in_a_database_that_is_in_use(practice: Practice) -> None:
    before = rows_of_everything()
    with pytest.raises(CommandError, match="not empty"):
        drill("--inside")
    assert rows_of_everything() == before


@pytest.mark.usefixtures("committed")
def test_it_is_due_at_first_and_then_every_month(monkeypatch: pytest.MonkeyPatch) -> None:
    assert erasure_drill.is_due()
    with override_settings(DRILL_DATABASE=""):
        assert not erasure_drill.is_due()
    ErasureDrill.objects.create(passed=False)
    assert not erasure_drill.is_due()
    assert drill("--if-due") == ""
    at = now()
    monkeypatch.setattr(erasure_drill, "now", lambda: at + timedelta(days=31))
    assert erasure_drill.is_due()


def test_both_drills_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """They fill the same database."""
    started: list[str] = []
    due = {"erasure": True, "restore": True}
    monkeypatch.setattr(tasks, "_start", lambda *command: started.append(command[0]))
    monkeypatch.setattr(erasure_drill, "is_due", lambda: due["erasure"])
    monkeypatch.setattr(drilling, "is_due", lambda: due["restore"])
    for name in ("erasure", "restore"):
        tasks.drill_due()
        due[name] = False
    tasks.drill_due()
    assert started == ["erasure_drill", "drill"]


@pytest.mark.usefixtures("committed")
def test_what_it_found_is_written_once() -> None:
    result = ErasureDrill.objects.create(passed=False, problem="The key was kept.")
    with pytest.raises(ProgrammingError, match="written once"):
        ErasureDrill.objects.update(passed=True)
    with pytest.raises(ProgrammingError, match="written once"):
        result.delete()
