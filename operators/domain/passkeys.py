"""Passkeys of operators: made and shown by ``dermalia.webauthn`` on the admin's own host."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from audit.chain import record
from audit.words import Action
from dermalia.webauthn import PasskeyRefused, Question, Shown, Site, read_shown
from operators.domain.log import no_practice, operator
from operators.domain.sessions import PASSKEYS_NEEDED
from operators.models import Operator, OperatorPasskey
from practices.domain.challenges import new_challenge, use_challenge

MOST_PASSKEYS = 10
LIFETIME = timedelta(seconds=120)


class TooFewPasskeys(Exception):
    """Without this one the operator would have fewer than two."""


def ask_anybody() -> Question:
    """Options to sign in by any passkey of this host; they name nobody."""
    return _site().ask(challenge=new_challenge(lifetime=LIFETIME))


def ask_for_new(who: Operator) -> Question:
    """Options to make a passkey on an authenticator that holds none of the operator's."""
    return _site().ask_for_new(
        handle=who.handle,
        label=who.name,
        held=OperatorPasskey.objects.filter(operator=who),
        challenge=new_challenge(lifetime=LIFETIME),
    )


def ask_about(who: Operator, digest: bytes) -> Question:
    """Options to sign one act with one of the operator's passkeys: the challenge ends with it."""
    return _site().ask(
        allowed=OperatorPasskey.objects.filter(operator=who),
        challenge=new_challenge(about=digest, lifetime=LIFETIME),
    )


def add_passkey(*, who: Operator, name: str, answer: str, challenge: bytes) -> OperatorPasskey:
    """Keep the passkey that an authenticator made.

    Raises:
        PasskeyRefused: see ``Site.check_new``; or the challenge was used, or the credential is
            known, or the operator has ten.
    """
    if not use_challenge(challenge):
        raise PasskeyRefused
    made = _site().check_new(answer=answer, challenge=challenge)
    with no_practice():
        if OperatorPasskey.objects.filter(operator=who).count() >= MOST_PASSKEYS:
            raise PasskeyRefused
        passkey, new = OperatorPasskey.objects.get_or_create(
            credential_id=made.credential_id,
            defaults={
                "operator": who,
                "public_key": made.public_key,
                "sign_count": made.sign_count,
                "transports": made.transports,
                "name": name[:60],
            },
        )
        if not new:
            raise PasskeyRefused
        record(Action.ADMIN_PASSKEY_ADDED, who=operator(who), object_id=passkey.pk)
    return passkey


def remove_passkey(*, who: Operator, passkey_id: UUID) -> None:
    """Remove one of the operator's passkeys.

    Raises:
        TooFewPasskeys: two have to be left.
    """
    with no_practice():
        held = OperatorPasskey.objects.select_for_update().filter(operator=who)
        if len(held) <= PASSKEYS_NEEDED:
            raise TooFewPasskeys
        if OperatorPasskey.objects.filter(operator=who, pk=passkey_id).delete()[0]:
            record(Action.ADMIN_PASSKEY_REMOVED, who=operator(who), object_id=passkey_id)


def check_passkey(*, answer: str, challenge: bytes, who: Operator | None = None) -> Operator:
    """Whose passkey signed the challenge; refusals of a known credential are on record.

    Args:
        who: who must have signed it; by default whoever the authenticator names.

    Raises:
        PasskeyRefused: nobody's, or not by somebody who was verified while signing.
    """
    if not use_challenge(challenge):
        raise PasskeyRefused
    shown = read_shown(answer)
    owner = _named_by(shown) or who
    if owner is None or (who is not None and owner.pk != who.pk):
        raise PasskeyRefused
    if not _accept(shown, challenge, owner):
        raise PasskeyRefused
    return owner


def _accept(shown: Shown, challenge: bytes, owner: Operator) -> bool:
    with transaction.atomic(), no_practice():
        passkey = (
            OperatorPasskey.objects.select_for_update()
            .filter(operator=owner, credential_id=shown.credential_id)
            .first()
        )
        if passkey is None:
            return False
        try:
            counter = _site().check_shown(shown, passkey=passkey, challenge=challenge)
        except PasskeyRefused:
            record(Action.ADMIN_REFUSED, who=operator(owner), object_id=passkey.pk)
            return False
        OperatorPasskey.objects.filter(pk=passkey.pk).update(sign_count=counter, used_at=Now())
    return True


def _named_by(shown: Shown) -> Operator | None:
    if shown.handle is None:
        return None
    return Operator.objects.filter(handle=shown.handle, is_active=True).first()


def _site() -> Site:
    return Site(settings.ADMIN_URL, "Dermalia Admin", seconds=int(LIFETIME.total_seconds()))
