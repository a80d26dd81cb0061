"""What a practice states about itself while it joins."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from dermalia.tenancy.models import PracticeOwned


class Billing(models.TextChoices):
    """Whether § 393 SGB V applies: who takes part in the statutory system is bound by it."""

    STATUTORY = "statutory", _("Statutory patients, too")
    PRIVATE = "private", _("Private patients only")


class Oversight(models.TextChoices):
    APPOINTED = "appointed", _("There is a data protection officer")
    NONE = "none", _("None is needed")


class Authority(models.TextChoices):
    """Who supervises data protection, by Land; in Bavaria there are two."""

    BW = "bw", "Baden-Württemberg"
    BY = "by", _("Bavaria, practices and companies")
    BY_PUBLIC = "by_public", _("Bavaria, public hospitals")
    BE = "be", "Berlin"
    BB = "bb", "Brandenburg"
    HB = "hb", "Bremen"
    HH = "hh", "Hamburg"
    HE = "he", _("Hesse")
    MV = "mv", "Mecklenburg-Vorpommern"
    NI = "ni", _("Lower Saxony")
    NW = "nw", _("North Rhine-Westphalia")
    RP = "rp", _("Rhineland-Palatinate")
    SL = "sl", "Saarland"
    SN = "sn", _("Saxony")
    ST = "st", _("Saxony-Anhalt")
    SH = "sh", "Schleswig-Holstein"
    TH = "th", _("Thuringia")


class Particulars(PracticeOwned):
    """One row for each practice; empty fields are tasks still to do."""

    objects: ClassVar[models.Manager["Particulars"]]

    legal_form = models.CharField(max_length=80, blank=True)
    authorised_name = models.CharField(max_length=120, blank=True)
    authorised_role = models.CharField(max_length=120, blank=True)
    billing = models.CharField(max_length=9, choices=Billing, blank=True)
    oversight = models.CharField(max_length=9, choices=Oversight, blank=True)
    officer_name = models.CharField(max_length=120, blank=True)
    officer_contact = models.CharField(max_length=200, blank=True)
    no_officer_reason = models.CharField(max_length=500, blank=True)
    authority = models.CharField(max_length=9, choices=Authority, blank=True)
    retention_settled_at = models.DateTimeField(null=True)
    duties_seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice"], name="particulars_once"),
            models.CheckConstraint(
                condition=models.Q(oversight="")
                | models.Q(oversight="appointed")
                & ~models.Q(officer_name="")
                & ~models.Q(officer_contact="")
                | models.Q(oversight="none") & ~models.Q(no_officer_reason=""),
                name="officer_or_a_reason",
            ),
        ]
