"""A sweep of many is cut off, held up or lied to: each report is erased once, and said so once."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from audit.chain import first_broken
from audit.models import Entry
from audit.words import Action
from dermalia.sealing import objects
from dermalia.sealing.models import LedgerEntry, ReportKey
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.models import Report
from retention.domain.due import erase_due_reports
from retention.domain.erase import complete_erasure, request_erasures
from retention.models import Erasure
from scans.models import Connection, Scan
from tests.faults.processes import die, killed
from tests.faults.storage import VersionedStorage
from tests.retention.rows import add_reports, left

DOMAIN = "retention.domain"


@pytest.fixture
def storage(settings: Settings) -> Iterator[VersionedStorage]:
    with VersionedStorage() as running:
        kept = settings.STORAGES["objects"]
        options = kept["OPTIONS"] | {"endpoint_url": running.url}
        settings.STORAGES = {**settings.STORAGES, "objects": {**kept, "OPTIONS": options}}
        yield running


def add_due(account: Connection, number: int) -> list[Scan]:
    """Due reports, each with a key and two objects in storage."""
    ids = add_reports(account, number, due_in=0)
    with practice_scope(account.practice_id):
        scans = list(Scan.objects.filter(pk__in=ids).order_by("pk"))
    for scan in scans:
        for name in "ab":
            objects._storage().bucket.put_object(Key=f"{scan.prefix}/{name}", Body=b"sealed")
    return scans


def sweep(practice: Practice) -> int:
    return erase_due_reports(practice_id=practice.pk)


def told(practice: Practice) -> tuple[int, int]:
    """How often the log says "requested" and "verified", each of another scan."""
    with practice_scope(practice.pk):
        assert first_broken() is None
        counts = []
        for action in (Action.ERASURE_REQUESTED, Action.ERASURE_VERIFIED):
            ids = list(Entry.objects.filter(action=action).values_list("object_id", flat=True))
            assert len(ids) == len(set(ids))
            counts.append(len(ids))
    return counts[0], counts[1]


def waiting(practice: Practice) -> list[Erasure]:
    with practice_scope(practice.pk):
        return list(Erasure.objects.filter(state=Erasure.State.REQUESTED))


def work_off(practice: Practice) -> None:
    """What workers do with rows that are due once the dead one's leases are over."""
    with practice_scope(practice.pk):
        Erasure.objects.filter(state=Erasure.State.REQUESTED).update(
            leased_until=Now() - timedelta(seconds=1), next_attempt_at=Now()
        )
    for erasure in waiting(practice):
        complete_erasure(practice_id=practice.pk, erasure_id=erasure.pk)


DELETE = objects.delete_prefixes


def half_of_them(prefixes: Sequence[str]) -> object:
    DELETE(prefixes[: len(prefixes) // 2])
    return die()


def all_of_them(prefixes: Sequence[str]) -> object:
    DELETE(prefixes)
    return die()


AFTER: dict[str, tuple[str, Callable[..., object]]] = {
    "before the first object": ("erase.objects.delete_prefixes", die),
    "between two objects": ("erase.objects.delete_prefixes", half_of_them),
    "after the last object": ("erase.objects.delete_prefixes", all_of_them),
    "before the looking": ("erase.objects.not_empty", die),
    "while saying so": ("verification.record_all", die),
    "while telling the rows": ("verification._tell_rows", die),
}


@pytest.mark.parametrize("moment", AFTER)
def test_killed_while_deleting_the_batch_is_unreadable_and_verified_in_the_end(
    practice: Practice, account: Connection, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = add_due(account, 4)
    with monkeypatch.context() as dying:
        name, step = AFTER[moment]
        dying.setattr(f"{DOMAIN}.{name}", step)
        assert killed(lambda: sweep(practice))
    assert left(practice) == 0
    assert told(practice) == (4, 0)
    with practice_scope(practice.pk):
        assert not ReportKey.objects.exists()
        assert LedgerEntry.objects.count() == 4
    work_off(practice)
    assert told(practice) == (4, 4)
    assert all(objects.is_empty(scan.prefix) for scan in scans)


BEFORE = ["keys.destroy_all", "delete_rows", "bury_all", "disable_all", "record_all"]


@pytest.mark.parametrize("step", BEFORE)
def test_killed_while_requesting_nothing_of_the_batch_has_happened(
    practice: Practice, account: Connection, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_due(account, 3)
    with monkeypatch.context() as dying:
        dying.setattr(f"{DOMAIN}.removal.{step}", die)
        assert killed(lambda: sweep(practice))
    assert left(practice) == 3
    with practice_scope(practice.pk):
        assert ReportKey.objects.count() == Report.objects.count() == 3
        assert not Erasure.objects.exists()
    assert told(practice) == (0, 0)
    assert sweep(practice) == 3
    assert told(practice) == (3, 3)


def test_killed_between_two_batches_it_goes_on_and_erases_each_once(
    practice: Practice, account: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{DOMAIN}.batches.BATCH", 2)
    add_due(account, 6)
    with monkeypatch.context() as dying:
        batches: list[Sequence[Scan]] = []

        def third_kills(**given: object) -> list[Erasure]:
            batches.append(given["scans"])  # type: ignore[arg-type]
            return die() if len(batches) == 3 else request_erasures(**given)  # type: ignore[arg-type]

        dying.setattr(f"{DOMAIN}.batches.request_erasures", third_kills)
        assert killed(lambda: sweep(practice))
    assert left(practice) == 2
    assert sweep(practice) == 2
    assert told(practice) == (6, 6)


def test_a_report_restricted_between_two_batches_stays(
    practice: Practice, account: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{DOMAIN}.batches.BATCH", 1)
    add_due(account, 2)

    def restricts_the_other(*, scans: Sequence[Scan], **given: object) -> list[Erasure]:
        with practice_scope(practice.pk):
            Report.objects.exclude(scan_id=scans[0].pk).update(
                restricted_at=Now(), restriction=Report.Restriction.CLAIMS
            )
        return request_erasures(scans=scans, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(f"{DOMAIN}.batches.request_erasures", restricts_the_other)
    assert sweep(practice) == 1
    assert left(practice) == 1


def test_storage_that_keeps_what_it_is_told_to_delete_gets_no_second_batch(
    storage: VersionedStorage,
    practice: Practice,
    account: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{DOMAIN}.batches.BATCH", 2)
    for scan_id in add_reports(account, 4, due_in=0):
        with practice_scope(practice.pk):
            storage.put(f"{Scan.objects.get(pk=scan_id).prefix}/a")
    storage.deletes_for_real = False
    assert sweep(practice) == 2
    assert left(practice) == 2
    assert told(practice) == (2, 0)
    assert {erasure.failures for erasure in waiting(practice)} == {1}
    storage.deletes_for_real = True
    work_off(practice)
    assert sweep(practice) == 2
    assert told(practice) == (4, 4)
    assert storage.versions == []


def test_what_storage_keeps_of_one_report_is_said_of_that_one_alone(
    storage: VersionedStorage, practice: Practice, account: Connection
) -> None:
    first, *others = add_reports(account, 3, due_in=0)
    with practice_scope(practice.pk):
        prefix = Scan.objects.get(pk=first).prefix
    storage.put(f"{prefix}/a")
    storage.deletes_for_real = False
    assert sweep(practice) == 3
    assert [erasure.scan_id for erasure in waiting(practice)] == [first]
    assert told(practice) == (3, len(others))


def test_storage_that_fails_every_other_time_delays_and_loses_nothing(
    storage: VersionedStorage, practice: Practice, account: Connection
) -> None:
    for scan_id in add_reports(account, 4, due_in=0):
        with practice_scope(practice.pk):
            prefix = Scan.objects.get(pk=scan_id).prefix
        for name in ("a", "b", "b"):
            storage.put(f"{prefix}/{name}")
    storage.put("somebody-else's/a")
    storage.fails_every = 2
    assert sweep(practice) == 4
    assert told(practice) == (4, 4)
    assert [key for key, _ in storage.versions] == ["somebody-else's/a"]


def test_storage_that_fails_altogether_leaves_every_erasure_to_be_tried_again(
    storage: VersionedStorage, practice: Practice, account: Connection
) -> None:
    add_reports(account, 2, due_in=0)
    storage.fails_every = 1
    with pytest.raises(Exception, match="reached max retries"):
        sweep(practice)
    rows = waiting(practice)
    assert [(row.leased_until, row.failures) for row in rows] == [(None, 1), (None, 1)]
    storage.fails_every = 0
    work_off(practice)
    assert told(practice) == (2, 2)
