"""What somebody proves with that it is them. Looked up in their practice's scope."""

import uuid
from typing import ClassVar

from django.db import models

from dermalia.sealing.fields import SealedTextField
from dermalia.tenancy.models import PracticeOwned
from practices.models.credentials import KeptPasskey
from practices.models.staff import User


class Passkey(KeptPasskey, PracticeOwned):
    """A passkey of staff."""

    objects: ClassVar[models.Manager["Passkey"]]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")


class Authenticator(PracticeOwned):
    """A time-based one-time password (TOTP, RFC 6238) in an app; one for each user."""

    objects: ClassVar[models.Manager["Authenticator"]]

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="authenticator")
    seed = SealedTextField()  # base32, under the practice's secrets key
    # The newest time step a code was taken of: no code opens twice.
    last_step = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)  # before the first code it opens nothing


class BackupCode(PracticeOwned):
    """A code on paper for the day the authenticator is lost. Each opens once, then is deleted."""

    objects: ClassVar[models.Manager["BackupCode"]]

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="backup_codes")
    # HMAC under the practice's secrets key of 120 random bits: a keyed digest is slow enough.
    digest = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "user", "digest"], name="backup_code_once_per_user"
            )
        ]
