"""The texts a practice agrees to, and that it did."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dermalia.tenancy.models import PracticeOwned
from practices.models import Language, StaffSession, User


class LegalText(models.Model):
    """One edition of a text in one language, stored once. Nobody's data.

    ``digest`` is SHA-256 over ``body``: a single character more is another edition.
    """

    class Kind(models.TextChoices):
        AGREEMENT = "agreement", _("Agreement on processing")
        MEASURES = "measures", _("Technical and organisational measures")
        PROCESSORS = "processors", _("List of further processors")

    kind = models.CharField(max_length=10, choices=Kind)
    language = models.CharField(max_length=2, choices=Language)
    version = models.CharField(max_length=40)
    body = models.TextField()  # a fragment of HTML
    digest = models.BinaryField(unique=True)
    stored_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "language", "version"], name="one_text_of_a_version"
            )
        ]


class Acceptance(PracticeOwned):
    """That somebody with authority accepted the three texts for the practice (Art. 28(9) GDPR).

    Attributes:
        particulars: what the practice had stated about itself at that moment.
        factor, network: how the person was recognised, and from where, as far as that is kept.
        document: the PDF of it all, as it was handed out.
    """

    append_only = True
    objects: ClassVar[models.Manager["Acceptance"]]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agreement = models.ForeignKey(LegalText, on_delete=models.PROTECT, related_name="+")
    measures = models.ForeignKey(LegalText, on_delete=models.PROTECT, related_name="+")
    processors = models.ForeignKey(LegalText, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signer_name = models.CharField(max_length=120)
    signer_role = models.CharField(max_length=120)
    particulars = models.JSONField()
    factor = models.CharField(max_length=7, choices=StaffSession.Factor)
    network = models.CharField(max_length=43, blank=True)
    accepted_at = models.DateTimeField()
    document = models.BinaryField()
    document_digest = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["practice", "-accepted_at"])]
