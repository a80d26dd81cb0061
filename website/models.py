"""Questions to the data protection officer, until they have been mailed."""

from uuid import uuid4

from django.db import models
from django.db.models.functions import Now


class Inquiry(models.Model):
    """One message from the contact form, sealed; the row is gone once the mail has left.

    It belongs to no practice: whoever asks need not be a patient of any. Its key is wrapped by
    the installation's root key.
    """

    id = models.UUIDField(primary_key=True, default=uuid4)
    root_version = models.IntegerField()
    wrapped = models.BinaryField()
    message = models.BinaryField()
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    next_attempt_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["next_attempt_at"], name="inquiry_next")]
