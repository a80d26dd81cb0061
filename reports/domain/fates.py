"""What may become of a mail, in which order, and what follows from it.

News come twice, late and out of order. Each fate has a rank, and a mail only ever moves up.
"""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from audit.chain import SYSTEM, record
from audit.words import Action
from dermalia.mail import AddressRefused, StaffMailKind, queue_mail
from practices.models import Practice
from reports.domain.links import disable
from reports.mail.models import Carrier, Delivery, Fate, Outgoing, unsettled
from reports.mail.provider import Answer
from reports.mail.staff import dashboard_url

logger = logging.getLogger(__name__)

ORDER = (
    Fate.QUEUED,
    Fate.SENDING,
    Fate.UNKNOWN,
    Fate.SENT,
    Fate.DELAYED,
    Fate.DELIVERED,
    Fate.FAILED,
    Fate.BOUNCED,
    Fate.COMPLAINED,
)
RANK = {fate: rank for rank, fate in enumerate(ORDER)}

# Nothing more will happen to these by itself.
SETTLED = (Fate.DELIVERED, Fate.FAILED, Fate.BOUNCED, Fate.COMPLAINED)
NOT_ARRIVED = (Fate.UNKNOWN, Fate.FAILED, Fate.BOUNCED, Fate.COMPLAINED)
WAITING = (Fate.QUEUED, Fate.SENDING)
PATIENCE = timedelta(minutes=15)  # longer than that a mail does not wait unnoticed
SILENCE = timedelta(days=2)  # without a word from a service that gives one

BOUNCED = _("The mail came back: the address cannot be reached.")
BOUNCED_FOR_GOOD = _(
    "The mail came back: there is no such address. The link is off; confirm or correct the"
    " address to send a new one."
)
COMPLAINED = _(
    "The mail was reported as unwanted. The link is off; confirm the address to send a new one."
)
REFUSED_LATER = _("The mail service took the mail and could not send it.")
DELAYED = _("The mail is delayed: the other side does not take it at the moment.")


def learn(model: type[Outgoing], mail_id: UUID, answer: Answer, *, provider_id: str = "") -> bool:
    """Take in what a service says of a mail of the practice in scope.

    A hard bounce and a complaint turn the link off: whoever got it is not who was meant, or
    does not want it.

    Returns:
        False where it was known, is overtaken by later news, or the mail is erased.
    """
    mail = _rows(model).select_for_update().filter(pk=mail_id).first()
    if mail is None or RANK[answer.fate] <= RANK[Fate(mail.state)]:
        return False
    move(mail, answer.fate, error=_sentence(answer), provider_id=provider_id)
    if isinstance(mail, Delivery) and _turns_link_off(answer):
        disable(report_id=mail.report_id)
        record(Action.LINK_DISABLED, who=SYSTEM, object_id=mail.report_id)
    if isinstance(mail, Delivery) and answer.fate in (Fate.BOUNCED, Fate.COMPLAINED, Fate.FAILED):
        _tell_practice(mail)
    return True


def move(mail: Outgoing, fate: Fate, *, error: str = "", provider_id: str = "") -> None:
    """Write a fate into the row, and whatever a row of that fate holds no longer."""
    changes: dict[str, Any] = {"state": fate, "last_error": error, "quarantined_at": None}
    if provider_id:
        changes["provider_id"] = provider_id
    if fate not in WAITING:
        changes["message"] = None
    if RANK[fate] >= RANK[Fate.SENT] and fate != Fate.FAILED:
        changes["sent_at"] = Coalesce("sent_at", Now())
    if fate in SETTLED:
        changes["settled_at"] = Now()
    _rows(type(mail)).filter(pk=mail.pk).update(**changes)
    mail.state = fate


def not_arrived(now: datetime | Now) -> Q:
    """Mails that somebody must look at: the condition behind "needs attention".

    Came back, not sent, not known; stuck for a quarter of an hour; set aside; or handed to a
    service that tells, and has told nothing for two days.
    """
    stuck = Q(state__in=WAITING, created_at__lt=now - PATIENCE) | Q(state=Fate.DELAYED)
    silent = Q(state=Fate.SENT, carrier=Carrier.RESEND, sent_at__lt=now - SILENCE)
    lost = Q(state__in=NOT_ARRIVED) | Q(quarantined_at__isnull=False)
    return unsettled() & (lost | stuck | silent)


def _turns_link_off(answer: Answer) -> bool:
    return answer.fate == Fate.COMPLAINED or (answer.fate == Fate.BOUNCED and answer.hard)


def _sentence(answer: Answer) -> str:
    match answer.fate:
        case Fate.BOUNCED:
            return BOUNCED_FOR_GOOD if answer.hard else BOUNCED
        case Fate.COMPLAINED:
            return COMPLAINED
        case Fate.FAILED:
            return REFUSED_LATER
        case Fate.DELAYED:
            return DELAYED
        case _:
            return ""


def _tell_practice(mail: Delivery) -> None:
    """One mail a day says that something did not arrive; the dashboard says what."""
    practice = Practice.objects.get(pk=mail.practice_id)
    try:
        queue_mail(
            kind=StaffMailKind.BOUNCE,
            recipient=practice.email,
            language=practice.language,
            context={"url": dashboard_url(practice.language)},
            once=f"bounce/{timezone.localdate()}",
        )
    except AddressRefused:
        logger.error("Practice %s has an address that cannot be written to", practice.pk)


def _rows(model: type[Outgoing]) -> Any:
    return model.objects.all()
