"""Who the tenants are."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """What a report was made for; decides how long it is kept (R36)."""

    MEDICAL = "medical", _("medical")
    AESTHETIC = "aesthetic", _("aesthetic")


class Basis(models.TextChoices):
    """What the processing rests on (R37)."""

    TREATMENT = "treatment", _("Treatment: Art. 9(2)(h) GDPR with section 22(1) no. 1(b) BDSG")
    CONSENT = "consent", _("Explicit written consent: Art. 9(2)(a) GDPR")


class Language(models.TextChoices):
    GERMAN = "de", "Deutsch"
    ENGLISH = "en", "English"


_VOUCHED = (
    ~models.Q(default_purpose="")
    & ~models.Q(standing_basis="")
    & models.Q(standing_basis_on__isnull=False)
    & ~models.Q(standing_basis_version="")
)


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
    default_purpose = models.CharField(max_length=9, choices=Purpose, blank=True)
    # Only where reports are released at once: what staff would otherwise attest of each (R37).
    standing_basis = models.CharField(max_length=9, choices=Basis, blank=True)
    standing_basis_on = models.DateField(null=True, blank=True)
    standing_basis_version = models.CharField(max_length=24, blank=True)
    silent_hours = models.PositiveSmallIntegerField(default=3)  # then a scanner is asked after
    access_code = models.BooleanField(default=False)  # links open with a code only
    logo = models.BinaryField(null=True, blank=True)  # PNG, encoded anew by us
    accent = models.CharField(max_length=6, blank=True)  # "rrggbb"
    counts_use = models.BooleanField(default=False)  # how often reports are used, see reports.Tally
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(release="at_once") | _VOUCHED,
                name="release_at_once_is_vouched_for",
            ),
            models.CheckConstraint(
                condition=~models.Q(default_purpose="aesthetic", standing_basis="treatment"),
                name="standing_aesthetic_rests_on_consent",
            ),
            models.CheckConstraint(
                condition=models.Q(silent_hours__gte=1, silent_hours__lte=72),
                name="silent_hours_make_sense",
            ),
        ]

    def __str__(self) -> str:
        return self.name
