"""Reports, the look-up of their links, what is asked about them, and how they are used."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dermalia.clients import Browser, Device
from dermalia.sealing.fields import SealedTextField
from dermalia.tenancy.models import PracticeOwned
from practices.models import Basis as LegalBasis
from practices.models import Language, Purpose
from reports.mail.models import Delivery, MailRoute, Pace, StaffMail, WebhookReceipt
from scans.due import InTwoYears
from scans.models import Scan

__all__ = [
    "Case",
    "Delivery",
    "Link",
    "MailRoute",
    "Pace",
    "Report",
    "StaffMail",
    "Tally",
    "Visit",
    "WebhookReceipt",
]


class Report(PracticeOwned):
    """What a patient sees of one scan, from its release until it is due."""

    class State(models.TextChoices):
        DRAFT = "draft", _("To be released")
        RELEASED = "released", _("Released")

    class Restriction(models.TextChoices):
        CONTESTED = "contested", _("The person says that data are wrong; this is being looked into")
        UNLAWFUL = "unlawful", _("The person wants the data kept, but not used")
        CLAIMS = "claims", _("The person needs the data for legal claims")
        OBJECTION = "objection", _("The person has objected; this is being looked into")
        ERASURE = "erasure", _("The person has asked for deletion; this is being looked into")

    Basis = LegalBasis

    class DueRule(models.TextChoices):
        AESTHETIC = "aesthetic", _("Aesthetic report")
        MEDICAL = "medical", _("Medical report, a part of the patient record (§ 630f BGB)")
        UNSAID = "unsaid", _("Nobody has said yet what the report is for: the shorter period")

    class DueFrom(models.TextChoices):
        CAPTURE = "capture", _("from the capture")
        CREATION = "creation", _("from the making of the report")
        TREATMENT = "treatment", _("from the end of the treatment")

    admin_sees = (
        "id",
        "practice_id",
        "state",
        "created_at",
        "released_at",
        "due_on",
        "restricted_at",
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.OneToOneField(Scan, on_delete=models.PROTECT, related_name="report")
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    purpose = models.CharField(max_length=9, choices=Purpose, blank=True)
    # What staff attest before the release (R37, R38): on what ground, on whose paper of which day.
    basis = models.CharField(max_length=9, choices=Basis, blank=True)
    basis_on = models.DateField(null=True, blank=True)
    basis_version = models.CharField(max_length=24, blank=True)
    informed_on = models.DateField(null=True, blank=True)  # when the information was handed out
    treatment_ended_on = models.DateField(null=True, blank=True)  # medical: the period starts here
    language = models.CharField(max_length=2, choices=Language)
    link = SealedTextField(null=True)  # so that it can be sent again
    created_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    # When it is erased, and why then: see domain/due.py. The months are None, and the beginning
    # with them, only where the database's own day stands and no rule was asked yet.
    due_on = models.DateField(db_default=InTwoYears())
    due_rule = models.CharField(max_length=9, choices=DueRule, default=DueRule.UNSAID)
    due_from = models.CharField(max_length=9, choices=DueFrom, default=DueFrom.CREATION)
    due_from_on = models.DateField(null=True, blank=True)
    due_months = models.PositiveSmallIntegerField(null=True, blank=True)
    due_instruction = models.UUIDField(null=True, blank=True)  # the practice's, if it gave one
    due_instructed_on = models.DateField(null=True, blank=True)
    restricted_at = models.DateTimeField(null=True, blank=True)  # Art. 18: kept, shown to nobody
    restriction = models.CharField(max_length=9, choices=Restriction, blank=True)  # why
    # Reports with the same one are follow-ups of each other, and may be compared.
    series = models.UUIDField(null=True, blank=True)

    # What the holder of the link must know besides; sealed, so that it can be printed again.
    code = SealedTextField(null=True)
    code_digest = models.BinaryField(null=True)
    code_failures = models.PositiveSmallIntegerField(default=0)
    code_locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code=None, code_digest=None)
                | models.Q(code__isnull=False, code_digest__isnull=False),
                name="code_with_its_digest",
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft")
                | (models.Q(state="released", link__isnull=False) & ~models.Q(purpose="")),
                name="released_with_purpose_and_link",
            ),
            models.CheckConstraint(
                condition=models.Q(due_months=None, due_from_on=None)
                | models.Q(due_months__isnull=False, due_from_on__isnull=False),
                name="due_months_from_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(due_instruction=None, due_instructed_on=None)
                | models.Q(due_instruction__isnull=False, due_instructed_on__isnull=False),
                name="due_instruction_with_its_day",
            ),
            models.CheckConstraint(
                condition=models.Q(basis="", basis_on=None, basis_version="")
                | (
                    models.Q(basis__in=["treatment", "consent"], basis_on__isnull=False)
                    & ~models.Q(basis_version="")
                ),
                name="basis_with_day_and_version",
            ),
            models.CheckConstraint(
                condition=~models.Q(purpose="aesthetic", basis="treatment"),
                name="aesthetic_rests_on_consent",
            ),
            models.CheckConstraint(
                condition=models.Q(purpose="medical") | models.Q(treatment_ended_on=None),
                name="end_of_treatment_of_medical_reports",
            ),
        ]
        indexes = [
            models.Index(fields=["practice", "due_on"]),
            # What waits for staff: few of many, and counted at every look at the list.
            models.Index(
                fields=["practice", "purpose"],
                name="report_drafts",
                condition=models.Q(state="draft"),
            ),
            models.Index(
                fields=["practice"],
                name="report_without_consent",
                condition=models.Q(purpose="aesthetic", basis=""),
            ),
            models.Index(
                fields=["practice", "series"],
                name="report_series",
                condition=models.Q(series__isnull=False),
            ),
        ]


class Link(models.Model):
    """From a link's digest to its report: the one patient-side table without a practice scope.

    It stays when the report is erased, so that an old link finds the practice's address
    rather than nothing.
    """

    digest = models.BinaryField(unique=True)
    practice_id = models.IntegerField()
    report_id = models.UUIDField()
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        # An erasure looks a report's links up, among those of all practices and all years.
        indexes = [models.Index(fields=["report_id"], name="link_of_report")]


class Case(PracticeOwned):
    """A data subject's request to the practice (GDPR Art. 15 to 18, 20, 21), with its deadline.

    It outlives the report, without a word about the person, as the practice's evidence that it
    answered; ``message`` goes with the report's key.
    """

    class Kind(models.TextChoices):
        ACCESS = "access", _("Access to the data")
        RECTIFICATION = "rectification", _("Correction")
        ERASURE = "erasure", _("Deletion")
        RESTRICTION = "restriction", _("Restriction")
        PORTABILITY = "portability", _("Data to take along")
        OBJECTION = "objection", _("Objection")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    class Reason(models.TextChoices):
        IDENTITY = "identity", _("It is not certain who asks (Art. 12(6) GDPR)")
        RETENTION = "retention", _("The law asks for the data to be kept (Art. 17(3)(b) GDPR)")
        CLAIMS = "claims", _("The data are needed for legal claims (Art. 17(3)(e) GDPR)")
        UNFOUNDED = "unfounded", _("Manifestly unfounded or excessive (Art. 12(5) GDPR)")
        CONDITIONS = "conditions", _("What this right depends on is not given")

    class Extension(models.TextChoices):
        COMPLEX = "complex", _("The request is complex (Art. 12(3) GDPR)")
        NUMBER = "number", _("There are many requests of this person (Art. 12(3) GDPR)")

    class Identified(models.TextChoices):
        PRESENT = "present", _("In the practice, by face or identity card")
        WRITTEN = "written", _("In writing, by what only this person knows")
        ADDRESS = "address", _("By the e-mail address that is on record")
        LINK = "link", _("By the personal link alone")

    class Channel(models.TextChoices):
        HANDED = "handed", _("Handed over in the practice")
        POST = "post", _("By post")
        SECURE = "secure", _("By encrypted mail or a protected download")
        SPOKEN = "spoken", _("By word of mouth")

    class OpenedBy(models.TextChoices):
        PATIENT = "patient", _("by the patient")
        STAFF = "staff", _("by the practice")

    admin_sees = (
        "id",
        "practice_id",
        "kind",
        "state",
        "opened_at",
        "due_on",
        "extended_at",
        "closed_at",
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(Report, on_delete=models.SET_NULL, null=True, related_name="cases")
    kind = models.CharField(max_length=13, choices=Kind)
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    opened_by = models.CharField(max_length=7, choices=OpenedBy)
    opened_at = models.DateTimeField(auto_now_add=True)
    due_on = models.DateField()  # one month after it was opened (Art. 12(3))
    closed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=10, choices=Reason, blank=True)  # of a refusal
    # Art. 12(3): two months more, where the person was told why within the first one.
    extension = models.CharField(max_length=10, choices=Extension, blank=True)
    extended_at = models.DateTimeField(null=True, blank=True)
    # Evidence of the answer: how it was certain who asked, and how the answer went out.
    identified = models.CharField(max_length=10, choices=Identified, blank=True)
    channel = models.CharField(max_length=10, choices=Channel, blank=True)
    message = SealedTextField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(extension="", extended_at=None)
                | (~models.Q(extension="") & models.Q(extended_at__isnull=False)),
                name="case_extended_with_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", closed_at=None)
                | (~models.Q(state="open") & models.Q(closed_at__isnull=False)),
                name="case_closed_with_its_time",
            ),
            models.CheckConstraint(
                condition=(models.Q(state="refused") & ~models.Q(reason=""))
                | (~models.Q(state="refused") & models.Q(reason="")),
                name="case_refused_with_a_reason",
            ),
            models.UniqueConstraint(
                fields=["report", "kind"],
                condition=models.Q(state="open", report__isnull=False),
                name="one_open_case_of_a_kind",
            ),
        ]
        indexes = [models.Index(fields=["practice", "state", "due_on"])]


class Visit(PracticeOwned):
    """One look at a report by whoever holds its link: all that is kept of it (R24)."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="visits")
    at = models.DateTimeField(db_default=Now())
    network = models.CharField(max_length=43)  # a /24 or /48, never an address
    browser = models.CharField(max_length=8, choices=Browser)
    device = models.CharField(max_length=8, choices=Device)

    class Meta:
        indexes = [models.Index(fields=["practice", "report", "-at"]), models.Index(fields=["at"])]


class Tally(PracticeOwned):
    """How often reports were used on a day, by nobody in particular (R25)."""

    class What(models.TextChoices):
        PAGE = "page", _("Report viewed")
        MODEL = "model", _("3D view opened")
        PDF = "pdf", _("PDF taken")
        LANGUAGE = "language", _("Viewed in the other language")

    day = models.DateField()
    what = models.CharField(max_length=8, choices=What)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "day", "what"], name="one_tally_a_day")
        ]
