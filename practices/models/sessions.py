"""Who is signed in, and where."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from dermalia.clients import Browser, Device
from dermalia.tenancy.models import PracticeOwned
from practices.models.staff import User


class StaffSession(PracticeOwned):
    """One user in one browser. Ending the session deletes the row; without it no page opens.

    Attributes:
        factor: what the session was opened with; empty as long as nothing but a link was shown.
        fresh_at: when a factor was last shown in it.
    """

    class Factor(models.TextChoices):
        PASSKEY = "passkey", _("passkey")
        TOTP = "totp", _("password and app")
        BACKUP_CODE = "backup", _("password and backup code")
        DEMO = "demo", _("demo link")

    objects: ClassVar[models.Manager["StaffSession"]]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="staff_sessions")
    factor = models.CharField(max_length=7, choices=Factor, blank=True)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    fresh_at = models.DateTimeField(null=True)
    network = models.CharField(max_length=43, blank=True)  # /24 or /48, never the address
    browser = models.CharField(max_length=8, choices=Browser)
    device = models.CharField(max_length=8, choices=Device)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(factor__in=["", "passkey", "totp", "backup", "demo"]),
                name="staff_session_factor_is_known",
            )
        ]

    @property
    def verified(self) -> bool:
        """Whether a factor was shown; a link alone opens no dashboard."""
        return self.factor != ""
