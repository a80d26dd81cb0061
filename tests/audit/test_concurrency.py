"""Many writers at once: chains stay whole, nobody waits for ever."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from audit import archive
from audit.chain import SYSTEM, record
from audit.checkpointing import make_checkpoint
from audit.models import Entry
from audit.verification import verify
from audit.walk import walk
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.models import Practice
from tests.conftest import process_environment

pytestmark = pytest.mark.usefixtures("bucket")
WRITERS, EACH = 8, 25
Practices = tuple[Practice, Practice]


def write_together(chosen: list[list[int]]) -> None:
    """One thread per list; it writes an entry to each practice named, in turn."""
    start = Barrier(len(chosen))

    def write(practice_ids: list[int]) -> None:
        try:
            start.wait()
            for practice_id in practice_ids:
                with practice_scope(practice_id):
                    record(Action.SCAN_VIEWED, who=SYSTEM)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(chosen)) as pool:
        list(pool.map(write, chosen))


def length(practice: Practice) -> int:
    with practice_scope(practice.pk):
        found = walk()
        times = list(Entry.objects.order_by("sequence").values_list("at", flat=True))
    assert found.broken_at is None
    assert times == sorted(times)
    return found.length


def test_eight_writers_on_one_chain(practices: Practices) -> None:
    write_together([[practices[0].pk] * EACH] * WRITERS)
    assert length(practices[0]) == 5 + WRITERS * EACH


def test_eight_writers_on_two_chains_in_different_orders(practices: Practices) -> None:
    there = [practice.pk for practice in practices] * EACH
    write_together([there, there[::-1]] * (WRITERS // 2))
    assert [length(practice) for practice in practices] == [5 + WRITERS * EACH, 2 + WRITERS * EACH]


def test_a_new_practice_s_first_entries_may_come_at_once(practices: Practices) -> None:
    fresh = practices[1].pk + 1000
    write_together([[fresh]] * WRITERS)
    with practice_scope(fresh):
        assert walk().length == WRITERS


def test_a_log_can_be_checked_and_sealed_while_it_is_written(practices: Practices) -> None:
    code = f"""
import django; django.setup()
from audit.chain import SYSTEM, record
from audit.words import Action
from dermalia.tenancy import practice_scope
print("writing", flush=True)
while True:
    with practice_scope({practices[0].pk}):
        record(Action.SCAN_VIEWED, who=SYSTEM)
"""
    env = process_environment(DJANGO_SETTINGS_MODULE="dermalia.settings")
    with subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        try:
            for _ in range(8):
                make_checkpoint()
                result = verify()
                assert result.good, result
        finally:
            writer.kill()
    assert length(practices[0]) > 5


def test_checkpoints_made_at_once_follow_each_other(practices: Practices) -> None:
    def make(_: int) -> None:
        try:
            make_checkpoint()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(8)))
    assert len(archive.names()) == 8
    assert verify().good
