"""Passkeys of operators, on the admin's own host, in the scope of no practice."""

from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from audit.chain import record
from audit.words import Action
from dermalia.webauthn import Question, Site
from operators.domain.log import no_practice, operator
from operators.domain.sessions import PASSKEYS_NEEDED
from operators.models import Operator, OperatorPasskey
from practices.domain.ceremony import Ceremony

LIFETIME = timedelta(seconds=120)


class TooFewPasskeys(Exception):
    """Without this one the operator would have fewer than two."""


class _OfOperators(Ceremony[Operator, OperatorPasskey]):
    lifetime = LIFETIME

    def site(self) -> Site:
        return Site(settings.ADMIN_URL, "Dermalia Admin", seconds=int(LIFETIME.total_seconds()))

    def held(self, account: Operator) -> QuerySet[OperatorPasskey, OperatorPasskey]:
        return OperatorPasskey.objects.filter(operator=account)

    def new(self, account: Operator) -> OperatorPasskey:
        return OperatorPasskey(operator=account)

    def named(self, handle: UUID) -> Operator | None:
        return Operator.objects.filter(handle=handle, is_active=True).first()

    def scope(self, account: Operator) -> AbstractContextManager[None]:  # noqa: ARG002
        return no_practice()

    def tell_added(self, account: Operator, passkey: OperatorPasskey) -> None:
        record(Action.ADMIN_PASSKEY_ADDED, who=operator(account), object_id=passkey.pk)

    def tell_refused(self, account: Operator, passkey: OperatorPasskey) -> None:
        record(Action.ADMIN_REFUSED, who=operator(account), object_id=passkey.pk)


_ceremony = _OfOperators()


def ask_anybody() -> Question:
    """Options to sign in by any passkey of this host; they name nobody."""
    return _ceremony.ask()


def ask_for_new(who: Operator) -> Question:
    """Options to make a passkey on an authenticator that holds none of the operator's."""
    return _ceremony.ask_for_new(who, handle=who.handle, label=who.name)


def ask_about(who: Operator, digest: bytes) -> Question:
    """Options to sign one act with one of the operator's passkeys: the challenge ends with it."""
    return _ceremony.ask(who, about=digest)


def add_passkey(*, who: Operator, name: str, answer: str, challenge: bytes) -> OperatorPasskey:
    """Keep the passkey that an authenticator made. Raises ``PasskeyRefused``: ``Ceremony.add``."""
    return _ceremony.add(who, name=name, answer=answer, challenge=challenge)


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
    """Whose passkey signed the challenge, or ``who``'s. Raises as ``Ceremony.check`` does."""
    return _ceremony.check(answer=answer, challenge=challenge, account=who)
