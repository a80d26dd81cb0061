"""How long a scope lasts, and where: its transaction, its thread, its generator."""

import asyncio
import contextvars
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.core.exceptions import SynchronousOnlyOperation
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from dermalia.tenancy import NoPracticeScope, current_practice, practice_scope
from dermalia.tenancy.scope import in_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from scans.models import Scan
from tests.tenancy.test_scope import make_scan


def practice_in_postgres() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.practice_id', true), '')")
        value: str = cursor.fetchone()[0]
    return value


@pytest.fixture
def committed_practice(committed: None) -> Practice:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    with practice_scope(practice.pk):
        make_scan(practice)
    return practice


def test_an_outermost_scope_costs_one_statement(committed_practice: Practice) -> None:
    with CaptureQueriesContext(connection) as captured, practice_scope(committed_practice.pk):
        pass
    begin, setting, commit = (query["sql"] for query in captured.captured_queries)
    assert (begin, commit) == ("BEGIN", "COMMIT")
    assert "set_config" in setting
    assert practice_in_postgres() == ""


def test_a_scope_ends_before_the_transaction_around_it(committed_practice: Practice) -> None:
    with transaction.atomic():
        with practice_scope(committed_practice.pk):
            assert Scan.across_practices.count() == 1
        assert practice_in_postgres() == ""
        assert Scan.across_practices.count() == 0


def test_a_scope_ends_on_a_connection_that_does_not_commit_by_itself(
    committed_practice: Practice,
) -> None:
    transaction.set_autocommit(False)
    with practice_scope(committed_practice.pk):
        assert Scan.across_practices.count() == 1
    assert practice_in_postgres() == ""
    transaction.rollback()
    transaction.set_autocommit(True)


def test_an_inner_scope_may_ask_for_its_own_rollback(
    practice: Practice, other_practice: Practice
) -> None:
    with practice_scope(practice.pk):
        with practice_scope(other_practice.pk):
            make_scan(other_practice)
            transaction.set_rollback(True)
        assert practice_in_postgres() == str(practice.pk)
        make_scan(practice)
        assert Scan.across_practices.count() == 1
    with practice_scope(other_practice.pk):
        assert Scan.across_practices.count() == 0


def test_an_error_that_was_swallowed_leaves_the_outer_scope(
    practice: Practice, other_practice: Practice
) -> None:
    with practice_scope(practice.pk):
        with suppress(DatabaseError), practice_scope(other_practice.pk), connection.cursor() as sql:
            sql.execute("SELECT 1 / 0")
        assert practice_in_postgres() == str(practice.pk)


def test_a_scope_is_its_own_thread_s(practice: Practice) -> None:
    """Also where the thread is handed the context, as ``asyncio.to_thread`` does it."""
    with practice_scope(practice.pk), ThreadPoolExecutor() as threads:
        context = contextvars.copy_context()
        bare = threads.submit(current_practice)
        handed = threads.submit(context.run, current_practice)
        asked_by_async = threads.submit(asyncio.run, asyncio.to_thread(current_practice))
        for asked in (bare, handed, asked_by_async):
            assert type(asked.exception()) is NoPracticeScope


def test_each_thread_sees_the_practice_of_its_own_scope(committed: None) -> None:
    both_inside = threading.Barrier(2, timeout=10)

    def look(number: int) -> tuple[int, set[int]]:
        practice = create_practice(name=f"Demo {number}", email=f"{number}@example.org")
        with practice_scope(practice.pk):
            make_scan(practice)
            both_inside.wait()
            shown = {scan.practice_id for scan in Scan.across_practices.all()}
            both_inside.wait()
        connection.close()
        return practice.pk, shown

    with ThreadPoolExecutor() as threads:
        for own, shown in threads.map(look, range(2)):
            assert shown == {own}


def test_a_coroutine_cannot_open_a_scope(practice: Practice) -> None:
    async def enter() -> None:
        with practice_scope(practice.pk):
            pass

    with pytest.raises(SynchronousOnlyOperation):
        asyncio.run(enter())
    assert not in_scope()


def scans_inside(practice_id: int) -> Generator[Scan]:
    """What one should not write: a generator that is left standing inside its scope."""
    with practice_scope(practice_id):
        yield from Scan.objects.all()


def test_a_generator_s_scope_surrounds_whoever_runs_it(
    practice: Practice, other_practice: Practice
) -> None:
    with practice_scope(practice.pk):
        make_scan(practice)
    walking = scans_inside(practice.pk)
    assert not in_scope()
    next(walking)
    assert current_practice() == practice.pk
    assert practice_in_postgres() == str(practice.pk)
    walking.close()
    assert not in_scope()
    assert practice_in_postgres() == ""
    with practice_scope(other_practice.pk):
        assert list(scans_inside(practice.pk))
        assert current_practice() == other_practice.pk


def test_rows_asked_for_later_than_their_scope_are_refused(practice: Practice) -> None:
    with practice_scope(practice.pk):
        make_scan(practice)
        lazy = Scan.objects.all()
        generator = (scan for _ in range(1) for scan in Scan.objects.all())
    assert list(lazy) == []
    with pytest.raises(NoPracticeScope):
        next(generator)
