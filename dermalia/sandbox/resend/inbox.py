"""Mails as received, and waiting for them."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from html import unescape

_HREF = re.compile(r"""href\s*=\s*["']?(https?://[^"'\s>]+)""", re.IGNORECASE)
_PLAIN = re.compile(r"https?://[^\s<>\"']+")

# What the provider's own test addresses come to; every other address is delivered to.
_EVENTS = {"bounced": "bounced", "complained": "complained", "suppressed": "suppressed"}


def urls_in(text: str) -> tuple[str, ...]:
    """Web addresses in plain text, without the punctuation of the sentence around them."""
    return tuple(found.rstrip(".,;:!?)") for found in _PLAIN.findall(text))


@dataclass(frozen=True)
class Mail:
    """One accepted mail. ``sender`` and the recipients are as given, names included."""

    id: str
    received_at: datetime
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    reply_to: tuple[str, ...]
    subject: str
    text: str | None
    html: str | None
    headers: Mapping[str, str]
    attachments: tuple[str, ...]
    idempotency_key: str | None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Bare addresses of everyone who gets it, lower case."""
        everyone = (*self.to, *self.cc, *self.bcc)
        return tuple(parseaddr(recipient)[1].lower() for recipient in everyone)

    @property
    def links(self) -> tuple[str, ...]:
        """Web addresses of the text part, then of the HTML part, each once."""
        in_html = (unescape(found) for found in _HREF.findall(self.html or ""))
        return tuple(dict.fromkeys((*urls_in(self.text or ""), *in_html)))

    @property
    def last_event(self) -> str:
        """What became of it: delivered, or what the provider's test addresses stand for."""
        for address in self.addresses:
            local, _, domain = address.partition("@")
            if domain == "resend.dev":
                return _EVENTS.get(local.partition("+")[0], "delivered")
        return "delivered"

    def as_json(self) -> dict[str, object]:
        """Everything as plain data, for tests in another process."""
        return {
            "id": self.id,
            "received_at": self.received_at.isoformat(),
            "from": self.sender,
            "to": list(self.to),
            "cc": list(self.cc),
            "bcc": list(self.bcc),
            "reply_to": list(self.reply_to),
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": dict(self.headers),
            "attachments": list(self.attachments),
            "idempotency_key": self.idempotency_key,
            "tags": dict(self.tags),
            "last_event": self.last_event,
            "links": list(self.links),
        }


class Inbox:
    """Received mails, oldest first; safe to use from several threads."""

    def __init__(self) -> None:
        self._mails: dict[str, Mail] = {}
        self._arrived = threading.Condition()

    def put(self, mail: Mail) -> None:
        """Receive a mail and wake whoever waits."""
        with self._arrived:
            self._mails[mail.id] = mail
            self._arrived.notify_all()

    def get(self, mail_id: str) -> Mail | None:
        """The mail, or None."""
        with self._arrived:
            return self._mails.get(mail_id)

    def all(self, to: str | None = None) -> tuple[Mail, ...]:
        """Every mail, or those that reach one address."""
        with self._arrived:
            return tuple(mail for mail in self._mails.values() if _reaches(mail, to))

    def clear(self) -> None:
        """Forget every mail."""
        with self._arrived:
            self._mails.clear()

    def wait(self, timeout: float, to: str | None = None) -> Mail:
        """The newest mail, waited for if there is none. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        with self._arrived:
            while True:
                matching = self.all(to)
                if matching:
                    return matching[-1]
                if not self._arrived.wait(deadline - time.monotonic()):
                    whom = f" for {to}" if to else ""
                    raise TimeoutError(f"no mail{whom} came within {timeout:g} s")


def _reaches(mail: Mail, address: str | None) -> bool:
    return address is None or address.lower() in mail.addresses
