"""The application's processes on one machine: web, two workers, beat."""

import sys
from collections.abc import Mapping
from pathlib import Path

from dermalia.embedded.children import Child

# Prompt work has a worker of its own: no pull, however slow, holds up a mail or an erasure.
WORKERS = {"worker": ("ingest,convert,backup", 2), "prompt": ("mail,erase", 2)}


def children(data: Path, *, host: str, port: int, env: Mapping[str, str]) -> list[Child]:
    """What ``manage.py up`` runs beside the services.

    Args:
        data: the prepared data folder.
        env: added to every process's environment.
    """
    return [
        _web(host, port, env),
        *(_worker(name, *work, env) for name, work in WORKERS.items()),
        _beat(data, env),
    ]


def _web(host: str, port: int, env: Mapping[str, str]) -> Child:
    options = [
        f"--bind={host}:{port}",
        "--workers=2",
        "--worker-class=gthread",
        "--threads=4",
        "--no-control-socket",
        "--log-level=warning",
        "--graceful-timeout=10",
    ]
    return Child("web", [sys.executable, "-m", "gunicorn", *options, "dermalia.wsgi"], env)


def _worker(name: str, queues: str, processes: int, env: Mapping[str, str]) -> Child:
    options = [
        f"--queues={queues}",
        f"--concurrency={processes}",
        f"--hostname={name}@%h",
        "--loglevel=WARNING",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
    return Child(name, [*_celery("worker"), *options], {**env, "DERMALIA_WORKER": name})


def _beat(data: Path, env: Mapping[str, str]) -> Child:
    schedule = f"--schedule={data / 'run' / 'beat'}"
    return Child("beat", [*_celery("beat"), schedule, "--loglevel=WARNING"], env)


def _celery(command: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--app=dermalia", "--quiet", command]
