"""Real Celery workers on the test's database, with short times."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from django.conf import settings
from django.db import connections

from tests.conftest import process_environment
from tests.waiting import PATIENCE_SECONDS

QUEUES = "ingest,convert,mail,erase,backup"


class Worker:
    """A worker and its pool, in a process group of their own.

    Args:
        probe: a folder by which the test watches and holds its tasks (see ``probe``); without
            it the real tasks run.
        env: further environment.
    """

    def __init__(self, *, processes: int = 1, probe: Path | None = None, **env: str) -> None:
        short = {"DERMALIA_WORK_SWEEP_SECONDS": "0.3", "DERMALIA_WORK_GRACE_SECONDS": "1"}
        self._processes = processes
        self._probed = probe is not None
        self._env = process_environment(**{**short, **env})
        if probe is not None:
            self._env["DERMALIA_TEST_PROBE"] = str(probe)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = [
            f"--queues={QUEUES}",
            f"--concurrency={self._processes}",
            "--loglevel=ERROR",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            *(["--include=tests.work.probe"] if self._probed else []),
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "celery", "--app=dermalia", "--quiet", "worker", *options],
            env=self._env,
            cwd=settings.BASE_DIR,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def children(self) -> list[int]:
        """Process ids of its pool, and of whatever else it started."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def terminate(self) -> int:
        """End it as a deployment does; its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(PATIENCE_SECONDS)
        self._process = None
        return code

    def kill(self) -> None:
        """End it and its pool without a chance to say anything."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@contextmanager
def running(worker: Worker) -> Iterator[Worker]:
    worker.start()
    try:
        yield worker
    finally:
        worker.kill()
        connections.close_all()


@contextmanager
def redis_client() -> Iterator[redis.Redis]:
    """Redis as this run's workers use it."""
    path = settings.CELERY_BROKER_URL.removeprefix("redis+socket://").split("?")[0]
    with redis.Redis(unix_socket_path=path) as client:
        yield client
