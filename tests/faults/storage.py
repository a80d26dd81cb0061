"""An S3 that keeps versions, over real HTTP, with faults: what our own server cannot do."""

import itertools
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_EMPTY = '<?xml version="1.0"?><{0}></{0}>'


class VersionedStorage:
    """One bucket in memory. Deleting without a version leaves a marker, as S3 does.

    Attributes:
        versions: (key, version id) of every version and marker there is.
        deletes_for_real: False: it answers as if it had deleted versions, and keeps them.
        fails_every: every so manieth request is answered with 500; 0 for none.
    """

    def __init__(self) -> None:
        self.versions: list[tuple[str, str]] = []
        self.deletes_for_real = True
        self.fails_every = 0
        self.requests = itertools.count(1)
        self._ids = itertools.count(1)
        handler = type("Handler", (_Handler,), {"storage": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def put(self, key: str) -> None:
        self.versions.append((key, f"v{next(self._ids)}"))

    def delete(self, key: str, version: str | None) -> None:
        if version is None:
            self.versions.append((key, f"marker{next(self._ids)}"))
        elif self.deletes_for_real:
            self.versions.remove((key, version))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    storage: VersionedStorage
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if "uploads" in asked:
            self._answer(_EMPTY.format("ListMultipartUploadsResult"))
            return
        assert "versions" in asked, self.path
        prefix = asked.get("prefix", [""])[0]
        rows = "".join(
            f"<{kind}><Key>{escape(key)}</Key><VersionId>{version}</VersionId></{kind}>"
            for key, version in self.storage.versions
            if key.startswith(prefix)
            for kind in ["DeleteMarker" if version.startswith("marker") else "Version"]
        )
        self._answer(
            f"<ListVersionsResult><IsTruncated>false</IsTruncated>{rows}</ListVersionsResult>"
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self._fails():
            return
        for one in re.findall(r"<Object>.*?</Object>", body, re.DOTALL):
            key = re.search("<Key>(.*?)</Key>", one)
            version = re.search("<VersionId>(.*?)</VersionId>", one)
            assert key is not None
            self.storage.delete(unquote(key[1]), version[1] if version else None)
        self._answer(_EMPTY.format("DeleteResult"), checked=True)

    def _answer(self, body: str, *, checked: bool = False) -> None:
        if not checked and self._fails():
            return
        self._send(200, body)

    def _fails(self) -> bool:
        every = self.storage.fails_every
        if every == 0 or next(self.storage.requests) % every:
            return False
        self._send(500, "<Error><Code>InternalError</Code></Error>")
        return True

    def _send(self, status: int, body: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Not into the output of the tests."""
