"""What is kept of a passkey, whoever's it is."""

from django.db import models


class KeptPasskey(models.Model):
    """A WebAuthn credential. The private key never leaves the authenticator."""

    credential_id = models.BinaryField(unique=True)  # the authenticator's random choice
    public_key = models.BinaryField()  # COSE
    sign_count = models.BigIntegerField()
    transports = models.JSONField(default=list)
    name = models.CharField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
