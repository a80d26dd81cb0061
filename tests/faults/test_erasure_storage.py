"""Storage that keeps versions, lies about deleting them, or fails: nothing is claimed too early."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from audit.chain import OPERATOR
from audit.models import Entry
from audit.words import Action
from dermalia.sealing import objects
from dermalia.tenancy import practice_scope
from practices.models import Practice
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure
from scans.models import Connection, Scan
from tests.faults.storage import VersionedStorage
from tests.retention.rows import add_reports


@pytest.fixture
def storage(settings: Settings) -> Iterator[VersionedStorage]:
    with VersionedStorage() as running:
        kept = settings.STORAGES["objects"]
        options = kept["OPTIONS"] | {"endpoint_url": running.url}
        settings.STORAGES = {**settings.STORAGES, "objects": {**kept, "OPTIONS": options}}
        yield running


@pytest.fixture
def erasure(storage: VersionedStorage, practice: Practice, account: Connection) -> Erasure:
    """Requested, of a scan with three objects, one of them written twice."""
    (scan_id,) = add_reports(account, 1, due_in=5)
    with practice_scope(practice.pk):
        scan = Scan.objects.get(pk=scan_id)
        for name in ("a", "b", "c", "c"):
            storage.put(f"{scan.prefix}/{name}")
        storage.put("somebody-else's/a")
        return request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=OPERATOR)


def complete(erasure: Erasure) -> Erasure:
    with practice_scope(erasure.practice_id):
        Erasure.objects.update(next_attempt_at=erasure.requested_at)
    complete_erasure(practice_id=erasure.practice_id, erasure_id=erasure.pk)
    with practice_scope(erasure.practice_id):
        return Erasure.objects.get(pk=erasure.pk)


def verified(erasure: Erasure) -> bool:
    with practice_scope(erasure.practice_id):
        return Entry.objects.filter(action=Action.ERASURE_VERIFIED).exists()


def test_every_version_and_marker_goes_and_nothing_of_anybody_else(
    storage: VersionedStorage, erasure: Erasure
) -> None:
    storage.delete(f"{erasure.prefix}/a", None)  # a marker over a version
    done = complete(erasure)
    assert (done.state, done.objects_erased) == (Erasure.State.VERIFIED, 3)
    assert [key for key, _ in storage.versions] == ["somebody-else's/a"]


def test_a_deletion_that_leaves_a_version_is_not_called_verified(
    storage: VersionedStorage, erasure: Erasure
) -> None:
    storage.deletes_for_real = False
    for _ in range(3):
        assert complete(erasure).state == Erasure.State.REQUESTED
    assert not verified(erasure)
    storage.deletes_for_real = True
    assert complete(erasure).state == Erasure.State.VERIFIED
    assert verified(erasure)


def test_a_version_behind_a_marker_is_something_that_is_left(
    storage: VersionedStorage, erasure: Erasure
) -> None:
    """What a plain listing would call empty."""
    storage.versions = []
    storage.put(f"{erasure.prefix}/a")
    storage.delete(f"{erasure.prefix}/a", None)
    assert not objects.is_empty(erasure.prefix)
    objects.delete_prefix(erasure.prefix)
    assert objects.is_empty(erasure.prefix)


def test_storage_that_fails_every_other_time_delays_and_loses_nothing(
    storage: VersionedStorage, erasure: Erasure
) -> None:
    storage.fails_every = 2
    assert complete(erasure).state == Erasure.State.VERIFIED
    assert [key for key, _ in storage.versions] == ["somebody-else's/a"]


def test_storage_that_fails_altogether_leaves_the_erasure_to_be_tried_again(
    storage: VersionedStorage, erasure: Erasure
) -> None:
    storage.fails_every = 1
    with pytest.raises(Exception, match="reached max retries"):
        complete(erasure)
    with practice_scope(erasure.practice_id):
        kept = Erasure.objects.get(pk=erasure.pk)
    assert (kept.state, kept.leased_until) == (Erasure.State.REQUESTED, None)
    assert kept.last_error
    storage.fails_every = 0
    assert complete(erasure).state == Erasure.State.VERIFIED
