"""An S3 that keeps versions, over real HTTP, with faults: what our own server cannot do."""

import itertools
import re
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.faults.server import FaultyHandler, FaultyServer

_EMPTY = '<?xml version="1.0"?><{0}></{0}>'


class VersionedStorage(FaultyServer):
    """One bucket in memory. Deleting without a version leaves a marker, as S3 does.

    Attributes:
        versions: (key, version id) of every version and marker there is.
        deletes_for_real: False: it answers as if it had deleted versions, and keeps them.
    """

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.versions: list[tuple[str, str]] = []
        self.deletes_for_real = True
        self._ids = itertools.count(1)

    def put(self, key: str) -> None:
        self.versions.append((key, f"v{next(self._ids)}"))

    def delete(self, key: str, version: str | None) -> None:
        if version is None:
            self.versions.append((key, f"marker{next(self._ids)}"))
        elif self.deletes_for_real:
            self.versions.remove((key, version))


class _Handler(FaultyHandler, BaseHTTPRequestHandler):
    storage: VersionedStorage

    def do_GET(self) -> None:
        if self.storage.fails():
            self.fail()
            return
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
        if self.storage.fails():
            self.fail()
            return
        for one in re.findall(r"<Object>.*?</Object>", body, re.DOTALL):
            key = re.search("<Key>(.*?)</Key>", one)
            version = re.search("<VersionId>(.*?)</VersionId>", one)
            assert key is not None
            self.storage.delete(unquote(key[1]), version[1] if version else None)
        self._answer(_EMPTY.format("DeleteResult"))

    def _answer(self, body: str) -> None:
        content = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
