"""What a practice has decided, with who and when."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from dermalia.tenancy.models import PracticeOwned
from practices.models import Purpose, User


class GoLive(PracticeOwned):
    """That the practice works with patients from now on."""

    append_only = True
    objects: ClassVar[models.Manager["GoLive"]]

    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice"], name="live_once")]


class Instruction(PracticeOwned):
    """How long the practice wants reports kept, in text form (Art. 28(3)(a) GDPR).

    The newest one for a purpose holds for what is released from then on. No months: as usual.
    """

    append_only = True
    objects: ClassVar[models.Manager["Instruction"]]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=9, choices=Purpose)
    months = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=500)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(months=None) | models.Q(months__gte=1, months__lte=600),
                name="instructed_months_make_sense",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="instruction_has_a_reason"),
        ]
        indexes = [models.Index(fields=["practice", "purpose", "-given_at"])]


class Recipient(PracticeOwned):
    """Somebody the practice passes reports on to, entered before the first time (R40)."""

    objects: ClassVar[models.Manager["Recipient"]]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    purpose = models.CharField(max_length=300)
    basis = models.CharField(max_length=300)
    added_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
