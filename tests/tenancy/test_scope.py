"""One practice never sees another's rows, whatever the query forgot."""

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, models, transaction

from audit.chain import SYSTEM, record
from audit.models import Entry
from audit.words import Action
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import create_report_key, unlock_secrets
from dermalia.sealing.objects import new_prefix
from dermalia.tenancy import NoPracticeScope, current_practice, practice_scope
from dermalia.tenancy.catalogue import scoped_models, table_of
from dermalia.tenancy.models import ScopedRow
from practices.models import Practice
from scans.models import Connection, Identity, Scan
from tests.conftest import superuser_connection


def make_scan(practice: Practice, identifier: str = "S-1") -> Scan:
    account = Connection.objects.create(
        practice=practice,
        base_url="https://example.org",
        client_id="x",
        client_secret=Sealing(unlock_secrets(), "x"),
    )
    return Scan.objects.create(
        practice=practice,
        connection=account,
        scan_identifier=identifier,
        key_id=create_report_key(),
        prefix=new_prefix(),
    )


def test_outside_a_scope_the_manager_raises(db: None) -> None:
    with pytest.raises(NoPracticeScope):
        Scan.objects.count()


def test_raw_sql_outside_a_scope_sees_nothing(practice: Practice) -> None:
    with practice_scope(practice.pk):
        make_scan(practice)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scans_scan")
        assert cursor.fetchone() == (0,)


def test_a_query_that_forgot_the_practice_sees_its_own_rows_only(
    practice: Practice, other_practice: Practice
) -> None:
    with practice_scope(practice.pk):
        make_scan(practice)
    with practice_scope(other_practice.pk):
        assert Scan.across_practices.count() == 0


def test_scopes_nest_and_the_outer_one_holds_again(
    practice: Practice, other_practice: Practice
) -> None:
    with practice_scope(practice.pk):
        make_scan(practice)
        with practice_scope(other_practice.pk):
            assert current_practice() == other_practice.pk
        assert current_practice() == practice.pk
        assert Scan.across_practices.count() == 1


def test_the_outer_scope_holds_again_after_an_inner_failure(
    practice: Practice, other_practice: Practice
) -> None:
    with practice_scope(practice.pk):
        make_scan(practice)
        with pytest.raises(ZeroDivisionError), practice_scope(other_practice.pk):
            raise ZeroDivisionError
        assert Scan.across_practices.count() == 1


@pytest.mark.usefixtures("committed")
def test_a_connection_used_again_carries_no_scope() -> None:
    from practices.domain.tenants import create_practice

    practice = create_practice(name="Demo practice", email="practice@example.org")
    with practice_scope(practice.pk):
        make_scan(practice)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.practice_id', true)")
        assert cursor.fetchone() == ("",)
    assert Scan.across_practices.count() == 0


def test_writing_another_practice_s_row_is_refused(
    practice: Practice, other_practice: Practice
) -> None:
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        practice_scope(practice.pk),
        transaction.atomic(),
    ):
        Connection.objects.create(
            practice=other_practice,
            base_url="https://x.org",
            client_id="x",
            client_secret=Sealing(unlock_secrets(), "x"),
        )


def test_pointing_into_another_practice_is_refused(
    practice: Practice, other_practice: Practice
) -> None:
    with practice_scope(other_practice.pk):
        foreign = make_scan(other_practice)
    with practice_scope(practice.pk), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="same_practice"), transaction.atomic():
            Identity.objects.create(practice_id=practice.pk, scan_id=foreign.pk)


@pytest.mark.parametrize("model", list(scoped_models()), ids=lambda model: model._meta.label)
def test_every_practice_owned_table_is_guarded(db: None, model: type[ScopedRow]) -> None:
    with superuser_connection() as server:
        row = server.execute(
            "SELECT relrowsecurity, relforcerowsecurity,"
            " (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid AND polname = 'in_scope')"
            " FROM pg_class c WHERE oid = %s::regclass",
            [table_of(model)],
        ).fetchone()
    assert row == (True, True, 1)


def test_every_table_with_a_practice_is_practice_owned_or_says_why_not(db: None) -> None:
    looked_up_before_a_scope_is_known = {"practices.User", "reports.Link"}
    unguarded = {
        model._meta.label
        for model in apps.get_models()
        if any(field.column == "practice_id" for field in model._meta.local_fields)
        and not issubclass(model, ScopedRow)
    }
    assert unguarded == looked_up_before_a_scope_is_known


def test_every_key_between_practice_owned_tables_is_composite(db: None) -> None:
    wanted = {
        f"{model._meta.db_table}_{field.column}_same_practice"
        for model in scoped_models()
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey)
        and isinstance(field.related_model, type)
        and issubclass(field.related_model, ScopedRow)
    }
    with superuser_connection() as server:
        found = {
            name
            for (name,) in server.execute(
                "SELECT conname FROM pg_constraint WHERE contype = 'f'"
                " AND conname LIKE '%same_practice' AND cardinality(conkey) = 2"
            )
        }
    assert wanted
    assert found == wanted


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'scan.viewed'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        'DELETE FROM keystore."erasure_ledger"',
        'UPDATE keystore."erasure_ledger" SET destroyed_at = now()',
        "SELECT * FROM pg_authid",
        "ALTER TABLE scans_scan DISABLE ROW LEVEL SECURITY",
    ],
)
def test_the_application_s_role_cannot(practice: Practice, statement: str) -> None:
    with practice_scope(practice.pk):
        record(Action.SCAN_VIEWED, who=SYSTEM)
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert Entry.objects.count() == 1


@pytest.mark.usefixtures("committed")
def test_the_sweeper_s_role_reads_nothing_but_work_columns() -> None:
    from dermalia.embedded import database_url
    from tests.conftest import CLONE
    from tests.environment import DATA

    with psycopg.connect(database_url(DATA, "dermalia_sweeper", CLONE), autocommit=True) as role:
        role.execute("SELECT id, practice_id, state FROM scans_scan")
        for statement in (
            "SELECT scan_identifier FROM scans_scan",
            "SELECT measurements FROM scans_scan",
            "SELECT * FROM scans_identity",
            'SELECT * FROM keystore."report_key"',
            "UPDATE scans_scan SET state = 'ready'",
            "DELETE FROM scans_scan",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                role.execute(statement)
