"""Passkeys of staff: made and shown by ``dermalia.webauthn``, kept here.

A challenge is answered once (``practices.domain.challenges``), a credential belongs to the user
its handle names, and its signature counter is kept.
"""

from django.conf import settings
from django.db.models.functions import Now

from audit.chain import record
from audit.words import Action
from dermalia.tenancy import practice_scope
from dermalia.webauthn import PasskeyRefused, Question, Shown, Site, read_shown
from practices.domain.challenges import new_challenge, use_challenge
from practices.domain.staff import staff
from practices.models import Passkey, User

__all__ = [
    "PasskeyRefused",
    "Question",
    "add_passkey",
    "ask",
    "ask_anybody",
    "ask_for_new",
    "check_passkey",
]

MOST_PASSKEYS = 10  # of one user


def ask_for_new(user: User) -> Question:
    """Options to make a passkey, in the scope of the user's practice."""
    return _site().ask_for_new(
        handle=user.handle,
        label=user.email,
        held=Passkey.objects.filter(user=user),
        challenge=new_challenge(),
    )


def ask_anybody() -> Question:
    """Options to sign in by any passkey of this host; they name nobody."""
    return _site().ask(challenge=new_challenge())


def ask(user: User) -> Question:
    """Options to show one of the user's own passkeys, in the scope of their practice."""
    return _site().ask(allowed=Passkey.objects.filter(user=user), challenge=new_challenge())


def add_passkey(*, user: User, name: str, answer: str, challenge: bytes) -> Passkey:
    """Keep the passkey that an authenticator made, in the scope of the user's practice.

    Raises:
        PasskeyRefused: the answer is not one to this challenge from this site, the person was
            not verified, or the credential exists already.
    """
    if not use_challenge(challenge):
        raise PasskeyRefused
    if Passkey.objects.filter(user=user).count() >= MOST_PASSKEYS:
        raise PasskeyRefused
    made = _site().check_new(answer=answer, challenge=challenge)
    passkey, new = Passkey.objects.get_or_create(
        practice_id=user.practice_id,
        credential_id=made.credential_id,
        defaults={
            "user": user,
            "public_key": made.public_key,
            "sign_count": made.sign_count,
            "transports": made.transports,
            "name": name[:60],
        },
    )
    if not new:
        raise PasskeyRefused
    record(Action.FACTOR_ADDED, who=staff(user), object_id=passkey.pk)
    return passkey


def check_passkey(*, answer: str, challenge: bytes, user: User | None = None) -> User:
    """Whose passkey signed the challenge.

    Args:
        user: who must have signed it; anybody by default, as named by the credential.

    Raises:
        PasskeyRefused: nobody's, or not by somebody who was verified while signing.
    """
    if not use_challenge(challenge):
        raise PasskeyRefused
    shown = read_shown(answer)
    owner = _named_by(shown) or user
    if owner is None or (user is not None and owner.pk != user.pk):
        raise PasskeyRefused
    with practice_scope(owner.practice_id):
        # Refused outside of the scope, so that what the scope wrote of it stays.
        accepted = _check(shown, challenge, owner)
    if not accepted:
        raise PasskeyRefused
    return owner


def _check(shown: Shown, challenge: bytes, owner: User) -> bool:
    passkey = (
        Passkey.objects.select_for_update()
        .filter(user=owner, credential_id=shown.credential_id)
        .first()
    )
    if passkey is None:
        return False
    try:
        counter = _site().check_shown(shown, passkey=passkey, challenge=challenge)
    except PasskeyRefused:
        record(Action.STAFF_REFUSED, who=staff(owner), object_id=passkey.pk)
        return False
    Passkey.objects.filter(pk=passkey.pk).update(sign_count=counter, used_at=Now())
    return True


def _named_by(shown: Shown) -> User | None:
    if shown.handle is None:
        return None
    return User.objects.filter(handle=shown.handle, is_active=True).first()


def _site() -> Site:
    return Site(settings.PUBLIC_URL, "Dermalia")
