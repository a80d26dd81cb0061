"""Orders to erase everything of a practice, and cases of contracts that end."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.words import Actor
from dermalia.tenancy.models import PracticeOwned
from dermalia.work.models import Work


class Everything(Work):
    """The order to erase everything of a practice, and what its certificate says.

    It outlives what it tells of: random ids and counts, nothing personal.

    Attributes:
        as_of: of a data set whose practice goes on, what was taken in later stays.
        certificate_id: random; the address of the certificate, which needs no sign-in, as there is
            nobody left to sign in.
        of_scans: how many there were to erase.
        spared: scans that stay because their processing is restricted (Art. 18).
        rows: rows of the practice itself that went, by model.
        keys: keys of reports that went without their scan, and the practice's own.
        log_sequence, log_hash: the entry of the log that says "erased".
    """

    class State(models.TextChoices):
        ERASING = "erasing", _("Being erased")
        CLEARING = "clearing", _("Files are being deleted")
        CLOSING = "closing", _("The account is being closed")
        VERIFIED = "verified", _("Erased and verified")

    class Kind(models.TextChoices):
        DATASET = "dataset", _("Decision of the practice: all scans and reports")
        CONTRACT = "contract", _("End of the contract")
        SERVICE = "service", _("End of the service")

    UNFINISHED = (State.ERASING, State.CLEARING, State.CLOSING)

    # However long storage is away: what was promised is done. A worker that dies over it three
    # times still sets it aside, for a person to see.
    gives_up = False
    objects: ClassVar[models.Manager["Everything"]]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=12, choices=State, default=State.ERASING)
    kind = models.CharField(max_length=8, choices=Kind)
    requested_by = models.CharField(max_length=16, choices=[(a, a) for a in Actor])
    requested_by_id = models.BigIntegerField(null=True)
    certificate_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    as_of = models.DateTimeField(db_default=Now())
    requested_at = models.DateTimeField(db_default=Now())
    verified_at = models.DateTimeField(null=True, blank=True)
    of_scans = models.PositiveIntegerField(default=0)
    spared = models.PositiveIntegerField(default=0)
    rows = models.JSONField(default=dict)
    keys = models.PositiveIntegerField(default=0)
    log_sequence = models.BigIntegerField(null=True, blank=True)
    log_hash = models.BinaryField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="verified", verified_at__isnull=False)
                | (~models.Q(state="verified") & models.Q(verified_at__isnull=True)),
                name="everything_verified_with_its_time",
            ),
            models.UniqueConstraint(
                fields=["practice"],
                condition=~models.Q(state="verified"),
                name="one_order_for_everything_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="everything_due",
                condition=~models.Q(state="verified"),
            )
        ]

    @property
    def closes(self) -> bool:
        """Whether the practice itself goes, too."""
        return self.kind != self.Kind.DATASET

    @property
    def seconds(self) -> float | None:
        """From the request to the verification."""
        if self.verified_at is None:
            return None
        return (self.verified_at - self.requested_at).total_seconds()


class ContractEnd(PracticeOwned):
    """That a contract ends: until when, what becomes of the data, and whether they arrived.

    Attributes:
        ends_on: the day on which everything is erased, in Berlin.
        certificate_id: where the certificate will be; told before there is one.
        export_id, export_as_of: the newest export that bears a confirm code.
        delivered_at: when somebody entered that code, who therefore has the export.
        order: once everything is being erased.
    """

    class Reason(models.TextChoices):
        CONTRACT = "contract", _("End of the contract")
        SERVICE = "service", _("End of the service")

    class Choice(models.TextChoices):
        RETURN = "return", _("Hand everything over, then erase")
        ERASE = "erase", _("Erase without handing over")

    objects: ClassVar[models.Manager["ContractEnd"]]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reason = models.CharField(max_length=8, choices=Reason, default=Reason.CONTRACT)
    noticed_at = models.DateTimeField(db_default=Now())
    noticed_by = models.CharField(max_length=16, choices=[(a, a) for a in Actor])
    ends_on = models.DateField()
    choice = models.CharField(max_length=6, choices=Choice, blank=True)
    chosen_at = models.DateTimeField(null=True, blank=True)
    certificate_id = models.UUIDField(default=uuid.uuid4, editable=False)
    export_id = models.UUIDField(null=True, blank=True)
    export_as_of = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    order = models.OneToOneField(Everything, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice"],
                condition=models.Q(withdrawn_at=None),
                name="one_end_of_a_contract",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None) | models.Q(order=None),
                name="what_is_erased_is_not_withdrawn",
            ),
            models.CheckConstraint(
                condition=models.Q(choice="", chosen_at=None)
                | (~models.Q(choice="") & models.Q(chosen_at__isnull=False)),
                name="choice_with_its_time",
            ),
        ]

    @property
    def waits_for_delivery(self) -> bool:
        """Whether the practice wants its data, and has not confirmed that it has them."""
        return self.choice == self.Choice.RETURN and self.delivered_at is None
