"""deploy/healthcheck.py tells a part that works from one that does not."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dermalia.operations.metrics.server import SHORTEST_TOKEN, server
from tests.deploy.installation import DEPLOY


def check(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, DEPLOY / "healthcheck.py", *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def answering(status: int) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A web server; its address, and the headers of what it was asked."""
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append({"path": self.path, **dict(self.headers.items())})
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"0.0.0.0:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_a_web_server_that_answers_is_well() -> None:
    with answering(200) as (bind, asked):
        ended = check("web", DERMALIA_BIND=bind, DERMALIA_HOSTS="a.example.org,b.example.org")
    assert ended.returncode == 0
    assert asked[0]["path"] == "/health/live"
    assert asked[0]["Host"] == "a.example.org"
    assert asked[0]["X-Forwarded-Proto"] == "https"


@pytest.mark.parametrize("status", [301, 400, 404, 500, 503])
def test_a_web_server_that_answers_anything_else_is_not(status: int) -> None:
    with answering(status) as (bind, _):
        ended = check("web", DERMALIA_BIND=bind)
    assert ended.returncode == 1
    assert f"answers {status}" in ended.stderr


def test_a_web_server_that_is_not_there_is_not_well() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        ended = check("web", DERMALIA_BIND=f"127.0.0.1:{free.getsockname()[1]}")
    assert ended.returncode == 1
    assert "does not answer" in ended.stderr


def test_numbers_are_shown_if_their_server_answers_without_the_token() -> None:
    with served() as bind:
        assert check("metrics", DERMALIA_METRICS_BIND=bind).returncode == 0
    gone = check("metrics", DERMALIA_METRICS_BIND=bind)
    assert gone.returncode == 1
    assert "are not shown" in gone.stderr
    with answering(503) as (bind, _):
        assert "answers 503" in check("metrics", DERMALIA_METRICS_BIND=bind).stderr


@contextmanager
def served() -> Iterator[str]:
    """The real one, as in a container; its address."""
    running = server("0.0.0.0", 0, folder=None, token="t" * SHORTEST_TOKEN)  # noqa: S104
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"0.0.0.0:{running.server_port}"
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


@pytest.mark.parametrize(
    ("part", "name", "well", "stale"),
    [("worker", "worker.alive", 50, 70), ("beat", "beat", 590, 610), ("beat", "beat.db", 590, 610)],
)
def test_an_old_sign_of_life_is_none(
    part: str, name: str, well: int, stale: int, tmp_path: Path
) -> None:
    assert "no sign of life" in check(part, DERMALIA_RUN=str(tmp_path)).stderr
    sign = tmp_path / name
    sign.touch()
    for age, code in ((0, 0), (well, 0), (stale, 1)):
        then = time.time() - age
        os.utime(sign, (then, then))
        assert check(part, DERMALIA_RUN=str(tmp_path)).returncode == code


@pytest.mark.parametrize("arguments", [[], ["postgres"], ["web", "worker"]])
def test_it_says_what_it_can_look_at(arguments: list[str]) -> None:
    ended = check(*arguments)
    assert ended.returncode == 1
    assert ended.stderr == "healthcheck.py web, worker, beat or metrics\n"
