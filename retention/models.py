"""Erasures: requested, then verified; what is left of a report afterwards."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _

from audit.words import Actor
from dermalia.tenancy.models import PracticeOwned
from dermalia.work.models import Work
from practices.models import Purpose

__all__ = ["DueSweep", "Erasure", "Reconciliation"]


class Erasure(Work):
    """The receipt of an erasure. It holds random references and counts, nothing personal."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Being erased")
        VERIFIED = "verified", _("Erased and verified")

    class Reason(models.TextChoices):
        STAFF = "staff", _("Decision of the practice")
        PERSON = "person", _("Request of the person, granted by the practice")
        DUE = "due", _("End of the retention period")
        OPERATOR = "operator", _("Instruction of the practice to the operator")
        CONTRACT = "contract", _("End of the contract")
        CLOSURE = "closure", _("End of the service")
        REPLAY = "replay", _("Erased before; a restored backup had brought it back")

    # However long storage is away or a worker still writes: what was promised is done.
    gives_up = False
    swept = (*Work.swept, "requested_at")
    admin_sees = (*Work.admin_sees, "reason", "requested_at", "verified_at")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    reason = models.CharField(max_length=10, choices=Reason)
    requested_by = models.CharField(max_length=16, choices=[(a, a) for a in Actor], blank=True)
    batch = models.UUIDField(null=True, blank=True)  # of those that were asked for together
    scan_id = models.UUIDField(unique=True)
    key_id = models.UUIDField(unique=True)
    prefix = models.CharField(max_length=32)
    # What the report was for, and when it would have been due by which rule; empty and None where
    # there never was a report.
    purpose = models.CharField(max_length=9, choices=Purpose, blank=True)
    due_on = models.DateField(null=True, blank=True)
    due_rule = models.CharField(max_length=9, blank=True)
    # A worker that held the scan may still put an object until its lease has run out.
    settles_at = models.DateTimeField(db_default=Now())
    requested_at = models.DateTimeField(db_default=Now())
    verified_at = models.DateTimeField(null=True, blank=True)
    rows = models.PositiveIntegerField(default=0)
    objects_erased = models.PositiveIntegerField(default=0)
    bytes_erased = models.PositiveBigIntegerField(default=0)
    # How much of what: see domain/inventory.py for the words.
    inventory = models.JSONField(default=dict)
    # Where the log tells of it: the entry that says "verified", once there is one.
    log_sequence = models.BigIntegerField(null=True, blank=True)
    log_hash = models.BinaryField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="requested", verified_at__isnull=True)
                | models.Q(state="verified", verified_at__isnull=False),
                name="erasure_state",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="erasure_due",
                condition=models.Q(state="requested"),
            ),
            models.Index(fields=["practice", "-requested_at", "-id"], name="erasure_list"),
            models.Index(
                fields=["practice", "batch"],
                name="erasure_batch",
                condition=models.Q(batch__isnull=False),
            ),
        ]

    @property
    def reference(self) -> str:
        """The beginning of the erased scan's random id, enough for people."""
        return str(self.scan_id)[:8]

    @property
    def seconds(self) -> float | None:
        """From the request to the verification."""
        if self.verified_at is None:
            return None
        return (self.verified_at - self.requested_at).total_seconds()


class DueSweep(PracticeOwned):
    """How far the erasing of what is due has come in a practice, and whether it waits for a word.

    One row a practice. ``found`` and ``done`` count the sweep that is under way, or the last one.
    """

    class Hold(models.TextChoices):
        SHARE = "share", _("An unusual share of the reports would go at once")
        CLOCK = "clock", _("The clock has moved further than it can have")

    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # of the last one that was not held
    found = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    hold = models.CharField(max_length=5, choices=Hold, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)
    held_number = models.PositiveIntegerField(default=0)
    # What somebody has confirmed: so many, and until when that counts.
    confirmed_number = models.PositiveIntegerField(default=0)
    confirmed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(hold="", held_at=None)
                | (~models.Q(hold="") & models.Q(held_at__isnull=False)),
                name="hold_with_its_time",
            ),
            models.UniqueConstraint(fields=["practice"], name="one_sweep_a_practice"),
        ]


class Reconciliation(models.Model):
    """One round of comparing storage with the database, in both directions, for all practices.

    ``shard`` says how far it is: names begin with two hexadecimal digits, and are compared in this
    order. A round that was broken off is gone on with.
    """

    SHARDS = 256

    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    shard = models.PositiveSmallIntegerField(default=0)
    objects_seen = models.PositiveBigIntegerField(default=0)
    rows_seen = models.PositiveBigIntegerField(default=0)
    orphans = models.PositiveIntegerField(default=0)  # objects without a row, a day old
    deleted = models.PositiveIntegerField(default=0)  # of them
    missing = models.PositiveIntegerField(default=0)  # rows without their object
    strangers = models.PositiveIntegerField(default=0)  # objects that nobody's names look like

    class Meta:
        constraints = [
            models.UniqueConstraint(
                IsNull(models.F("ended_at"), True),
                condition=models.Q(ended_at=None),
                name="one_round_at_a_time",
            )
        ]
