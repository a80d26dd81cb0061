"""WebAuthn challenges: random, short-lived, answered once."""

import hashlib
import secrets
from datetime import timedelta

from django.db.models.functions import Now

from practices.models import Challenge

LIFETIME = timedelta(minutes=5)
LENGTH = 64  # bytes


def new_challenge(*, about: bytes = b"", lifetime: timedelta = LIFETIME) -> bytes:
    """64 bytes that may be answered once within five minutes.

    Args:
        about: what the answer is to be bound to, at most 32 bytes at the end of the challenge;
            the rest is random.
    """
    if len(about) > LENGTH // 2:
        raise ValueError("too little of the challenge would be random")
    challenge = secrets.token_bytes(LENGTH - len(about)) + about
    Challenge.objects.create(digest=_digest(challenge), expires_at=Now() + lifetime)
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
