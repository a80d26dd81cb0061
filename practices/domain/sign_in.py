"""Ways in: a single-use link to begin with, then a passkey or a password with a code."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from audit.chain import OPERATOR, Who, record
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.domain.attempts import account, count_try, forget, give_back, network
from practices.domain.backup_codes import looks_like_one, use_backup_code
from practices.domain.factors import has_factor, remove_all_factors
from practices.domain.passwords import check_password
from practices.domain.staff import staff
from practices.domain.totp import check_code
from practices.models import SignInLink, StaffSession, User

__all__ = ["issue_link", "match_password", "redeem_link", "staff"]


class LinkRefused(Exception):
    """The link lets nobody in (any more)."""


def issue_link(
    *,
    user: User,
    kind: SignInLink.Kind = SignInLink.Kind.SET_UP,
    by: Who = OPERATOR,
    seconds: int | None = None,
    mail_id: UUID | None = None,
) -> str:
    """A secret of 43 characters that lets the user in once, until it expires.

    Args:
        seconds: how long it is good for; ``SIGN_IN_LINK_SECONDS`` by default.

    Raises:
        PermissionError: a demo link outside of an installation for trying out.
    """
    if kind == SignInLink.Kind.DEMO and not settings.TRIAL:
        raise PermissionError("only an embedded installation has a demo")
    secret = secrets.token_urlsafe(32)
    with practice_scope(user.practice_id):
        # An older one of the same person's must not lie around in some mailbox.
        SignInLink.objects.filter(user=user, used_at=None).delete()
        SignInLink.objects.create(
            user=user,
            kind=kind,
            digest=_digest(secret),
            expires_at=Now() + timedelta(seconds=seconds or settings.SIGN_IN_LINK_SECONDS),
            mail_id=mail_id,
        )
        record(Action.STAFF_LINK_ISSUED, who=by, object_id=user.handle)
    return secret


def redeem_link(*, secret: str) -> SignInLink:
    """The unused, unexpired link, with its user; uses it up.

    A link to begin anew removes the user's factors and ends their sessions. Any other lets
    nobody in who can sign in already: what lies in a mailbox must not replace a factor.

    Raises:
        LinkRefused: there is no such link, or it does not open here.
    """
    with transaction.atomic():
        link = (
            SignInLink.objects.select_for_update(of=("self",))
            .select_related("user__practice")
            .filter(digest=_digest(secret), used_at=None, expires_at__gt=Now())
            .filter(user__is_active=True)
            .first()
        )
        if link is None or not _opens_here(link):
            raise LinkRefused
        SignInLink.objects.filter(pk=link.pk).update(used_at=Now())
        with practice_scope(link.user.practice_id):
            if link.kind == SignInLink.Kind.RESET:
                remove_all_factors(link.user, by=link.user)
            elif link.kind == SignInLink.Kind.SET_UP and has_factor(link.user):
                raise LinkRefused
            record(Action.STAFF_LINK_USED, who=staff(link.user))
        return link


def match_password(
    *, email: str, password: str, code: str, network_name: str
) -> tuple[User, StaffSession.Factor, int] | None:
    """Whose password and code these are, what the code was, and how many tries failed before.

    None for anything that does not match, without telling what.

    Raises:
        Paused: too many tries for this address or from this network.
    """
    for_account, for_network = account(email), network(network_name)
    failures = count_try(for_account, for_network)
    user = User.objects.select_related("practice").filter(email__iexact=email.strip()).first()
    # What a wrong password costs must not depend on whether there is a user.
    if not check_password(user, password) or user is None or not user.is_active:
        return None
    factor = take_code(user, code)
    if factor is None:
        return None
    forget(for_account)
    give_back(for_network)
    return user, factor, failures


def take_code(user: User, code: str) -> StaffSession.Factor | None:
    """Which of the user's second factors the code is, used up; None, on record, for none."""
    with practice_scope(user.practice_id):
        if looks_like_one(code):
            if use_backup_code(user, code):
                return StaffSession.Factor.BACKUP_CODE
        elif check_code(user, code):
            return StaffSession.Factor.TOTP
        record(Action.STAFF_REFUSED, who=staff(user), object_id=user.handle)
    return None


def _opens_here(link: SignInLink) -> bool:
    if link.kind != SignInLink.Kind.DEMO:
        return True
    return settings.TRIAL and bool(settings.SANDBOX_ORIGINS)


def _digest(secret: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).digest()
