"""Whole processes that fail while holding somebody's data: their log has none of it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings

from tests.conftest import process_environment
from tests.operations.marks import LINK, MAIL, MARKS, NAME, NETWORK, PASSWORD, TOKEN
from tests.waiting import PATIENCE_SECONDS, free_port, listens, until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("committed")]


@contextmanager
def process(log: Path, *command: str, **env: str) -> Iterator[None]:
    """A process of the troubled application; everything it writes goes to ``log``."""
    environment = process_environment(
        DJANGO_SETTINGS_MODULE="tests.operations.troubled", DERMALIA_PROXIES="1", **env
    )
    with log.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=environment,
            cwd=settings.BASE_DIR,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield
        finally:
            running.send_signal(signal.SIGTERM)
            try:
                running.wait(PATIENCE_SECONDS)
            finally:
                if running.poll() is None:
                    os.killpg(running.pid, signal.SIGKILL)


def ask(port: int, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        status = response.status
        response.read()
    except http.client.HTTPException:
        return 0
    finally:
        connection.close()
    return status


def lines(log: Path) -> list[dict[str, Any]]:
    """Celery says farewell in words of its own."""
    return [
        json.loads(line)
        for line in log.read_text().splitlines()
        if line and not line.startswith("worker: ")
    ]


def assert_no_marks(log: Path) -> None:
    text = log.read_text()
    assert [
        mark for mark in MARKS if mark in text or mark.encode("unicode_escape").decode() in text
    ] == []


def test_the_web_servers_log_has_lines_of_every_failure_and_nobodys_data(tmp_path: Path) -> None:
    log, port = tmp_path / "web.log", free_port()
    options = ("--worker-class=gthread", "--threads=2", "--no-control-socket", "--log-level=info",
               "--logger-class=dermalia.operations.logs.gunicorn.Logger")  # fmt: skip
    with process(log, "gunicorn", f"--bind=127.0.0.1:{port}", *options, "dermalia.wsgi"):
        until(lambda: listens(port), "the web server did not come up")
        marked = {
            "Cookie": f"sessionid={TOKEN}",
            "Authorization": f"Bearer {TOKEN}",
            "X-Forwarded-For": NETWORK,
            "Referer": f"http://localhost/de/r/{LINK}/",
            "X-Request-ID": "the-proxys-own-id",
        }
        assert ask(port, f"/troubled/failing/?q={PASSWORD}", **marked) == 500
        assert ask(port, "/troubled/logging/", **marked) == 200
        assert ask(port, "/troubled/database/", **marked) == 200
        assert ask(port, f"/troubled/r/{LINK}/", **marked) == 500
        assert ask(port, f"/de/r/{LINK}/nothing", **marked) == 404
        assert ask(port, f"/{MAIL}/{PASSWORD}", **marked) == 404
        assert ask(port, "/de/", Host=f"{PASSWORD}.example.org") == 400
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(f"GET / HTTP/1.1\r\nHost: a\r\n{NAME}: {TOKEN}\r\n\r\n".encode())
            assert raw.recv(100).startswith(b"HTTP/1.1 400")
    assert_no_marks(log)
    told = lines(log)
    messages = [line["message"] for line in told]
    assert "Internal Server Error: GET troubled/failing/ 500" in messages
    assert "Not Found: GET (no such address) 404" in messages
    assert "Internal Server Error: GET troubled/r/…/ 500" in messages
    assert "Invalid request" in messages
    assert "it failed: tests.operations.troubled_urls.Wrapped" in messages
    failed = next(line for line in told if line["message"] == "a value does not fit")
    assert failed["request"] == "the-proxys-own-id"
    assert failed["exception"].endswith("DataError (sqlstate 22P02)")


def test_a_workers_log_names_task_and_row_and_nobodys_data(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    row = "0190b5f2-0000-7000-8000-000000000001"
    with process(
        log,
        *("celery", "--app=dermalia", "--quiet", "worker", "--queues=mail", "--concurrency=1"),
        *("--loglevel=INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"),
        "--include=tests.operations.troubled_urls",
        DERMALIA_WORKER="marked",
    ):
        current_app.send_task("tests.troubled", args=[7, row, NAME, MAIL], queue="mail")
        until(lambda: "unexpected: Wrapped" in log.read_text(), "the task did not fail")
    assert_no_marks(log)
    failed = next(line for line in lines(log) if line["message"].startswith("Task tests.troubled["))
    assert failed["message"].endswith("raised unexpected: Wrapped")
    assert (failed["task"], failed["part"]) == ("tests.troubled", "marked")
    assert "tests.operations.troubled_urls.Wrapped" in failed["exception"]


def test_what_ends_a_process_or_a_thread_is_told_in_the_log_alone(tmp_path: Path) -> None:
    log = tmp_path / "ended.log"
    script = tmp_path / "ending.py"
    script.write_text(
        "import threading, django\n"
        "django.setup()\n"
        "from dermalia.operations.logs.everywhere import take_over, unfiltered\n"
        "from tests.operations.troubled_urls import fail\n"
        "take_over()\n"
        "assert unfiltered() == [], unfiltered()\n"
        "thread = threading.Thread(target=fail, name='sweeper')\n"
        "thread.start()\n"
        "thread.join()\n"
        "fail()\n"
    )
    environment = process_environment(
        DJANGO_SETTINGS_MODULE="tests.operations.troubled", PYTHONPATH=str(settings.BASE_DIR)
    )
    with log.open("wb") as output:
        ended = subprocess.run(
            [sys.executable, str(script)], env=environment, stdout=output, stderr=output,
            check=False, cwd=settings.BASE_DIR,
        )  # fmt: skip
    assert ended.returncode == 1
    assert_no_marks(log)
    assert [line["message"] for line in lines(log)] == [
        "The thread sweeper ended", "The process ends"
    ]  # fmt: skip
