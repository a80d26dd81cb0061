"""Keys rotate, old backups go, and then the keys that opened them: each told in the log."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.models import Entry
from audit.words import Action
from backups import promise, recipients, shelf
from backups.domain import housekeeping, making, schedule
from backups.domain.restoring import check
from backups.kinds import Kind, rules
from backups.recipients import KeysMissing
from dermalia.tenancy import practice_scope
from practices.models import Practice
from tests.backups.conftest import back_up

pytestmark = pytest.mark.usefixtures("practice")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Travel = Callable[[timedelta], None]


@pytest.fixture
def travel(monkeypatch: pytest.MonkeyPatch) -> Travel:
    """Move both clocks on; backups that are made then say so."""
    passed = timedelta()
    real_now, real_clock, real_moment = schedule.now, shelf.clock, making._moment

    def go(by: timedelta) -> None:
        nonlocal passed
        passed += by

    for module in (schedule, housekeeping):
        monkeypatch.setattr(module, "now", lambda: real_now() + passed)
    monkeypatch.setattr(shelf, "clock", lambda: real_clock() + passed)

    def moment(alias: str) -> tuple[datetime, str]:
        at, version = real_moment(alias)
        return at + passed, version

    monkeypatch.setattr(making, "_moment", moment)
    return go


def ids(kind: Kind) -> list[object]:
    return [one.id for one in shelf.manifests(kind)]


def told(practice: Practice, action: Action) -> list[object]:
    with practice_scope(practice.pk):
        found = Entry.objects.filter(action=action).order_by("sequence")
        return list(found.values_list("object_id", flat=True))


def run(*words: str) -> str:
    said = io.StringIO()
    call_command("backup", *words, stdout=said)
    return said.getvalue()


def test_a_backup_goes_when_it_is_old_and_its_key_with_it(
    practice: Practice, travel: Travel, keys: Path
) -> None:
    old = back_up()[Kind.KEYSTORE]
    first = recipients.current(Kind.KEYSTORE)
    travel(rules(Kind.KEYSTORE).key_life)
    new = back_up()[Kind.KEYSTORE]
    assert (old.key, new.key) == ("keystore-1", "keystore-2")
    travel(rules(Kind.KEYSTORE).life - rules(Kind.KEYSTORE).key_life - HOUR)
    housekeeping.keep()
    assert ids(Kind.KEYSTORE) == [old.id, new.id]
    travel(2 * HOUR)
    housekeeping.keep()
    assert ids(Kind.KEYSTORE) == [new.id]
    assert not (keys / "keystore-1.key").exists()
    with pytest.raises(KeysMissing, match="destroyed"):
        check(old)
    assert told(practice, Action.BACKUP_DESTROYED) == [old.id]
    assert told(practice, Action.BACKUP_KEY_DESTROYED) == [first.id]
    check(new)


def test_the_promise_holds_in_the_worst_case(travel: Travel, keys: Path) -> None:
    """A report erased right after a backup, whose key sealed another one 23 hours later."""
    doomed = back_up()[Kind.KEYSTORE]
    travel(23 * HOUR)
    assert back_up()[Kind.KEYSTORE].key == doomed.key
    sweep = HOUR  # the hourly sweep comes up to an hour late
    travel(rules(Kind.KEYSTORE).life - 23 * HOUR + sweep)
    housekeeping.keep()
    assert doomed.id not in ids(Kind.KEYSTORE)
    assert (keys / f"{doomed.key}.key").exists()
    back_up()  # sealed to another key by now
    travel(23 * HOUR)
    housekeeping.keep()
    assert not (keys / f"{doomed.key}.key").exists()
    passed = rules(Kind.KEYSTORE).life + sweep + 23 * HOUR
    assert passed <= promise().keys_days * DAY


def test_the_newest_data_stay_however_old(travel: Travel) -> None:
    old = back_up()[Kind.DATA]
    travel(10 * rules(Kind.DATA).life)
    housekeeping.keep()
    assert ids(Kind.DATA) == [old.id]
    new = back_up()[Kind.DATA]
    housekeeping.keep()
    assert ids(Kind.DATA) == [new.id]


def test_the_keystore_s_go_though_there_is_no_newer_one(travel: Travel) -> None:
    """A promise to patients is worth more than a copy of what is in the database anyway."""
    back_up()
    travel(rules(Kind.KEYSTORE).life)
    housekeeping.keep()
    assert ids(Kind.KEYSTORE) == []


def test_a_clock_that_jumps_destroys_nothing(
    travel: Travel, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = back_up()
    at = shelf.clock()
    travel(timedelta(days=760))
    monkeypatch.setattr(shelf, "clock", lambda: at)
    with pytest.raises(schedule.ClocksDisagree, match="storage"):
        housekeeping.keep()
    assert ids(Kind.DATA) == [made[Kind.DATA].id]


def test_storage_tells_the_time() -> None:
    assert abs(shelf.clock() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_deletion_that_storage_only_says_it_did_is_not_told(
    practice: Practice, travel: Travel, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up()
    travel(rules(Kind.KEYSTORE).life)
    with monkeypatch.context() as lying:
        lying.setattr(shelf, "_delete_versions", lambda name: None)
        with pytest.raises(Exception, match="still has"):
            housekeeping.keep()
    assert told(practice, Action.BACKUP_DESTROYED) == []
    housekeeping.keep()
    assert len(told(practice, Action.BACKUP_DESTROYED)) == 1


def test_nothing_is_pruned_while_a_backup_is_under_way(
    travel: Travel, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up()
    travel(rules(Kind.KEYSTORE).life)

    def busy() -> None:
        raise schedule.Busy("busy")

    monkeypatch.setattr(housekeeping, "alone", busy)
    housekeeping.keep()
    assert len(ids(Kind.KEYSTORE)) == 1


def test_a_number_is_never_used_twice(keys: Path) -> None:
    """A crash between the two files of a pair leaves a private key that seals nothing."""
    (keys / "data-1.key").parent.mkdir(exist_ok=True)
    (keys / "data-1.key").write_text("left")
    assert recipients.create(Kind.DATA, at=datetime.now(UTC)).name == "data-2"


def test_a_backup_is_due_a_day_after_the_last(travel: Travel) -> None:
    assert not schedule.backup_is_due()  # the database is new
    travel(DAY)
    assert schedule.backup_is_due()
    back_up()
    assert not schedule.backup_is_due()
    travel(DAY)
    assert schedule.backup_is_due()


def test_the_command_makes_lists_rotates_and_prunes(travel: Travel) -> None:
    assert "data-1" in run()
    listed = run("--list")
    assert listed.count(" rows, ") == 2
    assert "in no backup after 7 days, its sealed rows in none after 31." in listed
    assert "sealed to data-2" in run("--rotate")
    assert "0 backups and 0 private keys" in run("--prune")
    assert run("--if-due") == ""
    travel(rules(Kind.KEYSTORE).life + HOUR)
    assert run("--list").count("OVERDUE") == 1
    assert "1 backups and 1 private keys destroyed." in run("--prune")


def test_the_command_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "can_back_up", lambda: False)
    with pytest.raises(CommandError, match="DERMALIA_DATABASE_BACKUP_URL"):
        run()
