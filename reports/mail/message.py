"""One mail, ready to be sent, and the mail with the link."""

import base64
import json
import re
from dataclasses import asdict, dataclass
from datetime import date
from email.utils import formataddr
from typing import Self

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, override

from practices.models import Practice

# Ends a header, or hides the rest of a line from whoever reads it.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# What would need quoting in a header, which services do differently.
_SPECIAL = re.compile(r'[()<>\[\]:;@\\,"]')
MAX_SENDER_NAME, MAX_GREETING = 60, 40
# What a mail program would turn into a link: a greeting is no place for somebody else's.
_ADDRESS_LIKE = re.compile(r"[/@\\<>]|\w\.\w|www", re.IGNORECASE)


class HeaderRefused(ValueError):
    """The text must not stand in a mail's header."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom a mail comes from and whom an answer goes to. Addresses are bare."""

    name: str
    address: str
    reply_to: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A file in a mail: a practice's own contract. Mails to patients never have one (R31)."""

    name: str
    media_type: str
    data: bytes

    @property
    def in_text(self) -> str:
        """The bytes in base64, as JSON and mail services take them."""
        return base64.b64encode(self.data).decode()


@dataclass(frozen=True, slots=True)
class Message:
    """One mail to one recipient. Raises ``HeaderRefused`` for a header of more than one line."""

    sender_name: str
    sender: str
    reply_to: str
    recipient: str
    subject: str
    text: str
    html: str
    attached: Attached | None = None

    def __post_init__(self) -> None:
        for header in (
            self.sender_name,
            self.sender,
            self.reply_to,
            self.recipient,
            self.subject,
            *([self.attached.name, self.attached.media_type] if self.attached else []),
        ):
            if _CONTROL.search(header):
                raise HeaderRefused("a header of a mail is one line")
        if sender_name(self.sender_name) != self.sender_name:
            raise HeaderRefused("the sender's name has signs that need quoting")

    @property
    def sender_header(self) -> str:
        """``Name <address>``, or the bare address; the name as it reads, not encoded."""
        return f"{self.sender_name} <{self.sender}>" if self.sender_name else self.sender

    @property
    def encoded_sender_header(self) -> str:
        """The same in ASCII, as RFC 2047 wants it on the wire."""
        return formataddr((self.sender_name, self.sender))

    def dump(self) -> str:
        """Everything as text, to be sealed; ``load`` reads it back."""
        told = asdict(self)
        if self.attached is not None:
            told["attached"] = asdict(self.attached) | {"data": self.attached.in_text}
        return json.dumps(told, ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Self:
        told = json.loads(text)
        if kept := told.pop("attached", None):
            kept["data"] = base64.b64decode(kept["data"])
            told["attached"] = Attached(**kept)
        return cls(**told)


def sender_name(text: str) -> str:
    """The name as it may stand in a header: one line, nothing to quote, of 60 letters at most."""
    plain = _SPECIAL.sub(" ", _CONTROL.sub(" ", text))
    return " ".join(plain.split())[:MAX_SENDER_NAME].strip()


def greeting_name(first_name: str) -> str:
    """The first name if it reads like one; a device's typed field may hold anything."""
    name = " ".join(first_name.split())
    odd = len(name) > MAX_GREETING or _CONTROL.search(name) or _ADDRESS_LIKE.search(name)
    return "" if odd else name


def link_message(
    *,
    practice: Practice,
    sender: Sender,
    recipient: str,
    first_name: str,
    link: str,
    valid_until: date,
    needs_code: bool,
    language: str,
) -> Message:
    """The mail in the patient's language, as text and HTML, without a word about health (R31)."""
    with override(language):
        context = {
            "practice": practice,
            "first_name": greeting_name(first_name),
            "link_url": link_url(link, language=language),
            "valid_until": valid_until,
            "needs_code": needs_code,
            "operator": settings.OPERATOR,
            "LANGUAGE_CODE": language,
        }
        return Message(
            sender_name=sender.name or gettext("Your practice"),
            sender=sender.address,
            reply_to=sender.reply_to,
            recipient=recipient,
            subject=gettext("Your personal link"),
            text=render_to_string("reports/mail/link.txt", context),
            html=render_to_string("reports/mail/link.html", context),
        )


def link_url(link: str, *, language: str) -> str:
    """The full address a patient opens."""
    with override(language):
        return settings.PUBLIC_URL + reverse("reports:patient", args=[link])
