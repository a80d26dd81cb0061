"""Storage and database know of each other's every object, and what is odd is repaired or told."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models.functions import Now

from audit.models import Entry
from audit.words import Action
from dermalia.sealing import objects
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.domain.needs import Need, count_needs
from reports.models import Report
from retention.domain import reconcile as module
from retention.domain.reconcile import MISSING, compare, reconcile, register_owner
from retention.models import Reconciliation
from retention.queries import overdue
from scans.models import Asset, Scan

A_DAY = 86_400.0


def bucket() -> Any:
    storage: Any = storages["objects"]
    return storage.bucket


@pytest.fixture
def practice(committed: None) -> Practice:
    """In a real transaction: rows are compared by a connection of another role."""
    return create_practice(name="Demo practice", email="practice@example.org")


@pytest.fixture(autouse=True)
def clean_bucket() -> None:
    """What other tests left belongs to nobody here."""
    for entry in bucket().objects.all():
        entry.delete()


@pytest.fixture(autouse=True)
def whatever_its_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ORPHAN_AGE", timedelta(0))
    monkeypatch.setattr(module, "ROW_AGE", timedelta(0))


def put(name: str) -> str:
    bucket().put_object(Key=name, Body=b"sealed")
    return name


def names() -> list[str]:
    return [entry.key for entry in bucket().objects.all()]


def an_asset(report: Report) -> Asset:
    with practice_scope(report.practice_id):
        found = Asset.objects.filter(scan_id=report.scan_id, stored_at__isnull=False).first()
    assert found is not None
    return found


def shard(report: Report) -> module.Shard:
    return compare(report.scan.prefix[:2])


def test_what_belongs_together_is_left_alone(report: Report) -> None:
    before = names()
    found = shard(report)
    assert (found.objects, found.rows) == (len(before), len(before))
    assert (found.orphans, found.missing, found.strangers) == (0, 0, 0)
    assert names() == before


def test_an_object_whose_row_has_gone_is_deleted(report: Report) -> None:
    orphan = put(objects.new_name(report.scan.prefix))
    found = shard(report)
    assert (found.orphans, found.deleted) == (1, 1)
    assert orphan not in names()


def test_a_young_one_is_left_to_whoever_is_at_it(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ORPHAN_AGE", timedelta(days=1))
    orphan = put(objects.new_name(report.scan.prefix))
    assert shard(report).orphans == 0
    assert orphan in names()


def test_what_is_not_named_as_ours_is_told_and_kept(report: Report) -> None:
    stranger = put(f"{report.scan.prefix[:2]}-notes.txt")
    found = shard(report)
    assert (found.strangers, found.deleted) == (1, 0)
    assert stranger in names()


def test_what_another_app_has_a_row_for_is_kept(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_owners", [])
    theirs = put(objects.new_name(report.scan.prefix))
    register_owner(lambda asked: {theirs} & set(asked))
    assert shard(report).orphans == 0
    assert theirs in names()


def test_an_older_database_deletes_nothing(report: Report) -> None:
    """As after a restore: most objects of the shard have no row any more."""
    with practice_scope(report.practice_id):
        Asset.objects.all().delete()
    for _ in range(30):
        put(objects.new_name(report.scan.prefix))
    before = names()
    found = shard(report)
    assert found.orphans == len(before)
    assert found.deleted == 0
    assert names() == before


def test_a_scan_whose_file_is_missing_needs_attention(report: Report) -> None:
    lost = an_asset(report)
    storages["objects"].delete(lost.object_name)
    assert shard(report).missing == 1
    assert shard(report).missing == 1
    with practice_scope(report.practice_id):
        assert Scan.objects.get().last_error == MISSING
        assert count_needs(report.practice_id).scans[Need.FAILED] == 1
        assert Entry.objects.filter(action=Action.OBJECT_MISSING).count() == 1


def test_a_row_that_promises_no_object_yet_is_no_gap(report: Report) -> None:
    lost = an_asset(report)
    storages["objects"].delete(lost.object_name)
    with practice_scope(report.practice_id):
        Asset.objects.filter(pk=lost.pk).update(stored_at=None)
    assert shard(report).missing == 0


def test_a_round_goes_on_where_it_was_broken_off(report: Report) -> None:
    begun = reconcile(seconds=0)
    assert begun is not None
    assert begun.ended_at is None
    Reconciliation.objects.update(shard=255)
    row = reconcile(seconds=A_DAY)
    assert row is not None
    assert (row.pk, row.shard) == (begun.pk, 256)
    assert row.ended_at is not None
    assert reconcile(seconds=A_DAY) is None  # not again on the same day


def test_two_workers_make_one_round(committed: None) -> None:
    begun = reconcile(seconds=0)
    assert begun is not None
    Reconciliation.objects.update(leased_until=Now() + timedelta(minutes=1))
    assert reconcile(seconds=A_DAY) is None
    Reconciliation.objects.update(leased_until=Now() - timedelta(minutes=1))
    assert reconcile(seconds=0) is not None
    assert Reconciliation.objects.count() == 1


def test_the_command_makes_a_round_and_says_what_it_found(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    number = len(names())
    call_command("retention", "reconcile")
    assert f"{number} objects and {number} rows compared" in capsys.readouterr().out
    storages["objects"].delete(an_asset(report).object_name)
    put(f"{uuid4().hex}/{uuid4().hex}")
    with pytest.raises(CommandError, match="needs a look"):
        call_command("retention", "reconcile")
    assert "1 of them deleted" in capsys.readouterr().out
    assert overdue().missing == 1
