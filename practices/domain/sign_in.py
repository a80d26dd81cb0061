"""Single-use sign-in links."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from audit.chain import OPERATOR, Who, record
from audit.words import Action, Actor
from dermalia.tenancy import practice_scope
from practices.models import SignInLink, User


def issue_link(*, user: User) -> str:
    """A secret of 43 characters that signs the user in once, until it expires."""
    secret = secrets.token_urlsafe(32)
    with practice_scope(user.practice_id):
        SignInLink.objects.create(
            user=user,
            digest=_digest(secret),
            expires_at=Now() + timedelta(seconds=settings.SIGN_IN_LINK_SECONDS),
        )
        record(Action.STAFF_LINK_ISSUED, who=OPERATOR)
    return secret


def redeem_link(*, secret: str) -> User | None:
    """The user of an unused, unexpired link; uses it up."""
    with transaction.atomic():
        link = (
            SignInLink.objects.select_for_update()
            .select_related("user")
            .filter(digest=_digest(secret), used_at=None, expires_at__gt=Now())
            .filter(user__is_active=True)
            .first()
        )
        if link is None:
            return None
        SignInLink.objects.filter(pk=link.pk).update(used_at=Now())
        with practice_scope(link.user.practice_id):
            record(Action.STAFF_SIGNED_IN, who=staff(link.user))
        return link.user


def staff(user: User) -> Who:
    """The user as an actor of the log."""
    return Who(Actor.STAFF, user.pk)


def _digest(secret: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).digest()
