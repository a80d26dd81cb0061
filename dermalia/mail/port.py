"""The way of mails to staff into the outbox, which stands higher in the house.

Whoever keeps the outbox registers itself at start; whoever has something to tell calls
``queue_mail`` and knows nothing of services, retries or bounces.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from dermalia.mail.addresses import clean_address

Context = Mapping[str, object]


class StaffMailKind(StrEnum):
    """What a mail to staff is about; each has texts under ``templates/mail/``."""

    INVITATION = "invitation"  # url, valid_until: datetime
    ATTENTION = "attention"  # url, number: int
    BOUNCE = "bounce"  # url
    AGREEMENT = "agreement"  # url, version: str
    ACCEPTED = "accepted"  # url, version, signer: str, at: datetime, document: bytes (PDF)
    # url, service, country, purpose, basis: str, valid_from: date, object_by: date
    SUBPROCESSOR = "subprocessor"
    # To the practice, and to the operator: id, url, service: str, valid_from: date,
    # withdrawn: bool, reason: str, number: int (the practice's)
    OBJECTION = "objection"
    OBJECTED = "objected"
    # url: str, ends_on: date, days: int, todo: list of str, service, waits: bool
    CONTRACT_END = "contract_end"
    ACCESS = "access"  # url, minutes: int
    INCIDENT = "incident"  # url, reference: str, noticed_at: datetime, reports: int


# News of which a practice gets one mail a day at most; the next is for tomorrow.
ONE_A_DAY = frozenset(
    {
        StaffMailKind.ATTENTION,
        StaffMailKind.BOUNCE,
        StaffMailKind.AGREEMENT,
    }
)


class Outbox(Protocol):
    """Whoever keeps mails until they are sent."""

    def queue(
        self, *, kind: StaffMailKind, recipient: str, language: str, context: Context, once: str
    ) -> UUID:
        """See ``queue_mail``; the recipient is checked already."""

    def state(self, mail_id: UUID) -> str | None:
        """See ``mail_state``."""

    def within_a_day(self, kind: StaffMailKind) -> int:
        """See ``mails_within_a_day``."""


_outboxes: list[Outbox] = []


def register(outbox: Outbox) -> None:
    """Called once, when the applications are ready; the last one counts."""
    _outboxes[:] = [outbox]


def queue_mail(
    *, kind: StaffMailKind, recipient: str, language: str, context: Context, once: str = ""
) -> UUID:
    """Queue a mail to staff in the practice in scope, in the caller's transaction.

    Args:
        context: what the texts of ``kind`` need, see there. Nothing about a patient; a secret
            link may be in it, as the mail is sealed until it is sent and wiped then.
        once: words that are the same for the same occasion; the first call queues the mail,
            later ones change nothing. Where a kind of ``ONE_A_DAY`` was queued today already,
            this one is not: call again tomorrow.

    Returns:
        The mail's id, or the id of the one that stands for it.

    Raises:
        AddressRefused: the recipient cannot be written to.
    """
    return _outbox().queue(
        kind=kind,
        recipient=clean_address(recipient),
        language=language,
        context=context,
        once=once,
    )


def mail_state(mail_id: UUID) -> str | None:
    """What has become of a mail of the practice in scope: "queued", "sent", "bounced" …"""
    return _outbox().state(mail_id)


def mails_within_a_day(kind: StaffMailKind) -> int:
    """How many mails of a kind the practice in scope has queued in the last 24 hours."""
    return _outbox().within_a_day(kind)


def _outbox() -> Outbox:
    if not _outboxes:
        raise RuntimeError("no outbox was registered: the applications are not ready")
    return _outboxes[0]
