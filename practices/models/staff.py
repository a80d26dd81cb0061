"""Who works for a practice, and the links that let them in to set up their sign-in."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from practices.models.tenants import Practice


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Somebody who works for a practice.

    A password is set only by those who chose it together with an authenticator app; alone it
    opens nothing.
    """

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        STAFF = "staff", _("staff")
        READER = "reader", _("read-only")

    admin_sees = ("id", "email", "practice_id", "role", "is_active", "last_login")

    email = models.EmailField()
    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="staff")
    role = models.CharField(max_length=6, choices=Role, default=Role.STAFF)
    is_active = models.BooleanField(default=True)
    # Names the user to authenticators and in the log, where neither address nor number belongs.
    handle = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    # Which wording of the pledge of secrecy they took, and when (R60): without it no page opens.
    pledge = models.CharField(max_length=12, blank=True)
    pledged_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_user_per_email"),
            models.CheckConstraint(
                condition=models.Q(pledge="", pledged_at=None)
                | ~models.Q(pledge="") & models.Q(pledged_at__isnull=False),
                name="pledge_with_its_time",
            ),
        ]

    @property
    def may_write(self) -> bool:
        """Whether the role may change or erase anything."""
        return self.role != self.Role.READER

    @property
    def is_owner(self) -> bool:
        """Whether the role may sign for the practice and decide who works in it."""
        return self.role == self.Role.OWNER

    def __str__(self) -> str:
        return self.email


class SignInLink(models.Model):
    """A link that lets one user in once. Only its digest is kept."""

    class Kind(models.TextChoices):
        SET_UP = "set_up"  # to set up the first factor, and nothing else
        RESET = "reset"  # removes all factors when used, then as above
        DEMO = "demo"  # straight to the dashboard; the sandbox alone takes it

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.SET_UP)
    digest = models.BinaryField(unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    mail_id = models.UUIDField(null=True)  # the outbox row it went out by, if it did

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["set_up", "reset", "demo"]),
                name="sign_in_link_kind_is_known",
            )
        ]
