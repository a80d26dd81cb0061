"""The register of incidents (Art. 33(5) GDPR), and who was told of them."""

import uuid
from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dermalia.promises import BREACH_NOTICE_HOURS
from dermalia.tenancy.models import PracticeOwned
from operators.models.people import Operator
from practices.models import Language, User

TELL_PRACTICES = timedelta(hours=BREACH_NOTICE_HOURS)  # R64
PRACTICE_TELLS = timedelta(hours=72)  # Art. 33(1), from when the practice knows


class Incident(models.Model):
    """A breach of security, from when somebody noticed it to its end."""

    class Severity(models.TextChoices):
        LOW = "low", _("low")
        MEDIUM = "medium", _("medium")
        HIGH = "high", _("high")

    class Nature(models.TextChoices):
        CONFIDENTIALITY = "c", _("Confidentiality: somebody could see what they must not")
        INTEGRITY = "i", _("Integrity: data were changed")
        AVAILABILITY = "a", _("Availability: data were out of reach or lost")

    class DataClass(models.TextChoices):
        FIRST_NAME = "first_name", _("first names")
        EMAIL = "email", _("e-mail addresses")
        VALUES = "values", _("values of the skin scanner (Art. 9 GDPR)")
        PICTURES = "pictures", _("pictures and 3D models of faces (Art. 9 GDPR)")
        LINKS = "links", _("links to reports")
        VISITS = "visits", _("times and coarse networks of visits")
        STAFF = "staff", _("names and sign-ins of practice staff")

    admin_sees = (
        "id",
        "noticed_at",
        "happened_from",
        "happened_to",
        "severity",
        "natures",
        "data_classes",
        "discovery",
        "next_update_at",
        "registered_at",
        "closed_at",
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    noticed_at = models.DateTimeField(_("noticed at"))
    happened_from = models.DateTimeField(_("happened from"), null=True, blank=True)
    happened_to = models.DateTimeField(_("happened until"), null=True, blank=True)
    severity = models.CharField(_("severity"), max_length=6, choices=Severity)
    natures = ArrayField(
        models.CharField(max_length=1, choices=Nature), verbose_name=_("kinds of breach")
    )
    data_classes = ArrayField(
        models.CharField(max_length=10, choices=DataClass), verbose_name=_("data affected")
    )
    discovery = models.CharField(_("how it was discovered"), max_length=300)
    next_update_at = models.DateTimeField(_("next news by"), null=True, blank=True)
    registered_by = models.ForeignKey(Operator, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(severity__in=["low", "medium", "high"]),
                name="incident_severity",
            ),
            models.CheckConstraint(
                condition=models.Q(natures__len__gt=0, natures__contained_by=["c", "i", "a"]),
                name="incident_natures",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None)
                | models.Q(closed_at__gte=models.F("noticed_at")),
                name="incident_closed_after_noticed",
            ),
        ]
        indexes = [models.Index(fields=["-noticed_at"], name="incident_newest")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """How people name it: the day it was noticed, and four letters of its id."""
        return f"{self.noticed_at:%Y-%m-%d}-{str(self.id)[:4]}"


class Account(models.Model):
    """What a notice tells of an incident in one language, beside facts and numbers."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="accounts")
    language = models.CharField(max_length=2, choices=Language)
    what = models.TextField(_("what happened"), max_length=2000)
    before = models.TextField(_("measures that were in place"), max_length=2000)
    consequences = models.TextField(_("likely consequences"), max_length=2000)
    measures = models.TextField(_("measures taken and planned"), max_length=2000)
    unknown = models.TextField(_("what is not known yet"), max_length=2000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "language"], name="one_account_a_language")
        ]


class Notice(PracticeOwned):
    """That a practice is affected by an incident, how far, and how it was told."""

    objects: ClassVar[models.Manager["Notice"]]
    admin_sees = (
        "id",
        "practice_id",
        "incident_id",
        "found_at",
        "reports",
        "gone",
        "entries",
        "told_at",
        "mails",
        "arrived_at",
        "read_at",
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="notices")
    found_at = models.DateTimeField(db_default=Now())
    reports = models.PositiveIntegerField()  # affected, and still here
    gone = models.PositiveIntegerField(default=0)  # objects of the log that were erased since
    entries = models.PositiveIntegerField()  # of the log, that tell of it
    told_at = models.DateTimeField(null=True, blank=True)  # handed to the outbox
    mails = ArrayField(models.UUIDField(), default=list)
    arrived_at = models.DateTimeField(null=True, blank=True)  # a mail service has taken one
    read_at = models.DateTimeField(null=True, blank=True)  # opened in the dashboard
    read_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("notice to a practice")
        verbose_name_plural = _("notices to practices")
        constraints = [
            models.UniqueConstraint(fields=["practice", "incident"], name="one_notice_a_practice"),
            models.CheckConstraint(
                condition=models.Q(told_at=None, mails__len=0)
                | models.Q(told_at__isnull=False, mails__len__gt=0),
                name="notice_told_by_mails",
            ),
        ]
