"""Who the tenants are and who works for them.

``Practice``, ``User`` and ``SignInLink`` are looked up before any scope can be known, so they
are the tables without row-level security. They hold no patient data.
"""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """What a report was made for; decides how long it is kept (R36)."""

    MEDICAL = "medical", _("medical")
    AESTHETIC = "aesthetic", _("aesthetic")


class Language(models.TextChoices):
    GERMAN = "de", "Deutsch"
    ENGLISH = "en", "English"


class Practice(models.Model):
    """The controller: who decides about the data we process for it."""

    class Release(models.TextChoices):
        BY_STAFF = "staff", _("by staff")
        AT_ONCE = "at_once", _("at once")

    # What Dermalia's administrators may read; nothing here is about a patient.
    admin_sees = ("id", "name", "city", "email", "language", "created_at")

    name = models.CharField(max_length=120)
    street = models.CharField(max_length=120, blank=True)
    postal_code = models.CharField(max_length=10, blank=True)
    city = models.CharField(max_length=80, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField()
    language = models.CharField(max_length=2, choices=Language, default=Language.GERMAN)
    release = models.CharField(max_length=8, choices=Release, default=Release.BY_STAFF)
    # Used only where reports are released at once: the practice's standing attestation.
    default_purpose = models.CharField(max_length=9, choices=Purpose, blank=True)
    access_code = models.BooleanField(default=False)  # links open with a code only
    logo = models.BinaryField(null=True, blank=True)  # PNG, encoded anew by us
    accent = models.CharField(max_length=6, blank=True)  # "rrggbb"
    counts_use = models.BooleanField(default=False)  # how often reports are used, see reports.Tally
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(release="at_once") | ~models.Q(default_purpose=""),
                name="release_at_once_needs_a_purpose",
            )
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Somebody who works for a practice. No password is ever set."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        STAFF = "staff", _("staff")
        READER = "reader", _("read-only")

    admin_sees = ("id", "email", "practice_id", "role", "is_active", "last_login")

    email = models.EmailField()
    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="staff")
    role = models.CharField(max_length=6, choices=Role, default=Role.STAFF)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]

    @property
    def may_write(self) -> bool:
        """Whether the role may change or erase anything."""
        return self.role != self.Role.READER

    def __str__(self) -> str:
        return self.email


class SignInLink(models.Model):
    """A link that lets one user in once. Only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    digest = models.BinaryField(unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
