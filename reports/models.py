"""Reports, the look-up of their links, and the outbox of mails."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dermalia.sealing.fields import SealedTextField
from dermalia.tenancy.models import PracticeOwned
from dermalia.work.models import Work
from practices.models import Language, Purpose
from scans.models import Scan


class Report(PracticeOwned):
    """What a patient sees of one scan, from its release until it is due."""

    class State(models.TextChoices):
        DRAFT = "draft", _("To be released")
        RELEASED = "released", _("Released")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.OneToOneField(Scan, on_delete=models.PROTECT, related_name="report")
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    purpose = models.CharField(max_length=9, choices=Purpose, blank=True)
    language = models.CharField(max_length=2, choices=Language)
    link = SealedTextField(null=True)  # so that it can be sent again
    created_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    restricted_at = models.DateTimeField(null=True, blank=True)  # Art. 18: kept, shown to nobody
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
                | (
                    models.Q(state="released", due_on__isnull=False, link__isnull=False)
                    & ~models.Q(purpose="")
                ),
                name="released_with_purpose_link_and_due_date",
            ),
        ]
        indexes = [
            models.Index(fields=["practice", "due_on"]),
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

    class OpenedBy(models.TextChoices):
        PATIENT = "patient", _("by the patient")
        STAFF = "staff", _("by the practice")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(Report, on_delete=models.SET_NULL, null=True, related_name="cases")
    kind = models.CharField(max_length=13, choices=Kind)
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    opened_by = models.CharField(max_length=7, choices=OpenedBy)
    opened_at = models.DateTimeField(auto_now_add=True)
    due_on = models.DateField()  # one month after it was opened (Art. 12(3))
    closed_at = models.DateTimeField(null=True, blank=True)
    message = SealedTextField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="open", closed_at=None)
                | (~models.Q(state="open") & models.Q(closed_at__isnull=False)),
                name="case_closed_with_its_time",
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

    class Browser(models.TextChoices):
        CHROME = "chrome", "Chrome"
        EDGE = "edge", "Edge"
        FIREFOX = "firefox", "Firefox"
        SAFARI = "safari", "Safari"
        SAMSUNG = "samsung", "Samsung Internet"
        OTHER = "other", _("another browser")

    class Device(models.TextChoices):
        PHONE = "phone", _("phone")
        TABLET = "tablet", _("tablet")
        COMPUTER = "computer", _("computer")
        OTHER = "other", _("another device")

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


class Delivery(Work):
    """A mail to be sent once. Its id is the provider's idempotency key."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting to be sent")
        SENT = "sent", _("Sent")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    provider_id = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    first_attempt_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "sent"]), name="delivery_state"
            )
        ]
        indexes = [
            models.Index(fields=["practice", "report"]),
            models.Index(
                fields=["next_attempt_at"], name="delivery_due", condition=models.Q(state="queued")
            ),
        ]
