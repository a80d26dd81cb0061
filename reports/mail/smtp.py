"""Mail through an SMTP server, by Django's backend: encrypted, verified, or not at all."""

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.utils.functional import cached_property
from django.utils.translation import gettext_noop as _
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from dermalia.residency import egress, guard
from dermalia.residency.dialing import AddressRefused, Found, Fuse, dial, resolve
from reports.mail.message import Message
from reports.mail.models import Carrier, MailRoute
from reports.mail.provider import Answer, NotTaken, Uncertain, require_outside
from reports.mail.smtp_answers import ACCOUNT_REST_SECONDS, broken_off, expect, not_connected

# A line that begins with a dot would end the mail, or lose it (RFC 5321, 4.5.2).
_LEADING_DOT = re.compile(rb"(?m)^\.")
TIMEOUT_SECONDS = 12.0  # an erasure may wait behind two mails in the same worker
SEND_SECONDS = 20.0  # for all of a mail, however busily the other side trickles
TRY_SECONDS = 8.0  # for a test: somebody sits before it, and a thread of the web server waits
PORTS = frozenset({465, 587, 2525})  # submission; port 25 is for servers among themselves


@dataclass(frozen=True, slots=True)
class Server:
    """Where an SMTP server is and how it is spoken to.

    Attributes:
        inside: it may stand in the practice's own network, as on an installation of its own.
    """

    host: str
    port: int
    security: MailRoute.Security
    username: str
    password: str = field(repr=False)
    inside: bool = False


class SmtpProvider:
    """Sends by SMTP. A server recognises no repetition, so an uncertain end is not tried again."""

    remembers: timedelta | None = None
    per_second = 5.0

    def __init__(self, server: Server, *, carrier: Carrier, pace: str) -> None:
        self.server = server
        self.carrier = carrier
        self.pace = pace

    def send(self, message: Message, *, key: str, practice_id: int, kind: str) -> str:  # noqa: ARG002
        mail = _as_django(message, key)
        if self.carrier == Carrier.RELAY:
            _require_registered(self.server)
        with _opened(self.server, seconds=SEND_SECONDS) as backend:
            backend.hand_over(mail, sender=message.sender, recipient=message.recipient)
        return str(mail.extra_headers["Message-ID"])

    def ask(self, provider_id: str) -> Answer | None:  # noqa: ARG002
        """SMTP has no such question: what is not returned has arrived, as far as anybody knows."""
        return None


def try_server(server: Server) -> None:
    """Connect, sign in and hang up, one at a time in each process.

    Raises:
        NotTaken: a sentence about what went wrong, after ``TRY_SECONDS`` at the latest.
    """
    if not _trying.acquire(blocking=False):
        raise NotTaken(_("Another mail server is being tried at this moment: try again."))
    try:
        with _opened(server, seconds=TRY_SECONDS):
            pass
    finally:
        _trying.release()


# Threads of a web process are few, and pages must not wait for somebody's mail server.
_trying = threading.BoundedSemaphore()


@contextmanager
def _opened(server: Server, *, seconds: float) -> Iterator["PinnedBackend"]:
    """The server, signed in to; whatever is not done after ``seconds`` is cut off.

    Raises:
        NotTaken: it did not come to that.
    """
    require_outside()
    with Fuse(seconds) as fuse:
        backend = PinnedBackend(server, fuse, seconds=min(seconds, TIMEOUT_SECONDS))
        try:
            _open(backend)
            yield backend
        finally:
            backend.close_quietly()


def _open(backend: "PinnedBackend") -> None:
    server = backend.server
    try:
        # Whoever the register cannot know, the practice has named.
        with guard.admitting(server.host, server.port):
            backend.open()
    except Exception as error:
        raise not_connected(error) from error


class PinnedBackend(EmailBackend):
    """Django's backend, calling only addresses that were checked and speaking nothing but TLS."""

    def __init__(self, server: Server, fuse: Fuse, *, seconds: float) -> None:
        starttls = server.security == MailRoute.Security.STARTTLS
        super().__init__(
            host=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=starttls,
            use_ssl=not starttls,
            timeout=int(seconds),
        )
        self.server, self.fuse = server, fuse

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        """TLS 1.2 or later, certificate and name verified."""
        if self.server.inside and settings.MAIL_AUTHORITY:
            return _with_authority(settings.MAIL_AUTHORITY)
        return egress.tls_context()

    @property
    def connection_class(self) -> Any:
        addresses, fuse = _addresses(self.server), self.fuse
        base: Any = smtplib.SMTP_SSL if self.use_ssl else smtplib.SMTP

        class Pinned(base):  # type: ignore[misc]  # one of two classes, known here only
            def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
                line = dial(addresses, seconds=timeout)
                fuse.watch(line)
                line.settimeout(timeout)
                if base is smtplib.SMTP_SSL:
                    return self.context.wrap_socket(line, server_hostname=host)  # type: ignore[no-any-return]
                return line

        return Pinned

    def hand_over(self, mail: EmailMultiAlternatives, *, sender: str, recipient: str) -> None:
        """One transaction, step by step: only after DATA can its end be uncertain.

        Raises:
            NotTaken: the server refused, or the line broke before it had the mail.
            Uncertain: the line broke after that.
        """
        line = self.connection
        if line is None:
            raise RuntimeError("open the backend first")
        content: bytes = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own
        try:
            line.ehlo_or_helo_if_needed()
            expect(250, line.mail(sender))
            expect(250, line.rcpt(recipient))
            expect(354, line.docmd("DATA"))
        except (OSError, smtplib.SMTPException) as error:
            raise broken_off() from error
        try:
            line.send(_LEADING_DOT.sub(b"..", content).rstrip(b"\r\n") + b"\r\n.\r\n")
            answer = line.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise Uncertain(
                _("The mail server broke off; it is not known whether it has the mail.")
            ) from error
        expect(250, answer)

    def close_quietly(self) -> None:
        """The mail is out of our hands or it is not: a farewell changes nothing."""
        try:
            self.close()
        except (OSError, smtplib.SMTPException):
            self.connection = None


def _with_authority(path: str) -> ssl.SSLContext:
    """As any server is verified, or by the practice's own authority; never not at all."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=path)
    return context


def _addresses(server: Server) -> list[Found]:
    """Where the name leads, checked.

    Raises:
        AddressRefused: to where we must not call, or a port that is not for submitting mail.
        OSError: nowhere.
    """
    if server.inside:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        return [(family, address) for family, _, _, _, address in found]
    if server.port not in PORTS and not settings.SANDBOX_ORIGINS:
        raise AddressRefused(f"port {server.port} is not for submitting mail")
    return list(resolve(server.host, server.port))


def _require_registered(server: Server) -> None:
    """A practice's own server is the practice's to name; any other stands in the register."""
    try:
        egress.require_mail_server(server.host, server.port)
    except egress.PracticeObjects as error:
        raise NotTaken(_("The practice has objected to this mail service."), after=3600) from error
    except egress.EgressRefused as error:
        raise NotTaken(
            _("The mail service is not in the register."),
            after=ACCOUNT_REST_SECONDS,
            everyone=True,
        ) from error


def _as_django(message: Message, key: str) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=message.encoded_sender_header,
        to=[message.recipient],
        reply_to=[message.reply_to],
        headers={
            "Message-ID": f"<{key}@{message.sender.rpartition('@')[2]}>",
            "Auto-Submitted": "auto-generated",  # no holiday replies, please (RFC 3834)
        },
    )
    mail.attach_alternative(message.html, "text/html")
    if message.attached is not None:
        mail.attach(message.attached.name, message.attached.data, message.attached.media_type)
    return mail
