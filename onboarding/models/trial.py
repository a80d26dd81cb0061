"""The test before the first patient: one marked scan through the whole chain, and its erasure."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dermalia.tenancy.models import PracticeOwned
from practices.models import User
from scans.models import Connection


class Trial(PracticeOwned):
    """One try. ``scan_id`` is the scan that is marked as its test, until it is erased."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a capture")
        WORKING = "working", _("On its way through the chain")
        SENDING = "sending", _("Being sent to you")
        SENT = "sent", _("Waiting for you to look")
        ERASING = "erasing", _("Being erased")
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Not passed")

    objects: ClassVar[models.Manager["Trial"]]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey(
        Connection, on_delete=models.SET_NULL, null=True, related_name="trials"
    )
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    scan_id = models.UUIDField(null=True)
    erasure_id = models.UUIDField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(db_default=Now())
    arrived_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice"],
                condition=~models.Q(state__in=["passed", "failed"]),
                name="one_trial_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["passed", "failed"], ended_at__isnull=False)
                | ~models.Q(state__in=["passed", "failed"]) & models.Q(ended_at=None),
                name="trial_ended_with_its_time",
            ),
        ]
