"""How somebody likes to work at the dashboard."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from dermalia.tenancy.models import PracticeOwned
from practices.models.staff import User


class Desk(PracticeOwned):
    """One user's ways; without a row the defaults below hold.

    Attributes:
        initials: names are shown as initials in lists, for screens that others can see.
        shortcuts: single keys do something (WCAG 2.1.4: they can be turned off).
        locks_after: minutes without a touch after which the browser locks; 0 for never.
    """

    class Minutes(models.IntegerChoices):
        NEVER = 0, _("never")
        FIVE = 5, _("after 5 minutes")
        TEN = 10, _("after 10 minutes")
        FIFTEEN = 15, _("after 15 minutes")

    objects: ClassVar[models.Manager["Desk"]]

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="desk")
    initials = models.BooleanField(default=False)
    shortcuts = models.BooleanField(default=True)
    locks_after = models.PositiveSmallIntegerField(choices=Minutes, default=Minutes.FIFTEEN)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(locks_after__in=[0, 5, 10, 15]), name="desk_locks_after"
            )
        ]
