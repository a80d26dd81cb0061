"""The catalogue beside the models: whatever somebody takes away is named."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

from dermalia.tenancy import drift
from dermalia.tenancy.boot import require_guarded_tables, require_safe_role
from dermalia.tenancy.catalogue import (
    bare_name,
    keys_between_practice_owned,
    scoped_models,
    table_of,
)
from dermalia.tenancy.checks import database_as_the_models_say
from dermalia.tenancy.grants import ROLES
from dermalia.tenancy.management.commands import setup_database
from dermalia.tenancy.models import ScopedRow
from dermalia.tenancy.protect import protect
from tests.conftest import superuser_connection

Server = psycopg.Connection[tuple[object, ...]]
Break = Callable[[str], AbstractContextManager[Server]]


@pytest.fixture
def superuser(renewed: None) -> Iterator[Server]:
    with superuser_connection() as server:
        yield server


@pytest.fixture
def broken(django_db_setup: None) -> Iterator[Break]:
    """Break the database for as long as a block runs."""
    with superuser_connection() as server:

        @contextmanager
        def break_it(statement: str) -> Iterator[Server]:
            with server.transaction(force_rollback=True):
                server.execute(statement.encode())
                server.execute("RESET ROLE")
                yield server

        yield break_it


def found() -> list[str]:
    return [message.msg for message in database_as_the_models_say(databases=["default"])]


def test_a_database_set_up_is_as_the_models_say(db: None) -> None:
    assert found() == []
    require_guarded_tables()


def test_setting_up_says_which_roles_are_missing(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup_database, "ROLES", (*ROLES, "dermalia_forgotten"))
    with django_db_blocker.unblock(), pytest.raises(CommandError, match="dermalia_forgotten first"):
        call_command("setup_database")


SHOULD_BE = {"default": "app", "sweeper": "sweeper"}


def test_without_a_database_named_nothing_is_looked_up() -> None:
    assert database_as_the_models_say() == []


UNGUARDED = {
    "ALTER TABLE scans_scan DISABLE ROW LEVEL SECURITY": "no forced row-level security",
    "ALTER TABLE scans_scan NO FORCE ROW LEVEL SECURITY": "no forced row-level security",
    "DROP POLICY in_scope ON scans_identity": "lacks the policy in_scope",
    "CREATE POLICY helpful ON scans_scan USING (true)": "policy helpful that is not the models'",
    "ALTER POLICY in_scope ON scans_scan USING (true)": "in_scope that is not the models'",
    "ALTER POLICY in_scope ON scans_scan WITH CHECK (true)": "in_scope that is not the models'",
    "ALTER DATABASE dermalia_test SET app.practice_id = 1": "The database always starts with",
    "CREATE POLICY none ON scans_scan FOR SELECT TO dermalia_backup USING (false)": "policy none",
    "ALTER POLICY swept ON scans_scan TO public": "policy swept that is not the models'",
}
CHANGED = {
    "ALTER TABLE scans_identity DROP CONSTRAINT scans_identity_scan_id_same_practice": (
        "scans_identity_scan_id_same_practice is missing"
    ),
    """ALTER TABLE scans_identity DROP CONSTRAINT scans_identity_scan_id_same_practice,
       ADD CONSTRAINT scans_identity_scan_id_same_practice FOREIGN KEY (practice_id)
       REFERENCES practices_practice""": "scans_identity_scan_id_same_practice is missing",
    """CREATE OR REPLACE TRIGGER written_once BEFORE UPDATE ON audit_entry
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""": "lacks the trigger written_once",
    """CREATE OR REPLACE TRIGGER written_once BEFORE DELETE OR UPDATE ON audit_entry
       FOR EACH ROW WHEN (false) EXECUTE FUNCTION refuse_change()""": (
        "lacks the trigger written_once"
    ),
    """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql
       AS 'BEGIN RETURN new; END'""": "lacks the trigger",
    "DROP TRIGGER written_once ON audit_entry": "lacks the trigger written_once",
    "ALTER TABLE audit_entry DISABLE TRIGGER never_emptied": "lacks the trigger never_emptied",
    "GRANT UPDATE ON audit_entry TO dermalia_app": "dermalia_app may UPDATE",
    "GRANT TRUNCATE ON scans_scan TO dermalia_app": "dermalia_app may TRUNCATE",
    "GRANT SELECT (measurements) ON scans_scan TO dermalia_sweeper": (
        "dermalia_sweeper may SELECT (measurements)"
    ),
    "GRANT SELECT ON scans_identity TO PUBLIC": "everybody may SELECT",
    'GRANT SELECT ON keystore."report_key" TO dermalia_backup': "dermalia_backup may SELECT",
    "REVOKE DELETE ON scans_scan FROM dermalia_app": "dermalia_app may not DELETE",
    "SET ROLE dermalia_owner; CREATE TABLE notes (practice_id int)": "no model that guards them",
    "CREATE TABLE notes (id int)": '"notes" belongs to postgres',
    "SET ROLE dermalia_owner; CREATE TABLE n (id int); GRANT SELECT ON n TO dermalia_admin": (
        'dermalia_admin may SELECT on "public"."n"'
    ),
    "GRANT CREATE ON SCHEMA public TO PUBLIC": "may create tables and functions in the schema",
    """ALTER DEFAULT PRIVILEGES FOR ROLE dermalia_owner IN SCHEMA keystore
       GRANT SELECT ON TABLES TO dermalia_admin""": "Default privileges of dermalia_owner",
    "CREATE VIEW everyone AS SELECT * FROM scans_scan": "reads as its owner",
    "CREATE FUNCTION peek() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'": (
        "runs as its owner"
    ),
}


@pytest.mark.parametrize("statement", UNGUARDED)
def test_an_unguarded_table_is_named(broken: Break, statement: str) -> None:
    with broken(statement) as server:
        assert named(drift.unguarded(server), UNGUARDED[statement])
        assert not list(drift.differences(server))


@pytest.mark.parametrize("statement", CHANGED)
def test_any_other_change_is_named(broken: Break, statement: str) -> None:
    with broken(statement) as server:
        assert named(drift.differences(server), CHANGED[statement])
        assert not list(drift.unguarded(server))


def named(found: Iterator[str], expected: str) -> bool:
    """Whether there are sentences, and each speaks of what is expected."""
    sentences = list(found)
    assert [sentence for sentence in sentences if expected not in sentence] == []
    return bool(sentences)


@pytest.mark.parametrize("model", list(scoped_models()), ids=lambda model: model._meta.label)
def test_no_guarded_table_can_lose_its_guard_unseen(broken: Break, model: type[ScopedRow]) -> None:
    table = table_of(model)
    for change in ("DISABLE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"):
        with broken(f"ALTER TABLE {table} {change}") as server:
            assert named(drift.unguarded(server), f"{table} has no forced")
    with broken(f"DROP POLICY in_scope ON {table}") as server:
        assert named(drift.unguarded(server), f"{table} lacks the policy in_scope")
    for field, _ in keys_between_practice_owned(model):
        key = f"{bare_name(model)}_{field.column}_same_practice"
        with broken(f"ALTER TABLE {table} DROP CONSTRAINT {key}") as server:
            assert named(drift.differences(server), f"{key} is missing")


def test_a_database_that_is_not_is_named_by_the_check_and_nothing_starts(
    superuser: Server,
) -> None:
    superuser.execute("ALTER TABLE scans_scan NO FORCE ROW LEVEL SECURITY")
    superuser.execute("GRANT UPDATE ON audit_entry TO dermalia_app")
    messages = database_as_the_models_say(databases=["default"])
    assert [message.id for message in messages] == ["tenancy.E001", "tenancy.E002"]
    with pytest.raises(ImproperlyConfigured, match=r"scans_scan.*Run manage.py setup_database"):
        require_guarded_tables()
    with pytest.raises(CommandError, match="dermalia_app may UPDATE"):
        call_command("check", databases=["default"])


def test_setting_up_again_mends_what_was_taken_away(
    superuser: Server,
) -> None:
    for statement in (
        "ALTER TABLE scans_scan DISABLE ROW LEVEL SECURITY",
        "DROP POLICY in_scope ON scans_identity",
        "ALTER POLICY in_scope ON scans_scan USING (true)",
        "DROP TRIGGER written_once ON audit_entry",
        "GRANT UPDATE ON audit_entry TO dermalia_app",
        "GRANT SELECT ON scans_identity TO PUBLIC",
        "ALTER TABLE scans_identity DROP CONSTRAINT scans_identity_scan_id_same_practice",
    ):
        superuser.execute(statement.encode())
    assert len(found()) >= 7
    protect(connections["owner"])
    assert found() == []


@pytest.mark.parametrize("alias", ["default", "sweeper"])
@pytest.mark.parametrize("role", ["postgres", "dermalia_owner", "dermalia_backup"])
def test_a_role_that_sees_too_much_refuses_to_start(
    renewed: None, monkeypatch: pytest.MonkeyPatch, alias: str, role: str
) -> None:
    require_safe_role()
    connections[alias].close()
    monkeypatch.setitem(connections[alias].settings_dict, "USER", role)
    with pytest.raises(ImproperlyConfigured, match=f"Use the role dermalia_{SHOULD_BE[alias]}"):
        require_safe_role()
    connections[alias].close()


@pytest.mark.parametrize(
    ("statement", "taken_back"),
    [
        (
            "GRANT TRUNCATE ON scans_scan TO dermalia_app",
            "REVOKE TRUNCATE ON scans_scan FROM dermalia_app",
        ),
        ("GRANT dermalia_owner TO dermalia_app", "REVOKE dermalia_owner FROM dermalia_app"),
        ("ALTER ROLE dermalia_app CREATEROLE", "ALTER ROLE dermalia_app NOCREATEROLE"),
    ],
)
def test_a_role_that_was_given_more_refuses_to_start(
    superuser: Server, statement: str, taken_back: str
) -> None:
    superuser.execute(statement.encode())
    try:
        assert [text for text in found() if "dermalia_app" in text] == found()
        assert found()
        with pytest.raises(ImproperlyConfigured, match="Use the role dermalia_app"):
            require_safe_role()
    finally:  # roles are the whole server's, not this database's
        superuser.execute(taken_back.encode())
    require_safe_role()
