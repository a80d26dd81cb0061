"""The outbox: mails as rows, how a practice sends, and what the mail service told us."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from dermalia.mail import StaffMailKind
from dermalia.sealing.fields import SealedTextField
from dermalia.tenancy.models import PracticeOwned
from dermalia.work.models import Work


class Fate(models.TextChoices):
    """What has become of a mail. Which one may follow which: ``reports.domain.fates``."""

    QUEUED = "queued", _("Waiting to be sent")
    SENDING = "sending", _("Being sent")
    UNKNOWN = "unknown", _("Not known whether it was sent")
    SENT = "sent", _("Sent")
    DELAYED = "delayed", _("Delayed on its way")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Not sent")
    BOUNCED = "bounced", _("Came back")
    COMPLAINED = "complained", _("Reported as unwanted")


# A worker has something to do about a mail in one of these: send it, or ask what became of it.
WORKED_OFF = (Fate.QUEUED, Fate.SENDING, Fate.SENT, Fate.DELAYED, Fate.UNKNOWN)


class Carrier(models.TextChoices):
    """Who carries a practice's mails."""

    RESEND = "resend", "Resend"
    RELAY = "relay", _("Mail relay in the EU")
    OWN = "own", _("The practice's own mail server")


class Outgoing(Work):
    """A mail that is sent once. Its id is the service's idempotency key.

    ``message`` is the mail as it was first tried, sealed: a repeated try must not differ by a
    letter. It is wiped as soon as the mail is out of our hands.
    """

    State = Fate

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=Fate, default=Fate.QUEUED)
    carrier = models.CharField(max_length=6, choices=Carrier, blank=True)
    provider_id = models.CharField(max_length=80, blank=True)
    message = SealedTextField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Since when the service may have it. Empty again once it said that it has not.
    first_attempt_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)  # delivered, or given up
    questions = models.PositiveSmallIntegerField(default=0)  # how often we asked what became of it
    # Somebody has seen that it did not arrive, and dealt with it.
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


def _state_is_a_fate(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(state__in=Fate.values), name=name)


def _due(name: str) -> models.Index:
    waiting = models.Q(state__in=[fate.value for fate in WORKED_OFF])
    return models.Index(fields=["next_attempt_at"], name=name, condition=waiting)


def unsettled() -> models.Q:
    """Mails that may still need somebody; not those handed to who tells nothing afterwards.

    The condition of an index, which serves only a statement that says it letter for letter.
    """
    told = models.Q(state=Fate.SENT, carrier=Carrier.RESEND)
    arrived = [Fate.SENT.value, Fate.DELIVERED.value]
    others = [fate.value for fate in Fate if fate.value not in arrived]
    waits = models.Q(state__in=others) | models.Q(quarantined_at__isnull=False) | told
    return models.Q(handled_at=None) & waits


def _not_arrived(name: str) -> models.Index:
    return models.Index(fields=["practice", "created_at"], name=name, condition=unsettled())


class Delivery(Outgoing):
    """The mail that takes a report's link to the patient."""

    report = models.ForeignKey(
        "reports.Report", on_delete=models.CASCADE, related_name="deliveries"
    )
    # Which link the mail carries, to see when that is no longer the report's.
    link_digest = models.BinaryField(null=True)

    class Meta:
        constraints = [_state_is_a_fate("delivery_state")]
        indexes = [
            models.Index(fields=["practice", "report"]),
            _due("delivery_due"),
            _not_arrived("delivery_unsettled"),
        ]


class StaffMail(Outgoing):
    """A mail to somebody who works for a practice. There is no patient in it."""

    kind = models.CharField(
        max_length=12, choices=[(kind.value, kind.value) for kind in StaffMailKind]
    )
    once = models.CharField(max_length=80, blank=True)  # the same words queue one mail only

    class Meta:
        constraints = [
            _state_is_a_fate("staff_mail_state"),
            models.UniqueConstraint(
                fields=["practice", "once"],
                condition=~models.Q(once=""),
                name="staff_mail_once",
            ),
        ]
        indexes = [_due("staff_mail_due"), _not_arrived("staff_mail_unsettled")]


class MailRoute(PracticeOwned):
    """How a practice's mails leave; a practice without one sends as the installation does."""

    class Security(models.TextChoices):
        TLS = "tls", _("TLS from the first byte (port 465)")
        STARTTLS = "starttls", _("STARTTLS, demanded (port 587)")

    admin_sees: ClassVar[tuple[str, ...]] = ("id", "practice_id", "carrier", "host", "port")

    carrier = models.CharField(max_length=6, choices=Carrier)
    sender_name = models.CharField(max_length=60, blank=True)
    # Only of the practice's own server:
    address = models.EmailField(blank=True)  # that mails come from
    host = models.CharField(max_length=253, blank=True)
    port = models.PositiveIntegerField(null=True, blank=True)
    security = models.CharField(max_length=8, choices=Security, blank=True)
    username = models.CharField(max_length=120, blank=True)
    password = SealedTextField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice"], name="one_mail_route"),
            models.CheckConstraint(
                condition=~models.Q(carrier=Carrier.OWN)
                | (
                    models.Q(port__isnull=False)
                    & ~models.Q(host="")
                    & ~models.Q(address="")
                    & ~models.Q(security="")
                ),
                name="own_mail_server_with_its_address",
            ),
        ]


class Pace(models.Model):
    """When a carrier may be spoken to next; shared by all workers. Nobody's data."""

    carrier = models.CharField(max_length=40, primary_key=True)
    next_at = models.DateTimeField()


class WebhookReceipt(models.Model):
    """A message of the mail service that was taken in, so that its repetition is not."""

    id = models.CharField(max_length=80, primary_key=True)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["received_at"], name="webhook_receipt_at")]
