"""Each role of the database does its own work and nothing else."""

import subprocess
from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.db.models import BinaryField, Model
from psycopg import sql

from dermalia.embedded import database_url
from dermalia.embedded.binaries import Binaries
from dermalia.sealing.fields import SealedTextField
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from tests.conftest import CLONE, superuser_connection
from tests.environment import DATA
from tests.tenancy.test_scope import make_scan


@pytest.fixture
def two_scans(committed: None) -> None:
    for number in range(2):
        practice = create_practice(name=f"Demo {number}", email=f"{number}@example.org")
        with practice_scope(practice.pk):
            make_scan(practice)


def as_role(name: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(database_url(DATA, name, CLONE), autocommit=True)


@pytest.fixture
def admin(django_db_setup: None) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with as_role("dermalia_admin") as role:
        yield role


def test_the_admin_s_role_sees_states_of_work_across_practices(
    two_scans: None, admin: psycopg.Connection[tuple[object, ...]]
) -> None:
    rows = admin.execute("SELECT state, last_error FROM scans_scan").fetchall()
    assert rows == [("discovered", "")] * 2
    admin.execute("SELECT name FROM practices_practice")
    admin.execute("SELECT action FROM audit_entry")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT measurements FROM scans_scan",
        "SELECT scan_identifier FROM scans_scan",
        "SELECT first_name FROM scans_identity",
        "SELECT link FROM reports_report",
        "SELECT digest FROM reports_link",
        "SELECT password FROM practices_user",
        "SELECT client_secret FROM scans_connection",
        'SELECT wrapped FROM keystore."report_key"',
        'SELECT wrapped FROM keystore."practice_key"',
        "UPDATE scans_scan SET state = 'ready'",
        "DELETE FROM audit_entry",
    ],
)
def test_the_admin_s_role_sees_nothing_of_a_person_and_changes_nothing(
    admin: psycopg.Connection[tuple[object, ...]], statement: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        admin.execute(statement.encode())


@pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model._meta.label)
def test_nothing_sealed_and_no_secret_is_seen_across_practices(model: type[Model]) -> None:
    columns = {str(field.column): field for field in model._meta.local_fields}
    for seen in (getattr(model, "swept", ()), getattr(model, "admin_sees", ())):
        assert set(seen) <= set(columns)
        binary = {name for name in seen if isinstance(columns[name], BinaryField)}
        assert binary <= {"hash"}  # of the log's chain
        assert not {name for name in seen if isinstance(columns[name], SealedTextField)}
        assert not set(seen) & {"password", "digest", "wrapped", "link", "prefix"}


def dump(role: str, schema: str) -> subprocess.CompletedProcess[str]:
    program = Binaries.installed().postgres / "pg_dump"
    return subprocess.run(
        [program, f"--schema={schema}", "--data-only", database_url(DATA, role, CLONE)],
        capture_output=True,
        text=True,
        check=False,
    )


def rows_in(dumped: str, table: str) -> int:
    lines = dumped.splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith(f"COPY {table} "))
    return lines[begin:].index("\\.") - 1


def test_a_data_backup_holds_every_practice_s_rows_and_no_key(two_scans: None) -> None:
    data = dump("dermalia_backup", "public")
    assert data.returncode == 0, data.stderr
    with superuser_connection() as server:
        tables = server.execute(
            "SELECT relname FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        for (table,) in tables:
            count = server.execute(
                sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(str(table)))
            ).fetchone()
            assert count == (rows_in(data.stdout, f"public.{table}"),)
    assert rows_in(data.stdout, "public.scans_scan") == 2
    assert "permission denied" in dump("dermalia_backup", "keystore").stderr


def test_a_keystore_backup_holds_every_key_and_no_data(two_scans: None) -> None:
    keys = dump("dermalia_keystore_backup", "keystore")
    assert keys.returncode == 0, keys.stderr
    assert rows_in(keys.stdout, "keystore.report_key") == 2
    assert "permission denied" in dump("dermalia_keystore_backup", "public").stderr
