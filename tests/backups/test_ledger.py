"""The ledger outside of the database: complete, ours, and a reason not to start."""

import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from audit.signing import signing_keys
from backups import ledger
from backups.boot import require_replayed
from backups.domain import outbox
from backups.ledger import Fact, LedgerRefused
from backups.models import Home, LedgerNote
from dermalia.sealing import keys
from dermalia.sealing.models import LedgerEntry
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.models import Report
from scans.models import Tombstone
from tests.backups.conftest import erase
from tests.conftest import process_environment, superuser_connection

pytestmark = pytest.mark.usefixtures("committed")


def fact(practice_id: int = 1, second: int = 1_790_000_000) -> Fact:
    return Fact(practice_id, uuid4(), second, bytes(range(32)))


@pytest.fixture
def destroyed(practice: Practice) -> LedgerEntry:
    """A report key that was destroyed; nobody told the ledger outside."""
    with practice_scope(practice.pk):
        keys.destroy(keys.create_report_key())
        return LedgerEntry.objects.get()


def test_an_erasure_is_written_outside_with_its_tombstone(
    two_live_reports: tuple[Report, Report],
) -> None:
    report = two_live_reports[0]
    erase(report)
    assert ledger.facts() == []
    assert outbox.publish() == 1
    (written,) = ledger.facts()
    with practice_scope(report.practice_id):
        tombstone = Tombstone.objects.get()
    assert (written.practice_id, written.key_id) == (report.practice_id, report.scan.key_id)
    assert written.tombstone == bytes(tombstone.digest)
    assert outbox.publish() == 0


def test_an_erasure_that_is_taken_back_is_not_written(
    two_live_reports: tuple[Report, Report],
) -> None:
    report = two_live_reports[0]
    with transaction.atomic():
        erase(report)
        transaction.set_rollback(True)
    assert outbox.publish() == 0


def test_a_key_that_went_without_its_scan_is_found(destroyed: LedgerEntry) -> None:
    assert outbox.publish() == 0
    assert outbox.find_missed() == 1
    assert outbox.publish() == 1
    (written,) = ledger.facts()
    assert (written.key_id, written.tombstone) == (destroyed.key_id, None)
    assert written.second == int(destroyed.destroyed_at.timestamp())
    assert outbox.find_missed() == 0


def test_storage_that_fails_half_way_is_made_up_for(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with practice_scope(practice.pk):
        for _ in range(5):
            keys.destroy(keys.create_report_key())
    outbox.find_missed()
    monkeypatch.setattr(outbox, "BATCH", 2)
    written, batches = ledger.write, []

    def failing(facts: Iterator[Fact]) -> int:
        batches.append(1)
        done = written(facts)
        if len(batches) == 2:
            raise ConnectionError
        return done

    with monkeypatch.context() as broken:
        broken.setattr(ledger, "write", failing)
        with pytest.raises(ConnectionError):
            outbox.publish()
    assert ledger.count() == 4
    # The batch that was written and not noted is written again, as the same objects.
    assert outbox.publish() == 3
    assert ledger.count() == len(ledger.facts()) == 5


def test_a_practice_s_notes_are_its_own(practice: Practice, destroyed: LedgerEntry) -> None:
    outbox.find_missed()
    with practice_scope(practice.pk + 1):
        assert not LedgerNote.objects.exists()


def test_facts_are_read_as_they_were_written() -> None:
    written = [fact(number, 1_790_000_000 + number * 86_400) for number in range(1, 6)]
    assert ledger.write(written) == 5
    assert sorted(ledger.facts(), key=lambda one: one.second) == written
    assert ledger.newest_day() == written[-1:]


@pytest.mark.parametrize("change", ["practice", "second", "tombstone", "signature", "name"])
def test_a_changed_entry_is_refused(change: str) -> None:
    one = fact()
    day, words = one.name(signing_keys()).rsplit("/", 1)
    practice, key, second, mark, signature = words.split(".")
    other = "B" if signature.startswith("A") else "A"
    forged = {
        "practice": f"2.{key}.{second}.{mark}.{signature}",
        "second": f"{practice}.{key}.1.{mark}.{signature}",
        "tombstone": f"{practice}.{key}.{second}.-.{signature}",
        "signature": f"{practice}.{key}.{second}.{mark}.{other}{signature[1:]}",
        "name": "hello",
    }[change]
    ledger._storage().bucket.put_object(Key=f"{day}/{forged}", Body=b"1")
    with pytest.raises(LedgerRefused):
        ledger.facts()


def test_a_database_starts_with_its_own_erasures(destroyed: LedgerEntry) -> None:
    require_replayed()
    outbox.find_missed()
    outbox.publish()
    require_replayed()


def test_a_database_that_was_set_back_does_not_start(destroyed: LedgerEntry) -> None:
    """As after the snapshot of a disk: the same cluster, the same database, older rows."""
    outbox.find_missed()
    outbox.publish()
    with superuser_connection() as server:
        server.execute("SET session_replication_role = replica")
        server.execute("DELETE FROM keystore.erasure_ledger")
    with pytest.raises(ImproperlyConfigured, match="1 erasures that this database does not"):
        require_replayed()


def test_nothing_starts_while_the_ledger_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    options = ledger._storage()
    monkeypatch.setattr(options, "bucket_name", "no-such-bucket")
    with pytest.raises(ImproperlyConfigured, match="ledger's bucket cannot be read"):
        require_replayed()


@pytest.mark.usefixtures("renewed")
@pytest.mark.parametrize("how", ["another cluster", "another database", "none"])
def test_data_of_another_database_do_not_start(how: str) -> None:
    require_replayed()
    if how == "another cluster":
        Home.objects.update(cluster="1")
    elif how == "another database":
        Home.objects.update(database=1)
    else:
        Home.objects.all().delete()
    with pytest.raises(ImproperlyConfigured, match="the erasure ledger was not replayed"):
        require_replayed()


@pytest.mark.usefixtures("renewed")
@pytest.mark.parametrize(
    "command",
    [
        ["gunicorn", "--check-config", "dermalia.wsgi"],
        ["celery", "--app=dermalia", "worker", "--pool=solo", "--loglevel=ERROR"],
    ],
    ids=["web", "worker"],
)
def test_web_and_workers_refuse_to_start_without_the_marker(command: list[str]) -> None:
    Home.objects.update(database=1)
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        env=process_environment(DJANGO_SETTINGS_MODULE="dermalia.settings"),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert "the erasure ledger was not replayed" in ended.stdout + ended.stderr
