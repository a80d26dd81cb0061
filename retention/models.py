"""Erasures: requested, then verified; what is left of a report afterwards."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dermalia.work.models import Work


class Erasure(Work):
    """The receipt of an erasure. It holds random references and counts, nothing personal."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Being erased")
        VERIFIED = "verified", _("Erased and verified")

    class Reason(models.TextChoices):
        STAFF = "staff", _("Decision of the practice")
        DUE = "due", _("End of the retention period")
        OPERATOR = "operator", _("Instruction of the practice to the operator")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    reason = models.CharField(max_length=10, choices=Reason)
    scan_id = models.UUIDField(unique=True)
    key_id = models.UUIDField(unique=True)
    prefix = models.CharField(max_length=32)
    # A worker that held the scan may still put an object until its lease has run out.
    settles_at = models.DateTimeField(db_default=Now())
    requested_at = models.DateTimeField(db_default=Now())
    verified_at = models.DateTimeField(null=True, blank=True)
    rows = models.PositiveIntegerField(default=0)
    objects_erased = models.PositiveIntegerField(default=0)
    bytes_erased = models.PositiveBigIntegerField(default=0)

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
            )
        ]

    @property
    def seconds(self) -> float | None:
        """From the request to the verification."""
        if self.verified_at is None:
            return None
        return (self.verified_at - self.requested_at).total_seconds()
