"""Scopes under attack: every guarded table, every composite key, every order of nesting."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import (
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    connection,
    models,
    transaction,
)
from django.db.backends.utils import CursorWrapper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dermalia.embedded import database_url
from dermalia.tenancy import practice_scope
from dermalia.tenancy.catalogue import (
    bare_name,
    keys_between_practice_owned,
    scoped_models,
    table_of,
)
from dermalia.tenancy.models import ScopedRow
from dermalia.tenancy.scope import in_scope
from practices.domain.tenants import create_practice
from scans.models import Scan
from tests.conftest import CLONE, superuser_connection
from tests.environment import DATA
from tests.tenancy.test_scope import make_scan

pytestmark = pytest.mark.joining  # a practice has no row but those made up here

GUARDED = list(scoped_models())
KEYS = [
    (model, field.column) for model in GUARDED for field, _ in keys_between_practice_owned(model)
]


Server = psycopg.Connection[tuple[object, ...]]


@dataclass
class Filled:
    """One practice with a made-up row in every guarded table, and one without any."""

    owner: int
    other: int


@pytest.fixture
def filled(renewed: None) -> Filled:
    owner = create_practice(name="Demo practice", email="practice@example.org").pk
    other = create_practice(name="Another practice", email="another@example.org").pk
    with superuser_connection() as server:
        server.execute("SET session_replication_role = replica")  # no foreign keys, no triggers
        for (statement,) in server.execute(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)"
            " FROM pg_constraint WHERE contype = 'c' AND conrelid > 0"
        ).fetchall():
            server.execute(str(statement).encode())
        for model in GUARDED:
            server.execute(made_up_row(model, owner).encode())
    return Filled(owner, other)


def made_up_row(model: type[ScopedRow], practice_id: int) -> str:
    columns: dict[str, str] = {
        str(field.column): made_up_value(field)
        for field in model._meta.local_fields
        if not isinstance(field, models.BigAutoField)
    }
    columns["practice_id"] = str(practice_id)
    names = ", ".join(columns)
    return (
        f"INSERT INTO {table_of(model)} ({names}) VALUES ({', '.join(columns.values())})"
        " ON CONFLICT DO NOTHING"
    )


def made_up_value(field: "models.Field[object, object]") -> str:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    for kind, value in (
        (models.BinaryField, "'\\x00'"),
        (models.UUIDField, "gen_random_uuid()"),
        (models.DateField, "now()"),
        (models.JSONField, "'{}'"),
        (ArrayField, "'{}'"),
        (models.IntegerField, "4711"),
        (models.FloatField, "4711"),
        (models.BooleanField, "true"),
    ):
        if isinstance(target, kind):
            return value
    return "'x'"


def count(cursor: CursorWrapper, model: type[ScopedRow]) -> int:
    cursor.execute(f"SELECT count(*) FROM {table_of(model)}")
    number: int = cursor.fetchone()[0]
    return number


def seen() -> dict[str, int]:
    with connection.cursor() as cursor:
        return {model._meta.label: count(cursor, model) for model in GUARDED}


def test_no_table_shows_a_row_outside_of_its_practice_s_scope(filled: Filled) -> None:
    with practice_scope(filled.owner):
        assert min(seen().values()) >= 1
    assert set(seen().values()) == {0}
    with practice_scope(filled.other):
        keys_of_its_own = {"sealing.PracticeKey"}
        assert {name for name, number in seen().items() if number} == keys_of_its_own


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET practice_id = {other}",
        """INSERT INTO {table}
           SELECT (jsonb_populate_record(x, '{{"practice_id": {other}}}')).* FROM {table} x""",
        "TRUNCATE {table} CASCADE",
        "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY in_scope ON {table}",
        "SET session_replication_role = replica; DELETE FROM {table}",
        "SET ROLE dermalia_owner; DELETE FROM {table}",
    ],
)
def test_no_statement_gets_past_a_table_s_guard(filled: Filled, statement: str) -> None:
    allowed = []
    for model in GUARDED:
        sql = statement.format(table=table_of(model), other=filled.other)
        with practice_scope(filled.owner), suppress(ProgrammingError, NotSupportedError):
            with connection.cursor() as cursor, transaction.atomic():
                cursor.execute(sql)
            allowed.append(model._meta.label)
    assert allowed == []


def test_copying_a_table_out_obeys_the_scope(filled: Filled) -> None:
    lines = {}
    with psycopg.connect(database_url(DATA, "dermalia_app", CLONE), autocommit=True) as app:
        for practice_id in (filled.owner, filled.other):
            with app.transaction(), app.cursor() as cursor:
                cursor.execute("SELECT set_config('app.practice_id', %s, true)", [str(practice_id)])
                with cursor.copy("COPY scans_identity TO STDOUT") as copy:
                    lines[practice_id] = len(list(copy.rows()))
    assert lines == {filled.owner: 1, filled.other: 0}


def test_a_view_obeys_the_scope_only_as_its_invoker(filled: Filled) -> None:
    with superuser_connection() as server:
        server.execute("CREATE VIEW as_owner AS SELECT * FROM scans_scan")
        server.execute("CREATE VIEW as_invoker WITH (security_invoker) AS TABLE scans_scan")
        server.execute("GRANT SELECT ON as_owner, as_invoker TO dermalia_app")
    counts = {}
    for view in ("as_owner", "as_invoker"):
        with practice_scope(filled.other), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {view}")
            counts[view] = cursor.fetchone()[0]
    assert counts == {"as_owner": 1, "as_invoker": 0}


def test_no_row_can_be_moved_away_from_what_it_belongs_to(filled: Filled) -> None:
    """Even by the superuser: each key between guarded tables holds the practice as well."""
    refused = []
    with superuser_connection() as server:
        for model, column in KEYS:
            name = f"{bare_name(model)}_{column}_same_practice"
            server.execute("BEGIN")
            server.execute(f"SET CONSTRAINTS {name} IMMEDIATE".encode())
            try:
                server.execute(
                    f"UPDATE {table_of(model)} SET practice_id = {filled.other}".encode()
                )
            except psycopg.errors.ForeignKeyViolation as error:
                refused.append(error.diag.constraint_name)
            server.execute("ROLLBACK")
    assert refused == [f"{bare_name(model)}_{column}_same_practice" for model, column in KEYS]


def test_a_statement_prepared_in_one_scope_obeys_the_next(filled: Filled) -> None:
    with superuser_connection() as server:
        server.execute("SELECT 1")
    counts = []
    with psycopg.connect(database_url(DATA, "dermalia_app", CLONE), autocommit=True) as app:
        for practice_id in (filled.owner, filled.other, filled.owner):
            with app.transaction():
                app.execute("SELECT set_config('app.practice_id', %s, true)", [str(practice_id)])
                row = app.execute("SELECT count(*) FROM scans_scan", prepare=True).fetchone()
                counts.append(row and row[0])
        outside = app.execute("SELECT count(*) FROM scans_scan", prepare=True).fetchone()
    assert (counts, outside) == ([1, 0, 1], (0,))


@pytest.mark.usefixtures("committed")
def test_a_connection_carries_no_scope_after_a_failure() -> None:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    with suppress(ZeroDivisionError), practice_scope(practice.pk):
        make_scan(practice)
        raise ZeroDivisionError
    assert not in_scope()
    assert count_scans() == 0
    with pytest.raises(OperationalError), practice_scope(practice.pk):
        kill_own_connection()
    assert not in_scope()
    connection.close()
    assert count_scans() == 0


def kill_own_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
        with superuser_connection() as server:
            server.execute("SELECT pg_terminate_backend(%s)", [backend])
        cursor.execute("SELECT 1")


def count_scans() -> int:
    with connection.cursor() as cursor:
        return count(cursor, Scan)


# Any order of entering, leaving, failing and looking, to any depth.
STEPS = st.recursive(
    st.just(()),
    lambda inner: st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["leave", "fail", "savepoint"]), inner),
        max_size=3,
    ).map(tuple),
    max_leaves=8,
)
Steps = tuple[tuple[int, str, Any], ...]
Scope = Callable[[int], AbstractContextManager[None]]


def walk(steps: Steps, practices: list[int], here: int | None, scope: Scope) -> None:
    """Go through the steps and look, before and after each, whose rows are shown."""
    look(here)
    for number, ending, inner in steps:
        there = practices[number]
        if ending == "fail":
            with suppress(ZeroDivisionError), scope(there):
                walk(inner, practices, there, scope)
                raise ZeroDivisionError
        elif ending == "savepoint" and here is not None:
            with transaction.atomic():
                walk(inner, practices, here, scope)
        else:
            with scope(there):
                walk(inner, practices, there, scope)
        look(here)


def look(here: int | None) -> None:
    shown = {row.practice_id for row in Scan.across_practices.all()}
    assert shown == (set() if here is None else {here})


@pytest.fixture
def three_practices(db: None) -> list[int]:
    ids = []
    for number in range(3):
        practice = create_practice(name=f"Demo {number}", email=f"{number}@example.org")
        with practice_scope(practice.pk):
            make_scan(practice)
        ids.append(practice.pk)
    return ids


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=STEPS)
def test_however_scopes_nest_only_the_innermost_shows(
    three_practices: list[int], steps: Steps
) -> None:
    walk(steps, three_practices, None, practice_scope)


def test_the_walk_would_find_a_scope_that_is_not_restored(three_practices: list[int]) -> None:
    @contextmanager
    def forgetful(practice_id: int) -> Iterator[None]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.practice_id', %s, true)", [str(practice_id)])
            yield

    steps = ((0, "leave", ((1, "leave", ()),)),)
    walk(steps, three_practices, None, practice_scope)
    with pytest.raises(AssertionError):
        walk(steps, three_practices, None, forgetful)
