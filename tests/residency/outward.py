"""Ways out of a process: each library that could open a connection, told to open one.

Also what tests start as processes of their own: an application for gunicorn, a task for a worker
and a script, which all try the ways out and say what came of it.
"""

import json
import os
import smtplib
import socket
import sys
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.config import Config
from celery import shared_task
from resend.http_client_requests import RequestsClient

from dermalia.residency.refusals import ConnectionNotAdmitted, refused

SECONDS = 2.0


def _resend(host: str, port: int) -> None:
    client = RequestsClient(timeout=int(SECONDS))
    client.request("post", f"http://{host}:{port}/emails", headers={}, json={})


def _boto3(host: str, port: int) -> None:
    once = Config(
        connect_timeout=SECONDS, read_timeout=SECONDS, proxies={}, retries={"total_max_attempts": 1}
    )
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="eu-central-1",
        aws_access_key_id="access",
        aws_secret_access_key="secret",
        config=once,
    )
    client.list_buckets()


def _datagram(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"word", (host, port))


def _raw(host: str, port: int) -> None:
    with socket.socket() as line:
        line.settimeout(SECONDS)
        line.connect((host, port))


def _raw_without_error(host: str, port: int) -> None:
    with socket.socket() as line:
        line.settimeout(SECONDS)
        line.connect_ex((host, port))


Way = Callable[[str, int], object]
WAYS: dict[str, Way] = {
    "requests": lambda host, port: requests.get(f"http://{host}:{port}/", timeout=SECONDS),
    "urllib": lambda host, port: urllib.request.urlopen(
        f"http://{host}:{port}/", timeout=SECONDS
    ).close(),
    "smtplib": lambda host, port: smtplib.SMTP(host, port, timeout=SECONDS).close(),
    "boto3": _boto3,
    "resend": _resend,
    "a socket": _raw,
    "a socket that raises nothing": _raw_without_error,
    "create_connection": lambda host, port: socket.create_connection((host, port), SECONDS).close(),
    "a datagram": _datagram,
}
LOOK_UPS: dict[str, Callable[[str], object]] = {
    "getaddrinfo": lambda name: socket.getaddrinfo(name, 443),
    "gethostbyname": socket.gethostbyname,
    "gethostbyname_ex": socket.gethostbyname_ex,
    "gethostbyaddr": socket.gethostbyaddr,
    "getfqdn": socket.getfqdn,
}


def is_refused(attempt: Callable[[], object]) -> bool:
    """Whether the guard refused what ``attempt`` did, however a library dresses the error up."""
    before = sum(refused().values())
    try:
        attempt()
    except ConnectionNotAdmitted:
        return True
    except Exception:  # noqa: BLE001 (every library has errors of its own)
        return sum(refused().values()) > before
    return sum(refused().values()) > before


def tried(host: str, port: int, ways: Iterable[str] = WAYS) -> dict[str, bool]:
    """Which of the ways out the guard refuses to this server."""
    return {way: is_refused(lambda way=way: WAYS[way](host, port)) for way in ways}  # type: ignore[misc]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The application as gunicorn serves it; below ``/try/HOST/PORT`` the ways out."""
    from dermalia.wsgi import application as ours

    parts = environ["PATH_INFO"].split("/")
    if parts[1] != "try":
        return ours(environ, start_response)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(tried(parts[2], int(parts[3]))).encode()]


@shared_task(name="tests.residency.outward.try_out")
def try_out(host: str, port: int, path: str) -> None:
    """Tries the ways out inside a worker's pool."""
    fresh = Path(f"{path}.new")
    fresh.write_text(json.dumps(tried(host, port)))
    fresh.replace(path)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dermalia.settings")
    import django

    django.setup()
    sys.stdout.write(json.dumps(tried(sys.argv[1], int(sys.argv[2]))))
