"""What guessing runs into. In Postgres, because a limit must not vanish with Redis."""

from django.db import models


class Attempt(models.Model):
    """Failed sign-ins for one account or from one network, under a keyed digest of its name."""

    digest = models.BinaryField(primary_key=True)
    failures = models.IntegerField()
    last_at = models.DateTimeField()
    blocked_until = models.DateTimeField()


class Challenge(models.Model):
    """A WebAuthn challenge nobody has answered yet; answering deletes it."""

    digest = models.BinaryField(primary_key=True)
    expires_at = models.DateTimeField(db_index=True)
