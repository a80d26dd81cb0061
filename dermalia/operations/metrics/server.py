"""Showing the numbers to Prometheus, in a process of its own.

Not on the web server: a scrape takes none of its threads, and no mistake in a proxy's rules shows
the numbers to the world. One such process per machine adds up what its processes counted.
"""

import hmac
import threading
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.db import connections
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from dermalia.operations.metrics.ended import put_together
from dermalia.operations.metrics.figures import Figures
from dermalia.operations.metrics.place import locked

SHORTEST_TOKEN = 32
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class BindRefused(ValueError):
    """Others could read the numbers there without a token."""


class Files:
    """What processes wrote below a folder, added up; dead ones count on, as counters must."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        if self._folder is None or not self._folder.is_dir():
            return
        put_together(self._folder)
        with locked(self._folder):
            files = sorted(str(found) for found in self._folder.glob("*/*.db"))
            merged = list(MultiProcessCollector.merge(files))  # type: ignore[no-untyped-call]
        yield from merged


def exposition(folder: Path | None) -> bytes:
    """Everything there is to tell now, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(Files(folder))
    registry.register(Figures())
    try:
        return generate_latest(registry)
    finally:
        # The thread that asked ends.
        connections.close_all()


def application(
    folder: Path | None, token: str
) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """``/metrics`` as WSGI, for whoever has the token, if there is one; one scrape at a time."""
    one = threading.Lock()

    def answer(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        if token and not _knows(environ.get("HTTP_AUTHORIZATION", ""), token):
            start("401 Unauthorized", [("WWW-Authenticate", "Bearer")])
            return [b""]
        if environ.get("PATH_INFO") != "/metrics":
            start("404 Not Found", [])
            return [b""]
        with one:
            body = exposition(folder)
        start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
        return [body]

    return answer


def server(host: str, port: int, *, folder: Path | None, token: str) -> WSGIServer:
    """A server that listens; call ``serve_forever``.

    Raises:
        BindRefused: the address is not this machine's own, and there is no token of 32 characters.
    """
    if not _is_loopback(host) and len(token) < SHORTEST_TOKEN:
        raise BindRefused(
            f"{host} can be reached by others: set DERMALIA_METRICS_TOKEN to at least"
            f" {SHORTEST_TOKEN} characters, or bind to 127.0.0.1."
        )
    return make_server(host, port, application(folder, token), _Server, _Quiet)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = 10  # seconds that a silent client keeps a thread

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Whoever asks for numbers every few seconds is nothing to write about."""


def _knows(authorization: str, token: str) -> bool:
    return hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
