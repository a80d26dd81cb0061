"""Which factors somebody has, and taking them away."""

from uuid import UUID

from django.db import transaction

from audit.chain import record
from audit.words import Action
from practices.domain.sessions import end_sessions
from practices.domain.staff import staff
from practices.domain.totp import has_app
from practices.models import Authenticator, BackupCode, Passkey, StaffSession, User


class LastFactor(Exception):
    """Without it nobody could sign in as this user any more."""


def has_factor(user: User) -> bool:
    """Whether the user can sign in by anything but a link."""
    return Passkey.objects.filter(user=user).exists() or has_app(user)


def remove_passkey(passkey_id: UUID, *, user: User) -> bool:
    """Remove one of the user's passkeys; False if there is none such.

    Raises:
        LastFactor: the user has nothing else.
    """
    with transaction.atomic():
        _lock(user)
        others = Passkey.objects.filter(user=user).exclude(pk=passkey_id).exists()
        if not others and not has_app(user):
            raise LastFactor
        removed, _ = Passkey.objects.filter(user=user, pk=passkey_id).delete()
        if removed:
            record(Action.FACTOR_REMOVED, who=staff(user), object_id=passkey_id)
    return bool(removed)


def remove_app(user: User, *, here: StaffSession) -> None:
    """Remove password, authenticator app and backup codes; end every session but this one.

    Raises:
        LastFactor: the user has no passkey.
    """
    with transaction.atomic():
        _lock(user)
        if not Passkey.objects.filter(user=user).exists():
            raise LastFactor
        _forget_app(user)
        end_sessions(user, by=user, but=here)
        record(Action.FACTOR_REMOVED, who=staff(user), object_id=user.handle)


def remove_all_factors(user: User, *, by: User) -> None:
    """Take the user back to the beginning: no factor, no session."""
    Passkey.objects.filter(user=user).delete()
    _forget_app(user)
    end_sessions(user, by=by)
    record(Action.FACTORS_RESET, who=staff(by), object_id=user.handle)


def _forget_app(user: User) -> None:
    Authenticator.objects.filter(user=user).delete()
    BackupCode.objects.filter(user=user).delete()
    user.set_unusable_password()
    user.save(update_fields=["password"])


def _lock(user: User) -> None:
    """Two removals at the same moment must not each take the other for what is left."""
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
