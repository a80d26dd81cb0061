"""Postgres, Redis and S3: start, stop, and what they may and must do."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from dermalia.embedded import (
    Binaries,
    EmbeddedError,
    NotPrepared,
    Services,
    database_url,
    environment,
    prepare,
)
from tests.embedded import clients
from tests.embedded.conftest import processes_of, restore

pytestmark = pytest.mark.processes


def test_data_outlive_a_stop_and_a_start(data: Path) -> None:
    settings = environment(data)
    with Services(data):
        clients.query(settings, "CREATE TABLE kept AS SELECT 7 AS value")
        clients.cache(settings).set("kept", "7")
        clients.objects(settings).put_object(Bucket="dermalia", Key="a/b", Body=b"7")
    assert processes_of(data) == set()
    with Services(data):
        assert clients.query(settings, "TABLE kept") == [(7,)]
        assert clients.cache(settings).get("kept") == b"7"
        stored = clients.objects(settings).get_object(Bucket="dermalia", Key="a/b")
        assert stored["Body"].read() == b"7"
    assert processes_of(data) == set()


def test_a_folder_that_was_never_prepared_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotPrepared):
        Services(tmp_path / "data").start()


def test_a_second_start_names_the_process_that_runs_the_services(running: Services) -> None:
    data = running.layout.data
    code = "import pathlib, sys; from dermalia.embedded import Services;"
    code += "Services(pathlib.Path(sys.argv[1])).start()"
    second = subprocess.run(
        [sys.executable, "-c", code, data], capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert f"The data folder {data} is in use by process {os.getpid()}" in second.stderr
    assert running.check() == []


def test_the_same_process_cannot_start_twice_either(running: Services) -> None:
    with pytest.raises(EmbeddedError, match="is in use by process"):
        Services(running.layout.data).start()
    assert running.check() == []


def test_libpq_reads_the_database_url_as_it_is(running: Services) -> None:
    url = environment(running.layout.data)["DERMALIA_DATABASE_URL"]
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT current_user, current_database()").fetchone()
    assert row == ("dermalia_app", "dermalia")


def test_only_the_owner_owns_and_only_backups_bypass_row_level_security(
    running: Services,
) -> None:
    with psycopg.connect(database_url(running.layout.data, "postgres")) as connection:
        roles = connection.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolcanlogin"
            " FROM pg_roles WHERE rolname LIKE 'dermalia%' ORDER BY 1"
        ).fetchall()
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'dermalia'"
        ).fetchone()
    assert roles == [
        ("dermalia_admin", False, False, False, False, True),
        ("dermalia_app", False, False, False, False, True),
        ("dermalia_backup", False, False, False, True, True),
        ("dermalia_keystore_backup", False, False, False, True, True),
        ("dermalia_owner", False, False, False, False, True),
        ("dermalia_sweeper", False, False, False, False, True),
    ]
    assert owner == ("dermalia_owner",)


def test_the_application_role_cannot_create_tables(running: Services) -> None:
    settings = environment(running.layout.data)
    with (
        clients.postgres(settings, "DERMALIA_DATABASE_URL") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE public.mine (id int)")


def test_a_start_mends_missing_roles_and_takes_back_powers(data: Path) -> None:
    superuser = database_url(data, "postgres", "postgres")
    with Services(data, durable=False), psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("DROP ROLE dermalia_sweeper")
        connection.execute("ALTER ROLE dermalia_app BYPASSRLS")
    with Services(data, durable=False), psycopg.connect(superuser) as connection:
        rows = connection.execute(
            "SELECT rolname, rolbypassrls FROM pg_roles"
            " WHERE rolname IN ('dermalia_app', 'dermalia_sweeper') ORDER BY 1"
        ).fetchall()
    assert rows == [("dermalia_app", False), ("dermalia_sweeper", False)]


def test_values_in_failed_statements_do_not_reach_the_log(running: Services) -> None:
    settings = environment(running.layout.data)
    with clients.postgres(settings) as connection, pytest.raises(psycopg.DataError):
        connection.execute("SELECT 'planted-marker'::int")
    assert "planted-marker" not in running.layout.log("postgres").read_text()


def test_no_server_listens_on_the_network_but_s3_on_loopback(running: Services) -> None:
    port = int(environment(running.layout.data)["DERMALIA_S3_ENDPOINT"].rpartition(":")[2])
    assert addresses_of(processes_of(running.layout.data)) == {f"0100007F:{port:04X}"}
    # This process may hold the sockets of other services too, but none open to the network.
    assert all(address.startswith("0100007F:") for address in addresses_of({os.getpid()}))


def addresses_of(pids: set[int]) -> set[str]:
    """Local addresses on which processes listen, hexadecimal as the kernel writes them."""
    inodes = {
        str(link.readlink())
        for pid in pids
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if link.is_symlink()
    }
    return {
        address
        for table in ("tcp", "tcp6")
        for address, inode in listening(table)
        if f"socket:[{inode}]" in inodes
    }


def listening(table: str) -> list[tuple[str, str]]:
    """Local address (hexadecimal, as the kernel writes it) and inode of each listening socket."""
    rows = [line.split() for line in Path("/proc/net", table).read_text().splitlines()[1:]]
    return [(row[1], row[9]) for row in rows if row[3] == "0A"]


@pytest.mark.parametrize("name", ["x" * 120, "with space, comma % and ü"])
def test_a_folder_with_a_long_or_odd_path_works(template: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    data = restore(template, tmp_path / name / "data")
    settings = environment(data)
    with Services(data, durable=False):
        assert clients.query(settings, "SELECT 1") == [(1,)]
        with psycopg.connect(settings["DERMALIA_DATABASE_URL"]) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert clients.cache(settings).ping()
        assert "Contents" not in clients.objects(settings).list_objects_v2(Bucket="dermalia")


def test_a_missing_shared_library_is_one_line(tmp_path: Path, open_folder: Path) -> None:
    installed = Binaries.installed()
    for program in ("initdb", "postgres"):
        shutil.copy(installed.postgres / program, open_folder)
    prepare(tmp_path / "data")
    broken = Binaries(postgres=open_folder, redis=installed.redis, rclone=installed.rclone)
    with pytest.raises(
        EmbeddedError, match=r"^Postgres cannot run: the shared library libpq\S+ is"
    ):
        Services(tmp_path / "data", binaries=broken).start()
    assert processes_of(tmp_path / "data") == set()


def test_a_cluster_of_another_version_is_one_line(data: Path) -> None:
    (data / "postgres" / "cluster" / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedError, match=r"^Postgres stopped .*incompatible with server$"):
        Services(data).start()
    assert processes_of(data) == set()


def test_a_port_taken_after_the_settings_were_read_is_one_line(data: Path) -> None:
    port = int(environment(data)["DERMALIA_S3_ENDPOINT"].rpartition(":")[2])
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(EmbeddedError, match=rf"^Port {port} of the object storage is in use"),
    ):
        Services(data).start()
    assert processes_of(data) == set()
