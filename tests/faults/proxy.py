"""Real storage behind a way that has faults: what it is asked arrives, or does not."""

import re
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

import boto3
from django.conf import settings

from tests.faults.server import FaultyHandler, FaultyServer

_BUCKET = re.compile(r"^/[^/?]+")


class FaultyStorage(FaultyServer):
    """A proxy in front of an S3 server, which does not see the requests that fail.

    Attributes:
        cuts_after: a PUT's connection breaks off after this share of its body.
        keeps: a PUT is answered with success, but storage keeps only this share of its body;
            nothing at all is kept at 0.
        holds: each PUT waits for ``let_go``.
        stalls: an object's body stops after its first bytes, until ``let_go``.
    """

    def __init__(self, behind: str) -> None:
        super().__init__(_Handler)
        self.behind = urlsplit(behind)
        self.cuts_after: float | None = None
        self.keeps: float | None = None
        self.holds = self.stalls = False
        self.waiting = 0
        self.puts = 0
        self.let_go = threading.Event()

    def heal(self) -> None:
        """From now on every request goes through; who waits goes on."""
        super().heal()
        self.cuts_after = self.keeps = None
        self.holds = self.stalls = False
        self.let_go.set()


class _Handler(FaultyHandler, BaseHTTPRequestHandler):
    storage: FaultyStorage

    def do_GET(self) -> None:
        self._pass_on()

    def do_HEAD(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def do_DELETE(self) -> None:
        self._pass_on()

    def do_PUT(self) -> None:
        storage, length = self.storage, int(self.headers["Content-Length"])
        storage.puts += 1
        if storage.holds:
            self._wait()
        if storage.cuts_after is not None:
            self.rfile.read(int(length * storage.cuts_after))
            self.close_connection = True
            return
        if storage.keeps is None:
            self._pass_on()
            return
        body = self.rfile.read(length)
        if storage.keeps:
            self._keep(body[: int(length * storage.keeps)])
        self._answer(200, [("ETag", '"0"')], b"")

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.storage.fails():
            self.fail()
            return
        headers = {name: value for name, value in self.headers.items() if name != "Expect"}
        status, kept, content = self._ask(self.command, body, headers)
        self._answer(status, kept, content, stall=self.storage.stalls and self._names_an_object())

    def _names_an_object(self) -> bool:
        return self.command == "GET" and bool(_BUCKET.sub("", urlsplit(self.path).path).strip("/"))

    def _ask(
        self, method: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        behind = self.storage.behind
        connection = HTTPConnection(behind.hostname or "", behind.port, timeout=30)
        try:
            # The signature covers the host that was asked, which is ours.
            connection.request(method, self.path, body or None, headers)
            answer = connection.getresponse()
            dropped = {"content-length", "transfer-encoding", "connection"}
            kept = [(name, value) for name, value in answer.getheaders()]
            length = dict(kept).get("Content-Length", "0") if method == "HEAD" else None
            kept = [(name, value) for name, value in kept if name.lower() not in dropped]
            if length is not None:
                kept.append(("Content-Length", length))
            return answer.status, kept, answer.read()
        finally:
            connection.close()

    def _keep(self, part: bytes) -> None:
        """As storage that writes a part only: past the signature, which is of the whole."""
        bucket, name = urlsplit(self.path).path.lstrip("/").split("/", 1)
        client = boto3.client(
            "s3",
            endpoint_url=self.storage.behind.geturl(),
            aws_access_key_id=settings.S3_ACCESS_KEY,
            aws_secret_access_key=settings.S3_SECRET_KEY,
            region_name=settings.S3_REGION,
        )
        client.put_object(Bucket=bucket, Key=unquote(name), Body=part)

    def _wait(self) -> None:
        self.storage.waiting += 1
        self.storage.let_go.wait(60)

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, *, stall: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        try:
            if stall:
                self.wfile.write(body[:100])
                self.wfile.flush()
                self._wait()
                body = body[100:]
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # nobody waits for the answer any more
