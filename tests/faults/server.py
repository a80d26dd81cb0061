"""A server in this process that answers every so manieth request with an error."""

import itertools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class FaultyServer:
    """Serves within ``with``, on a port of its own.

    Attributes:
        fails_every: every so manieth request is answered with 500; 0 for none.
    """

    def __init__(self, handler: type["FaultyHandler"]) -> None:
        self.fails_every = 0
        self.requests = itertools.count(1)
        bound = type("Handler", (handler,), {"storage": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def fails(self) -> bool:
        """Whether this request is one of those that fail; to be asked once of each."""
        return bool(self.fails_every) and next(self.requests) % self.fails_every == 0

    def heal(self) -> None:
        """From now on every request goes through."""
        self.fails_every = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.heal()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class FaultyHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def fail(self) -> None:
        """As S3 says it."""
        body = b"<Error><Code>InternalError</Code></Error>"
        self.send_response(500)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Not into the output of the tests."""
