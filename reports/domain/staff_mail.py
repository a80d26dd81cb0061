"""Mails to staff in the outbox: queued by any room, through the port of ``dermalia.mail``."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from audit.chain import Who, record
from audit.words import Action
from dermalia.mail import StaffMailKind
from dermalia.mail.port import ONE_A_DAY, Context
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import UnlockedKey, unlock_secrets
from dermalia.tenancy import current_practice
from dermalia.work.nudge import nudge
from practices.models import Practice
from reports.domain.due import BERLIN
from reports.domain.fates import SETTLED, WAITING
from reports.domain.outbox import CannotBeSent, work_off
from reports.mail.message import Message
from reports.mail.models import Carrier, Fate, StaffMail, WebhookReceipt
from reports.mail.provider import Provider
from reports.mail.routes import default_carrier, staff_sender
from reports.mail.staff import staff_message

KEPT_DAYS, RECEIPTS_KEPT_DAYS = 90, 7  # a service repeats a message for a day or two


class StaffOutbox:
    """The port's outbox: a row per mail, its text sealed at once."""

    def queue(
        self, *, kind: StaffMailKind, recipient: str, language: str, context: Context, once: str
    ) -> UUID:
        earlier = _earlier(kind, once)
        if earlier is not None:
            return _id(earlier)
        message = staff_message(
            kind=kind,
            practice=Practice.objects.get(pk=current_practice()),
            sender=staff_sender(),
            recipient=recipient,
            language=language,
            context=context,
        )
        mail = StaffMail(practice_id=current_practice(), kind=kind, once=once)
        mail.message = Sealing(unlock_secrets(), message.dump())
        try:
            with transaction.atomic():
                mail.save(force_insert=True)
        except IntegrityError:  # somebody with the same words was faster
            return _id(StaffMail.objects.get(once=once))
        nudge(StaffMail, mail.pk, state=mail.state)
        return _id(mail)

    def state(self, mail_id: UUID) -> str | None:
        found = StaffMail.objects.filter(pk=mail_id).values_list("state", flat=True)
        return found.first()

    def within_a_day(self, kind: StaffMailKind) -> int:
        since = Now() - timedelta(days=1)
        return StaffMail.objects.filter(kind=kind, created_at__gt=since).count()


class StaffDesk:
    """Mails to staff leave as the installation's own: a practice's broken server must not keep
    the news of it to itself."""

    model = StaffMail
    kind = "staff"

    def carrier(self) -> Carrier | None:
        return default_carrier()

    def compose(self, mail: StaffMail) -> tuple[Message, UnlockedKey]:
        if mail.message is None:
            raise CannotBeSent("The text of this mail is gone.")
        key = unlock_secrets()
        return Message.load(mail.message.open(key)), key


def send_staff_mail(*, practice_id: int, mail_id: UUID, provider: Provider | None = None) -> None:
    """Do what is next for a mail to staff; see ``reports.domain.outbox``."""
    work_off(StaffDesk(), mail_id, practice_id=practice_id, provider=provider)


def set_staff_mail_aside(*, mail_id: UUID, who: Who) -> None:
    """Somebody has dealt with a mail to staff that did not arrive: it needs no attention now."""
    handled = StaffMail.objects.filter(pk=mail_id, handled_at=None).exclude(state__in=WAITING)
    if handled.update(handled_at=Now(), last_error=""):
        record(Action.MAIL_HANDLED, who=who, object_id=mail_id)


def forget_staff_mails() -> int:
    """Delete what was settled long ago, in the practice in scope; how many."""
    old = StaffMail.objects.filter(created_at__lt=Now() - timedelta(days=KEPT_DAYS))
    return old.filter(state__in=[*SETTLED, Fate.SENT, Fate.UNKNOWN]).delete()[0]


def forget_receipts() -> int:
    """Delete receipts of messages that the service will not repeat any more; how many."""
    old = WebhookReceipt.objects.filter(received_at__lt=Now() - timedelta(days=RECEIPTS_KEPT_DAYS))
    return old.delete()[0]


def _earlier(kind: StaffMailKind, once: str) -> StaffMail | None:
    """The mail that has told this already, or that was today's of its kind."""
    told = StaffMail.objects.filter(once=once).first() if once else None
    if told is not None or kind not in ONE_A_DAY:
        return told
    midnight = timezone.now().astimezone(BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
    return StaffMail.objects.filter(kind=kind, created_at__gte=midnight).first()


def _id(mail: StaffMail) -> UUID:
    found: UUID = mail.pk
    return found
