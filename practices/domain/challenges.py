"""WebAuthn challenges: random, short-lived, answered once."""

import hashlib
import secrets
from datetime import timedelta

from django.db.models.functions import Now

from practices.models import Challenge

LIFETIME = timedelta(minutes=5)


def new_challenge() -> bytes:
    """64 random bytes that may be answered once within five minutes."""
    challenge = secrets.token_bytes(64)
    Challenge.objects.create(digest=_digest(challenge), expires_at=Now() + LIFETIME)
    return challenge


def use_challenge(challenge: bytes) -> bool:
    """Use the challenge up; False if it was used before, is too old, or never was one of ours.

    One DELETE decides, so that of two answers at the same moment only one counts.
    """
    deleted, _ = Challenge.objects.filter(digest=_digest(challenge), expires_at__gt=Now()).delete()
    return bool(deleted)


def forget_old_challenges() -> int:
    """Delete those nobody answered; how many there were."""
    return Challenge.objects.filter(expires_at__lte=Now()).delete()[0]


def _digest(challenge: bytes) -> bytes:
    return hashlib.sha256(challenge).digest()
