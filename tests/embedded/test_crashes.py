"""kill -9 at the worst moment: what was acknowledged is there afterwards."""

import contextlib
import http.client
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from dermalia.embedded import Services, environment
from dermalia.embedded.locks import holders
from tests.embedded import clients
from tests.waiting import long_before, until

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def durable(shared_data: Path) -> Iterator[Services]:
    with Services(shared_data) as services:
        yield services


def pid_of(services: Services, name: str) -> int:
    process = services._services[name]._process
    assert process is not None
    return process.pid


def write_until_killed(write: Callable[[int], object], kill: Callable[[], None]) -> int:
    """Calls `write` with 0, 1, 2, … until it fails; returns how many were acknowledged."""
    done = 0
    timer = threading.Timer(0.25, kill)
    timer.start()
    try:
        while done < 1_000_000:
            write(done)
            done += 1
    except (psycopg.OperationalError, redis.ConnectionError, OSError):
        pass
    finally:
        timer.join()
    assert done > 0
    return done


def test_acknowledged_rows_survive_the_death_of_postgres(durable: Services) -> None:
    settings = environment(durable.layout.data)
    connection = clients.postgres(settings)
    connection.execute("CREATE TABLE acknowledged (value int)")
    done = write_until_killed(
        lambda value: connection.execute("INSERT INTO acknowledged VALUES (%s)", [value]),
        lambda: os.kill(pid_of(durable, "postgres"), signal.SIGKILL),
    )
    connection.close()
    until(lambda: durable.check() == ["postgres"])
    durable.restart("postgres")
    assert durable.check() == []
    kept = clients.query(settings, "SELECT count(*) FROM acknowledged WHERE value < %s", done)
    assert kept == [(done,)]


def test_a_backend_that_outlives_its_server_does_not_hold_up_the_restart(
    durable: Services,
) -> None:
    settings = environment(durable.layout.data)
    with clients.postgres(settings) as busy:
        backend = busy.info.backend_pid
        # Busy without waiting for anything: such a backend does not notice the death.
        endless = "SELECT count(*) FROM generate_series(1, 10000000000)"
        worker = threading.Thread(target=execute_until_killed, args=(busy, endless))
        worker.start()
        until(lambda: Path(f"/proc/{backend}/stat").read_text().split()[2] == "R")
        os.kill(pid_of(durable, "postgres"), signal.SIGKILL)
        until(lambda: durable.check() == ["postgres"])
        assert backend in holders(durable.layout.run_lock("postgres"))
        with long_before(300):
            durable.restart("postgres")
        assert backend not in holders(durable.layout.run_lock("postgres"))
        worker.join()


def execute_until_killed(
    connection: psycopg.Connection[tuple[object, ...]], statement: LiteralString
) -> None:
    with contextlib.suppress(psycopg.OperationalError):
        connection.execute(statement)


def test_acknowledged_keys_survive_the_death_of_redis(durable: Services) -> None:
    settings = environment(durable.layout.data)
    cache = redis.Redis.from_url(settings["DERMALIA_CACHE_URL"], retry=None)
    done = write_until_killed(
        lambda value: cache.set(f"key-{value}", value),
        lambda: os.kill(pid_of(durable, "redis"), signal.SIGKILL),
    )
    until(lambda: durable.check() == ["redis"])
    durable.restart("redis")
    kept = clients.cache(settings).mget([f"key-{value}" for value in range(done)])
    assert kept == [str(value).encode() for value in range(done)]


def test_acknowledged_objects_survive_the_death_of_s3(durable: Services) -> None:
    settings = environment(durable.layout.data)
    body = b"x" * 20_000
    bucket = clients.objects(settings)

    def put(value: int) -> None:
        try:
            bucket.put_object(Bucket="dermalia", Key=f"k/{value}", Body=body)
        except Exception as error:
            raise OSError from error

    done = write_until_killed(put, lambda: os.kill(pid_of(durable, "s3"), signal.SIGKILL))
    until(lambda: durable.check() == ["s3"])
    durable.restart("s3")
    for value in range(done):
        stored = bucket.get_object(Bucket="dermalia", Key=f"k/{value}")["Body"].read()
        assert stored == body


def test_what_a_cut_off_upload_left_is_removed(durable: Services) -> None:
    settings = environment(durable.layout.data)
    url = clients.objects(settings).generate_presigned_url(
        "put_object", Params={"Bucket": "dermalia", "Key": "a/b/half"}
    )
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.putrequest("PUT", f"{parts.path}?{parts.query}")
    connection.putheader("Content-Length", "1000000")
    connection.endheaders(b"x" * 500_000)
    folder = durable.layout.s3 / "objects" / "dermalia" / "a" / "b"
    until(lambda: [file for file in folder.glob(".rclone_temp_*") if file.stat().st_size])
    os.kill(pid_of(durable, "s3"), signal.SIGKILL)
    until(lambda: durable.check() == ["s3"])
    connection.close()
    assert list(folder.iterdir()) != []
    durable.restart("s3")
    assert list(folder.iterdir()) == []
