"""What an authenticator app shows."""

import base64
import time

from django_otp.oath import TOTP  # type: ignore[import-untyped]


def code_of(seed: str, *, steps: int = 0) -> str:
    """The code of now, or of so many steps of thirty seconds later."""
    clock = TOTP(base64.b32decode(seed))
    clock.time = time.time() + 30 * steps
    return f"{clock.token():06d}"
