"""A small HTTP/1.1 server for stand-ins: routes, keep-alive, and ways to misbehave on the wire.

The standard library's threading server is enough here: a stand-in serves a handful of clients,
must write broken answers on purpose (short bodies, cut connections), which frameworks rightly
prevent, and must stop at once with every connection closed.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from dermalia.sandbox.faults import Fault

MAX_BODY_BYTES = 40 * 1024 * 1024
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")
_SLICE_SECONDS = 0.02


@dataclass(frozen=True)
class Request:
    """What a route sees. ``params`` are the named parts of the path, already unquoted."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: bytes
    params: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    @property
    def origin(self) -> str:
        """Scheme and host as the client addressed us, for links that stay on the same origin."""
        host = str(self.headers.get("Host", ""))
        return f"http://{host}" if _HOST.fullmatch(host) else ""

    @property
    def is_form(self) -> bool:
        """Whether the body came from an HTML form."""
        return self.headers.get_content_type() == "application/x-www-form-urlencoded"

    def form(self) -> dict[str, str]:
        """The fields of an HTML form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises ValueError if it is none."""
        parsed = json.loads(self.body)
        if not isinstance(parsed, dict):
            raise ValueError("a JSON object is expected")
        return parsed


@dataclass(frozen=True)
class Response:
    """What a route answers, and how the wire treats it.

    ``bytes_per_second`` slows the body down, ``cut_after`` closes the connection after so many
    bytes of a body announced in full, ``drop`` closes it without a word. A body whose length is
    not ``announced`` ends with its connection.
    """

    status: int = 200
    body: bytes = b""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    bytes_per_second: float | None = None
    cut_after: int | None = None
    drop: bool = False
    announced: bool = True


def json_response(
    content: object,
    *,
    status: int = 200,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer in JSON."""
    body = json.dumps(content, ensure_ascii=False).encode()
    return Response(status, body, media_type, headers or {})


def see_other(path: str) -> Response:
    """Send a browser to a page after a form."""
    return Response(HTTPStatus.SEE_OTHER, headers={"Location": path})


Handler = Callable[[Request], Response]


@dataclass(frozen=True)
class Route:
    """A method and a path template such as ``/v1/scans/{id}``.

    ``scope`` names the kind of request for faults; a route without one never fails on purpose.
    """

    method: str
    template: str
    handler: Handler
    scope: str | None = None

    def match(self, path: str) -> dict[str, str] | None:
        """The named parts of ``path`` (as sent, still quoted), or None if it is another path."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template)
        found = re.fullmatch(pattern, path)
        return {k: unquote(v) for k, v in found.groupdict().items()} if found else None


class Server(ThreadingHTTPServer):
    """Threading server that can end every open connection when it stops."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], respond: Callable[[Request], Response]) -> None:
        self.respond = respond
        self.stopping = threading.Event()
        self.accepted = 0
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(address, _Connection)

    def server_bind(self) -> None:
        # HTTPServer's own version asks the DNS for our name, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def run(self) -> None:
        """Serve until `end` is called from another thread."""
        self.serve_forever(poll_interval=0.01)

    def end(self) -> None:
        """Stop accepting, cut open connections, wait for their threads."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._changed:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._open, timeout=5)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self.accepted += 1
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are a stand-in's daily bread; anything else is worth a trace."""
        import sys

        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Stay silent: stand-ins keep their own log."""

    @property
    def _server(self) -> Server:
        return cast(Server, self.server)

    def _answer(self) -> None:
        body = self._read_body()
        if body is None:
            return
        target = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=target.path,
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers=self.headers,
            body=body,
        )
        self._write(self._server.respond(request))

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return None
        if int(length) > MAX_BODY_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        return self.rfile.read(int(length))

    def _write(self, response: Response) -> None:
        if response.drop:
            self.close_connection = True
            return
        self.send_response(response.status)
        if response.body or response.status not in (204, 304):
            self.send_header("Content-Type", response.media_type)
            self._announce(response)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        body = memoryview(response.body)
        if response.cut_after is not None:
            body = body[: response.cut_after]
            self.close_connection = True
        self._write_body(body, response.bytes_per_second)

    def _announce(self, response: Response) -> None:
        if response.announced:
            self.send_header("Content-Length", str(len(response.body)))
        else:
            self.send_header("Connection", "close")

    def _write_body(self, body: memoryview, bytes_per_second: float | None) -> None:
        if bytes_per_second is None:
            self.wfile.write(body)
            return
        size = max(1, int(bytes_per_second * _SLICE_SECONDS))
        started = time.monotonic()
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            due = started + min(start + size, len(body)) / bytes_per_second
            if self._server.stopping.wait(max(0.0, due - time.monotonic())):
                self.close_connection = True
                return
