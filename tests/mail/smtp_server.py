"""A small SMTP server over TLS, with ways to go wrong; nothing leaves this machine."""

import contextlib
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "praxis", "for this test"


@dataclass
class SmtpServer:
    """What a test sets and sees of the server.

    ``fault`` is one of "", "no tls", "wrong account", "later" (451), "never" (550), "drop before
    data", "drop after data" (the mail is taken), "closing" (421), "hangs" (says nothing),
    "trickles" (a byte now and then, and never a whole line), "hangs in tls".
    """

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, str]] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    connections: int = 0
    open_lines: int = 0
    fault: str = ""


@contextlib.contextmanager
def smtp_server(certificate: Path, *, implicit: bool = False) -> Iterator[SmtpServer]:
    """Serve on a port of its own, with STARTTLS or TLS from the first byte."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.context, server.implicit = context, implicit
        server.seen = SmtpServer(port=server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
        thread.start()
        yield server.seen
        server.shutdown()
        thread.join()


def make_certificate(path: Path, name: str = "localhost") -> Path:
    """A self-signed certificate for ``name`` with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    context: ssl.SSLContext
    implicit: bool
    seen: SmtpServer


class _Hangup(Exception):
    """The server closes the line without a word."""


class _Session(socketserver.BaseRequestHandler):
    """One connection. Commands are answered one by one, as RFC 5321 has them."""

    server: _Server

    def handle(self) -> None:
        self.seen = self.server.seen
        self.seen.connections += 1
        self.seen.open_lines += 1
        self.line: socket.socket = self.request
        self.sender = self.recipient = ""
        try:
            if self.server.implicit:
                self._encrypt()
            self._open()
            self._stall()
            self._say("421 closing" if self.seen.fault == "closing" else "220 ready")
            while self._command():
                pass
        except (_Hangup, OSError):
            pass
        finally:
            with contextlib.suppress(OSError):
                self.line.close()
            self.seen.open_lines -= 1

    def _encrypt(self) -> None:
        self.line = self.server.context.wrap_socket(self.line, server_side=True)

    def _stall(self) -> None:
        """Keep the line open, and whoever called waiting, until they hang up."""
        if self.seen.fault == "hangs":
            self.line.recv(1)
            raise _Hangup
        while self.seen.fault == "trickles":
            self.line.sendall(b"2")
            time.sleep(0.1)

    def _open(self) -> None:
        self.file: Any = self.line.makefile("rb")

    def _say(self, text: str) -> None:
        self.line.sendall(text.encode() + b"\r\n")

    def _command(self) -> bool:
        line = self.file.readline().decode().strip()
        if not line:
            return False
        verb = line.split(" ")[0].upper()
        answer = getattr(self, f"_{verb.lower()}", None)
        if answer is None:
            self._say("502 not here")
            return True
        return bool(answer(line))

    def _ehlo(self, _: str) -> bool:
        encrypted = isinstance(self.line, ssl.SSLSocket)
        offers = ["AUTH PLAIN LOGIN"] if encrypted else []
        if not encrypted and self.seen.fault != "no tls":
            offers.append("STARTTLS")
        lines = ["localhost", *offers]
        for last, text in enumerate(lines, start=1):
            self._say(f"250{' ' if last == len(lines) else '-'}{text}")
        return True

    def _starttls(self, _: str) -> bool:
        self._say("220 go")
        if self.seen.fault == "hangs in tls":
            while self.line.recv(4096):
                pass
            raise _Hangup
        self._encrypt()
        self._open()
        return True

    def _auth(self, line: str) -> bool:
        if self.seen.fault == "wrong account":
            self._say("535 no")
            return True
        self.seen.signed_in.append(line)
        self._say("235 welcome")
        return True

    def _mail(self, line: str) -> bool:
        self.sender = line.partition(":")[2]
        self._say("250 ok")
        return True

    def _rcpt(self, line: str) -> bool:
        self.recipient = line.partition(":")[2]
        answers = {"later": "451 greylisted", "never": "550 no such user"}
        self._say(answers.get(self.seen.fault, "250 ok"))
        return True

    def _data(self, _: str) -> bool:
        if self.seen.fault == "drop before data":
            raise _Hangup
        self._say("354 go on")
        content = bytearray()
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                raise _Hangup
            content += line.removeprefix(b".") if line.startswith(b"..") else line
        self.seen.mails.append(message_from_bytes(bytes(content), policy=default))
        self.seen.envelopes.append((self.sender, self.recipient))
        if self.seen.fault == "drop after data":
            raise _Hangup
        self._say("250 taken")
        return True

    def _rset(self, _: str) -> bool:
        self._say("250 ok")
        return True

    def _quit(self, _: str) -> bool:
        self._say("221 bye")
        return False
