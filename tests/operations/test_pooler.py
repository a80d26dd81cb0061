"""Behind PgBouncer in transaction mode: scopes and locks end with their transactions.

Needs the program (``apt-get install pgbouncer``, or its path in ``PGBOUNCER``); what can be said
without it is said of the settings.
"""

import os
import pwd
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from pytest_django import Settings

from backups.domain import schedule
from dermalia.embedded import database_url
from dermalia.tenancy import practice_scope
from dermalia.work.nudge import SWEEP_LOCK
from practices.domain.tenants import create_practice
from scans.models import Scan
from tests.conftest import CLONE
from tests.environment import DATA
from tests.waiting import free_port, listens, until
from tests.work.rows import scan_of

PROGRAM = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
needs_pooler = pytest.mark.skipif(not PROGRAM, reason="pgbouncer is not installed")


@pytest.fixture
def pooler(committed: None, tmp_path: Path) -> Iterator[int]:
    """A pooler with one connection to the server for each role; its port."""
    port = free_port()
    given = psycopg.conninfo.conninfo_to_dict(database_url(DATA, "dermalia_app", CLONE))
    users = tmp_path / "users"
    users.write_text('"dermalia_app" ""\n"dermalia_sweeper" ""\n')
    config = tmp_path / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n{CLONE} = host={given['host']} port={given.get('port', 5432)}\n"
        "[pgbouncer]\nlisten_addr = 127.0.0.1\nunix_socket_dir =\n"
        f"listen_port = {port}\npool_mode = transaction\ndefault_pool_size = 1\n"
        f"auth_type = trust\nauth_file = {users}\n"
    )
    owner = pwd.getpwuid(Path(str(given["host"])).stat().st_uid).pw_name
    for path in (tmp_path, *tmp_path.parents[:2], DATA):
        path.chmod(0o711)
    for path in (users, config):
        path.chmod(0o644)
    assert PROGRAM is not None
    as_user = ["-u", owner] if os.geteuid() == 0 else []
    with subprocess.Popen([PROGRAM, *as_user, str(config)]) as running:
        try:
            until(lambda: listens(port), "the pooler did not come up")
            yield port
        finally:
            running.terminate()


@pytest.fixture
def pooled(pooler: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This thread's connections, and those of threads to come, lead through the pooler."""
    connections.close_all()
    for alias in ("default", "sweeper"):
        for place in (settings.DATABASES[alias], connections[alias].settings_dict):
            monkeypatch.setitem(place, "HOST", "127.0.0.1")
            monkeypatch.setitem(place, "PORT", str(pooler))
            monkeypatch.setitem(place, "DISABLE_SERVER_SIDE_CURSORS", True)
    yield
    connections.close_all()


@needs_pooler
def test_clients_that_share_one_connection_see_their_own_practice_only(pooled: None) -> None:
    """Four threads, one connection to the server: each transaction may follow any other's."""
    practices = [create_practice(name="Demo", email=f"{n}@example.org") for n in range(4)]
    own = {practice.pk: {scan_of(practice, f"S-{practice.pk}").pk} for practice in practices}
    seen: list[tuple[int, set[object]]] = []

    def look(practice_id: int) -> None:
        try:
            for _ in range(25):
                with practice_scope(practice_id):
                    rows = Scan.objects.values_list("pk", flat=True).iterator(chunk_size=1)
                    seen.append((practice_id, set(rows)))
                with connection.cursor() as cursor:
                    cursor.execute("SELECT current_setting('app.practice_id', true)")
                    assert cursor.fetchone()[0] in (None, "")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=look, args=(practice.pk,)) for practice in practices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 100
    assert all(found == own[practice_id] for practice_id, found in seen)


@needs_pooler
def test_the_lock_of_the_sweep_ends_with_its_transaction(pooled: None, pooler: int) -> None:
    url = f"postgresql://dermalia_sweeper@127.0.0.1:{pooler}/{CLONE}"
    take = f"SELECT pg_try_advisory_xact_lock({SWEEP_LOCK})"
    for _ in range(3):
        with psycopg.connect(url) as client:
            assert client.execute(take.encode()).fetchone() == (True,)


def test_what_needs_a_connection_of_its_own_refuses_a_pooled_one(
    settings: Settings, db: None
) -> None:
    settings.DATABASE_POOLED = True
    with pytest.raises(schedule.Busy, match="through a pooler"), schedule.alone():
        raise AssertionError
