"""Web, worker and command are guarded from their first line on, each by itself."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import requests
from django.conf import settings

from dermalia.celery import app
from operators.domain.log import NO_PRACTICE
from tests.conftest import process_environment, superuser_connection
from tests.residency.lines import ANSWER, listening, request_head
from tests.residency.outward import WAYS
from tests.waiting import PATIENCE_SECONDS, until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("committed")]
NOBODY = "192.0.2.1"
ELSEWHERE = "example.com"
ALL_REFUSED = dict.fromkeys(WAYS, True)
# A datagram has no connection: it is not refused to a port that is admitted, and finds nobody.
ALL_ADMITTED = dict.fromkeys(WAYS, False)


def answering(line: object) -> None:
    request_head(line)  # type: ignore[arg-type]
    line.sendall(ANSWER)  # type: ignore[attr-defined]


@contextmanager
def started(command: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=process_environment(**environment),
        cwd=settings.BASE_DIR,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def awaited(path: Path) -> dict[str, bool]:
    until(path.exists, f"{path} did not come")
    found: dict[str, bool] = json.loads(path.read_text())
    return found


def in_a_command(host: str, port: int, **environment: str) -> dict[str, bool]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.residency.outward", host, str(port)],
        env=process_environment(**environment),
        cwd=settings.BASE_DIR,
        capture_output=True,
        check=True,
    )
    found: dict[str, bool] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize("host", [NOBODY, ELSEWHERE])
def test_a_command_is_refused_every_way_out(host: str) -> None:
    assert in_a_command(host, 443) == ALL_REFUSED


def test_a_command_reaches_a_stand_in_and_no_other_server_of_this_machine() -> None:
    with listening(answering) as (named, _), listening(answering) as (unnamed, came):
        origin = f"http://127.0.0.1:{named}"
        assert in_a_command("127.0.0.1", named, DERMALIA_SANDBOX_ORIGINS=origin) == ALL_ADMITTED
        assert in_a_command("127.0.0.1", unnamed, DERMALIA_SANDBOX_ORIGINS=origin) == ALL_REFUSED
        assert came == []


def test_the_web_server_is_refused_every_way_out_and_the_log_knows() -> None:
    with listening(answering) as (port, came):
        pass  # a port that is free again
    command = ["gunicorn", f"--bind=127.0.0.1:{port}", "--no-control-socket"]
    with started([*command, "--log-level=warning", "tests.residency.outward:application"]):
        assert _asked(f"http://127.0.0.1:{port}/try/{NOBODY}/443") == ALL_REFUSED
        # On this machine the web server itself is nobody it may call.
        assert _asked(f"http://127.0.0.1:{port}/try/127.0.0.1/{port}") == ALL_REFUSED
        assert came == []
        assert _entries() > 0


def test_a_library_inside_a_worker_is_refused_every_way_out(tmp_path: Path) -> None:
    options = ["--queues=ingest", "--concurrency=1", "--loglevel=ERROR", "--without-gossip"]
    include = "--include=tests.residency.outward"
    with (
        listening(answering) as (named, _),
        started(
            ["celery", "--app=dermalia", "--quiet", "worker", *options, include],
            DERMALIA_SANDBOX_ORIGINS=f"http://127.0.0.1:{named}",
        ),
    ):
        for host, port, expected in (
            (NOBODY, 443, ALL_REFUSED),
            ("127.0.0.1", named, ALL_ADMITTED),
        ):
            path = tmp_path / f"{port}.json"
            app.send_task(
                "tests.residency.outward.try_out", args=[host, port, str(path)], queue="ingest"
            )
            assert awaited(path) == expected
        assert _entries() > 0


def _asked(url: str) -> dict[str, bool]:
    return until(lambda: _answer(url), "the web server did not come up")


def _answer(url: str) -> dict[str, bool] | None:
    try:
        found: dict[str, bool] = requests.get(url, timeout=PATIENCE_SECONDS).json()
    except requests.ConnectionError:
        return None
    return found


def _entries() -> int:
    """How many refusals stand in the log of no practice, after the teller had time to write."""
    with superuser_connection() as server:
        return until(lambda: _counted(server), "no refusal was written down")


def _counted(server: "psycopg.Connection[tuple[object, ...]]") -> int:
    row = server.execute(
        "SELECT count(*) FROM audit_entry WHERE practice_id = %s AND action = %s",
        [NO_PRACTICE, "connection.refused"],
    ).fetchone()
    assert row is not None
    return int(str(row[0]))
