"""What a practice says to a service that was announced (R67)."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dermalia.tenancy.models import PracticeOwned
from practices.models import User


class Objection(PracticeOwned):
    """One word on an announced service: that the practice objects, or does so no more.

    The newest word on a service counts; none is changed or deleted.

    Attributes:
        service: the key of the announcement in the register of services.
        valid_from: the announced day, as it was when this was said.
        reason: written to us, the operator; of an objection.
    """

    class Kind(models.TextChoices):
        OBJECTS = "objects", _("Objection")
        WITHDRAWN = "withdrawn", _("Objection withdrawn")

    append_only = True
    admin_sees = ("id", "practice_id", "service", "valid_from", "kind", "reason", "at")
    objects: ClassVar[models.Manager["Objection"]]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.CharField(max_length=40)
    valid_from = models.DateField()
    kind = models.CharField(max_length=9, choices=Kind)
    reason = models.CharField(max_length=1000, blank=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    # Two words of one moment have an order all the same.
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "service", "number"], name="objections_in_order"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="objects") & ~models.Q(reason="")
                | models.Q(kind="withdrawn", reason=""),
                name="objection_has_a_reason",
            ),
        ]
