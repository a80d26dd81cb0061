"""Codes from an authenticator app (TOTP, RFC 6238): six digits, thirty seconds.

The seed is sealed under the practice's secrets key. A code is taken from the step before to the
step after the server's own, and never twice.
"""

import base64
import secrets
from urllib.parse import quote

from django.db.models.functions import Now
from django_otp.oath import TOTP  # type: ignore[import-untyped]

from audit.chain import record
from audit.words import Action
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock_secrets
from practices.domain.staff import staff
from practices.models import Authenticator, User

SEED_BYTES = 20  # what RFC 4226 asks of HMAC-SHA1
DIGITS = 6
TOLERANCE = 1  # steps


def seed_to_set_up(user: User) -> str:
    """The seed (base32) that waits for its first code; the same until it has come."""
    key = unlock_secrets()
    waiting = Authenticator.objects.filter(user=user, confirmed_at=None).first()
    if waiting is not None:
        kept: str = waiting.seed.open(key)
        return kept
    seed = base64.b32encode(secrets.token_bytes(SEED_BYTES)).decode()
    Authenticator.objects.create(practice_id=user.practice_id, user=user, seed=Sealing(key, seed))
    return seed


def provisioning_uri(user: User, seed: str) -> str:
    """What an authenticator app opens or scans (Key URI Format)."""
    label = quote(f"Dermalia:{user.email}", safe=":@")
    return f"otpauth://totp/{label}?secret={seed}&issuer=Dermalia&digits={DIGITS}&period=30"


def has_app(user: User) -> bool:
    """Whether an authenticator app is set up and confirmed."""
    return Authenticator.objects.filter(user=user, confirmed_at__isnull=False).exists()


def confirm_app(user: User, code: str) -> bool:
    """The first code: from now on the app counts as a factor. False if it does not fit."""
    waiting = Authenticator.objects.filter(user=user, confirmed_at=None).first()
    if waiting is None or not _take(waiting, code):
        return False
    Authenticator.objects.filter(pk=waiting.pk).update(confirmed_at=Now())
    record(Action.FACTOR_ADDED, who=staff(user), object_id=user.handle)
    return True


def check_code(user: User, code: str) -> bool:
    """Whether the code is one of the user's app, of now, and not used before."""
    app = Authenticator.objects.filter(user=user, confirmed_at__isnull=False).first()
    return app is not None and _take(app, code)


def _take(app: Authenticator, code: str) -> bool:
    digits = "".join(code.split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return False
    clock = TOTP(base64.b32decode(app.seed.open(unlock_secrets())), digits=DIGITS)
    if not clock.verify(int(digits), tolerance=TOLERANCE, min_t=app.last_step + 1):
        return False
    # The same code twice at the same moment: one UPDATE decides.
    step = clock.t()
    taken = Authenticator.objects.filter(pk=app.pk, last_step__lt=step).update(last_step=step)
    return taken == 1
