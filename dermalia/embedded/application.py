"""The application's processes on one machine: web, two workers, beat."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from dermalia.embedded.children import Child

# Prompt work has a worker of its own: no pull, however slow, holds up a mail or an erasure.
WORKERS = {"worker": ("ingest,convert,backup", 2), "prompt": ("mail,erase", 2)}

_CHOSEN = ("DERMALIA_LOG", "DERMALIA_METRICS_DIR")


def children(
    data: Path, *, host: str, port: int, env: Mapping[str, str], web_options: Sequence[str] = ()
) -> list[Child]:
    """What ``manage.py up`` runs beside the services.

    Args:
        data: the prepared data folder.
        env: added to every process's environment.
        web_options: further ones of gunicorn's.
    """
    env = {
        # What they write goes to our standard error, so they cannot see what that is.
        "DERMALIA_LOG": "text" if sys.stderr.isatty() else "json",
        "DERMALIA_METRICS_DIR": str(_emptied(data / "run" / "metrics")),
        **{name: os.environ[name] for name in _CHOSEN if name in os.environ},
        **env,
    }
    return [
        _web(host, port, env, web_options),
        *(_worker(name, *work, env) for name, work in WORKERS.items()),
        _beat(data, env),
    ]


def _emptied(folder: Path) -> Path:
    """What earlier processes counted goes: their files would only pile up."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _web(host: str, port: int, env: Mapping[str, str], more: Sequence[str]) -> Child:
    options = [
        f"--bind={host}:{port}",
        "--workers=2",
        "--worker-class=gthread",
        "--threads=4",
        "--no-control-socket",
        "--log-level=warning",
        "--logger-class=dermalia.operations.logs.gunicorn.Logger",
        "--graceful-timeout=10",
        *more,
    ]
    argv = [sys.executable, "-m", "gunicorn", *options, "dermalia.wsgi"]
    return Child("web", argv, {**env, "DERMALIA_PART": "web"})


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
