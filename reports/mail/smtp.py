"""Mail through an SMTP server, by Django's backend: encrypted, verified, or not at all."""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.utils.functional import cached_property
from django.utils.translation import gettext_noop as _

from dermalia.residency import egress
from dermalia.residency.dialing import AddressRefused, Found, dial, resolve
from reports.mail.message import Message
from reports.mail.models import Carrier, MailRoute
from reports.mail.provider import Answer, NotTaken, Uncertain

# A line that begins with a dot would end the mail, or lose it (RFC 5321, 4.5.2).
_LEADING_DOT = re.compile(rb"(?m)^\.")
TIMEOUT_SECONDS = 12.0  # an erasure may wait behind two mails in the same worker
PORTS = frozenset({465, 587, 2525})  # submission; port 25 is for servers among themselves
ACCOUNT_REST_SECONDS = 300.0
UNREACHABLE_REST_SECONDS = 30.0


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
        backend = PinnedBackend(self.server)
        try:
            backend.open()
        except Exception as error:
            backend.close_quietly()
            raise _not_connected(error) from error
        try:
            backend.hand_over(mail, sender=message.sender, recipient=message.recipient)
        finally:
            backend.close_quietly()
        return str(mail.extra_headers["Message-ID"])

    def ask(self, provider_id: str) -> Answer | None:  # noqa: ARG002
        """SMTP has no such question: what is not returned has arrived, as far as anybody knows."""
        return None


def try_server(server: Server) -> None:
    """Connect, sign in and hang up. Raises NotTaken with a sentence about what went wrong."""
    backend = PinnedBackend(server)
    try:
        backend.open()
    except Exception as error:
        raise _not_connected(error) from error
    finally:
        backend.close_quietly()


class PinnedBackend(EmailBackend):
    """Django's backend, calling only addresses that were checked and speaking nothing but TLS."""

    def __init__(self, server: Server) -> None:
        starttls = server.security == MailRoute.Security.STARTTLS
        super().__init__(
            host=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=starttls,
            use_ssl=not starttls,
            timeout=int(TIMEOUT_SECONDS),
        )
        self.server = server

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        """TLS 1.2 or later, certificate and name verified."""
        return egress.tls_context()

    @property
    def connection_class(self) -> Any:
        addresses = _addresses(self.server)
        base: Any = smtplib.SMTP_SSL if self.use_ssl else smtplib.SMTP

        class Pinned(base):  # type: ignore[misc]  # one of two classes, known here only
            def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
                line = dial(addresses, seconds=timeout)
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
            _expect(250, line.mail(sender))
            _expect(250, line.rcpt(recipient))
            _expect(354, line.docmd("DATA"))
        except (OSError, smtplib.SMTPException) as error:
            raise _broken() from error
        try:
            line.send(_LEADING_DOT.sub(b"..", content).rstrip(b"\r\n") + b"\r\n.\r\n")
            answer = line.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise Uncertain(
                _("The mail server broke off; it is not known whether it has the mail.")
            ) from error
        _expect(250, answer)

    def close_quietly(self) -> None:
        """The mail is out of our hands or it is not: a farewell changes nothing."""
        try:
            self.close()
        except (OSError, smtplib.SMTPException):
            self.connection = None


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
    return mail


def _expect(code: int, answer: tuple[int, bytes]) -> None:
    """Raises NotTaken for any other answer; 251 is a 250 with a forwarding address."""
    if answer[0] != code and (code, answer[0]) != (250, 251):
        raise _refused(answer[0])


def _refused(code: int) -> NotTaken:
    """What a refusal means by its class: 4xx for now, 5xx for good (RFC 5321, 4.2.1)."""
    if code == 421:
        return NotTaken(
            _("The mail server is closing; trying again."),
            after=UNREACHABLE_REST_SECONDS,
            everyone=True,
        )
    if 400 <= code < 500:
        return NotTaken(_("The mail server does not take the mail at the moment."))
    if code == 530:
        return _wrong_account()
    return NotTaken(_("The mail server refuses this mail or its address."), final=True)


def _broken() -> NotTaken:
    return NotTaken(_("The mail server broke off before it had the mail."))


def _wrong_account() -> NotTaken:
    return NotTaken(
        _("The mail server refuses the account: check the user name and the password."),
        after=ACCOUNT_REST_SECONDS,
        everyone=True,
    )


def _not_connected(error: Exception) -> NotTaken:
    """Nothing was said about a mail yet. Anything unforeseen is raised as it is."""
    if isinstance(error, AddressRefused):
        sentence = _("The mail server has an address that must not be called.")
    elif isinstance(error, ssl.SSLError):
        sentence = _("The mail server's certificate is not accepted: nothing was sent.")
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        sentence = _("The mail server offers no encryption: nothing was sent.")
    elif isinstance(error, smtplib.SMTPAuthenticationError):
        return _wrong_account()
    elif isinstance(error, OSError | smtplib.SMTPException):
        return NotTaken(
            _("The mail server could not be reached."),
            after=UNREACHABLE_REST_SECONDS,
            everyone=True,
        )
    else:
        raise error
    return NotTaken(sentence, after=ACCOUNT_REST_SECONDS, everyone=True)
