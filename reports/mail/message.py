"""The mail with the link. It says nothing about health, skin or a scan (R31)."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, override

from practices.models import Practice


@dataclass(frozen=True, slots=True)
class Message:
    """One mail to one recipient, ready to be sent."""

    sender: str
    recipient: str
    subject: str
    text: str
    html: str


class MailProvider(Protocol):
    """Whoever carries mails."""

    def send(self, message: Message, *, idempotency_key: str) -> str:
        """Hand the message over and return the provider's id of it.

        Raises:
            WorkFailed: it was not accepted; says whether and when to try again.
        """
        ...


def link_message(
    *,
    practice: Practice,
    recipient: str,
    first_name: str,
    link: str,
    valid_until: date,
    language: str,
) -> Message:
    """The mail in the patient's language, as text and HTML."""
    with override(language):
        context = {
            "practice": practice,
            "first_name": first_name,
            "link_url": link_url(link, language=language),
            "valid_until": valid_until,
            "operator": settings.OPERATOR,
            "LANGUAGE_CODE": language,
        }
        return Message(
            sender=settings.MAIL_FROM,
            recipient=recipient,
            subject=gettext("Your personal link"),
            text=render_to_string("reports/mail/link.txt", context),
            html=render_to_string("reports/mail/link.html", context),
        )


def link_url(link: str, *, language: str) -> str:
    """The full address a patient opens."""
    with override(language):
        return settings.PUBLIC_URL + reverse("reports:patient", args=[link])
