"""What Resend tells us by itself of mails: verified, taken in once, in any order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import resend
from django.conf import settings

from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain.fates import learn
from reports.mail.models import Delivery, Fate, Outgoing, StaffMail, WebhookReceipt
from reports.mail.provider import Answer

KINDS: Mapping[str, type[Outgoing]] = {"link": Delivery, "staff": StaffMail}
# Opening and clicking are not asked for, and not noted if they come (R25).
EVENTS: Mapping[str, Fate] = {
    "email.sent": Fate.SENT,
    "email.delivery_delayed": Fate.DELAYED,
    "email.delivered": Fate.DELIVERED,
    "email.failed": Fate.FAILED,
    "email.bounced": Fate.BOUNCED,
    "email.suppressed": Fate.BOUNCED,
    "email.complained": Fate.COMPLAINED,
}
SOFT_BOUNCES = frozenset({"Temporary", "Transient"})  # a full mailbox; anything else is for good
LONGEST_ID = 80


class Forged(Exception):
    """The message does not come from the service, or not just now."""


@dataclass(frozen=True, slots=True)
class News:
    """What one message says of one of our mails. Nothing else of it is kept."""

    receipt: str
    model: type[Outgoing]
    practice_id: int
    mail_id: UUID
    provider_id: str
    answer: Answer


def verified(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """The message, if its signature and time hold; checked on the bytes as they came.

    Raises:
        Forged: signature, time (five minutes either way) or form are not right, or no secret is
            set up that could tell.
    """
    secret = settings.RESEND_WEBHOOK_SECRET
    try:
        message: Any = resend.Webhooks.verify(
            {
                "payload": body.decode(),
                "headers": {
                    "id": headers.get("svix-id", ""),
                    "timestamp": headers.get("svix-timestamp", ""),
                    "signature": headers.get("svix-signature", ""),
                },
                "webhook_secret": secret,
            }
        )
    except ValueError as error:
        raise Forged from error
    if not isinstance(message, dict):
        raise Forged
    return message


def news(message: Mapping[str, Any], *, receipt: str) -> News | None:
    """What the message says of a mail of ours; None where that is nothing to us."""
    fate = EVENTS.get(str(message.get("type")))
    data = message.get("data")
    if fate is None or not isinstance(data, dict):
        return None
    tags = _tags(data.get("tags"))
    model = KINDS.get(tags.get("kind", ""))
    practice = tags.get("practice", "")
    try:
        mail_id = UUID(tags.get("mail", ""))
    except ValueError:
        return None
    if model is None or not practice.isdecimal() or len(receipt) > LONGEST_ID:
        return None
    provider_id = str(data.get("email_id", ""))[:LONGEST_ID]
    return News(receipt, model, int(practice), mail_id, provider_id, _answer(fate, data))


def take_in(told: News) -> bool:
    """Apply the news, once: receipt and what follows from it are one transaction.

    Returns:
        False where it was taken in before, or changed nothing.
    """
    if not Practice.objects.filter(pk=told.practice_id).exists():
        return False
    with practice_scope(told.practice_id):
        _receipt, first = WebhookReceipt.objects.get_or_create(pk=told.receipt)
        if not first:
            return False
        return learn(told.model, told.mail_id, told.answer, provider_id=told.provider_id)


def _answer(fate: Fate, data: Mapping[str, Any]) -> Answer:
    bounce = data.get("bounce")
    soft = isinstance(bounce, dict) and bounce.get("type") in SOFT_BOUNCES
    return Answer(fate, hard=fate == Fate.BOUNCED and not soft)


def _tags(given: object) -> dict[str, str]:
    """Tags come as an object; older messages have them as a list of names and values."""
    if isinstance(given, dict):
        return {str(name): str(value) for name, value in given.items()}
    if isinstance(given, list):
        pairs = [tag for tag in given if isinstance(tag, dict)]
        return {str(tag.get("name")): str(tag.get("value")) for tag in pairs}
    return {}
