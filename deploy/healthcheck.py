"""Says by its exit code whether a part started by ``deploy/entrypoint`` does its work.

    healthcheck.py web      the web server answers /health/live
    healthcheck.py worker   its last sweep was less than a minute ago
    healthcheck.py metrics  the server of numbers answers
    healthcheck.py beat     it wrote its timetable down in the last ten minutes

Only what comes with Python: it runs every few seconds and must cost next to nothing.
"""

import http.client
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

SWEEP_SECONDS = 60.0
# Celery's beat writes its timetable every three minutes.
TIMETABLE_SECONDS = 600.0


def web() -> str:
    """What is wrong with the web server; nothing if empty."""
    host, _, port = os.environ.get("DERMALIA_BIND", "0.0.0.0:8000").rpartition(":")
    if host == "0.0.0.0":  # noqa: S104
        host = "127.0.0.1"
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    # As the proxy would ask, or Django would refuse the host and redirect to https.
    headers = {"X-Forwarded-Proto": "https"}
    if hosts := os.environ.get("DERMALIA_HOSTS"):
        headers["Host"] = hosts.split(",")[0].strip()
    try:
        connection.request("GET", "/health/live", headers=headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"the web server does not answer: {error}"
    finally:
        connection.close()
    return "" if status == http.client.OK else f"/health/live answers {status}"


def metrics() -> str:
    """Asked without the token: that it refuses is an answer, and costs no look at the database."""
    host, _, port = os.environ.get("DERMALIA_METRICS_BIND", "127.0.0.1:9464").rpartition(":")
    if host == "0.0.0.0":  # noqa: S104
        host = "127.0.0.1"
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    try:
        connection.request("GET", "/")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"the numbers are not shown: {error}"
    finally:
        connection.close()
    expected = {http.client.UNAUTHORIZED, http.client.NOT_FOUND}
    return "" if status in expected else f"the numbers' server answers {status}"


def worker() -> str:
    path = Path(os.environ.get("DERMALIA_SIGN_OF_LIFE", str(_run() / "worker.alive")))
    return _stale(path, SWEEP_SECONDS)


def beat() -> str:
    # The database behind the timetable chooses its own ending, if any.
    written = sorted(_run().glob("beat*"), key=lambda path: path.stat().st_mtime)
    return _stale(written[-1] if written else _run() / "beat", TIMETABLE_SECONDS)


def _run() -> Path:
    return Path(os.environ.get("DERMALIA_RUN", "/tmp"))  # noqa: S108 (the container's own)


def _stale(path: Path, seconds: float) -> str:
    try:
        age = time.time() - path.stat().st_mtime
    except OSError as error:
        return f"no sign of life: {error}"
    return "" if age < seconds else f"the last sign of life in {path} is {age:.0f} s old"


PARTS: dict[str, Callable[[], str]] = {
    "web": web,
    "worker": worker,
    "beat": beat,
    "metrics": metrics,
}


def main(arguments: list[str]) -> str | int:
    if len(arguments) != 1 or arguments[0] not in PARTS:
        return "healthcheck.py web, worker, beat or metrics"
    return PARTS[arguments[0]]() or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
