"""Passkeys of staff, on the public host, each in the scope of its practice."""

from contextlib import AbstractContextManager
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from audit.chain import record
from audit.words import Action
from dermalia.tenancy import practice_scope
from dermalia.webauthn import PasskeyRefused, Question, Site
from practices.domain.ceremony import Ceremony
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


class _OfStaff(Ceremony[User, Passkey]):
    def site(self) -> Site:
        return Site(settings.PUBLIC_URL, "Dermalia")

    def held(self, account: User) -> QuerySet[Passkey, Passkey]:
        return Passkey.objects.filter(user=account)

    def new(self, account: User) -> Passkey:
        return Passkey(practice_id=account.practice_id, user=account)

    def named(self, handle: UUID) -> User | None:
        return User.objects.filter(handle=handle, is_active=True).first()

    def scope(self, account: User) -> AbstractContextManager[None]:
        return practice_scope(account.practice_id)

    def tell_added(self, account: User, passkey: Passkey) -> None:
        record(Action.FACTOR_ADDED, who=staff(account), object_id=passkey.pk)

    def tell_refused(self, account: User, passkey: Passkey) -> None:
        record(Action.STAFF_REFUSED, who=staff(account), object_id=passkey.pk)


_ceremony = _OfStaff()


def ask_for_new(user: User) -> Question:
    """Options to make a passkey, in the scope of the user's practice."""
    return _ceremony.ask_for_new(user, handle=user.handle, label=user.email)


def ask_anybody() -> Question:
    """Options to sign in by any passkey of this host; they name nobody."""
    return _ceremony.ask()


def ask(user: User) -> Question:
    """Options to show one of the user's own passkeys, in the scope of their practice."""
    return _ceremony.ask(user)


def add_passkey(*, user: User, name: str, answer: str, challenge: bytes) -> Passkey:
    """Keep the passkey that an authenticator made. Raises ``PasskeyRefused``: ``Ceremony.add``."""
    return _ceremony.add(user, name=name, answer=answer, challenge=challenge)


def check_passkey(*, answer: str, challenge: bytes, user: User | None = None) -> User:
    """Whose passkey signed the challenge, or ``user``'s. Raises as ``Ceremony.check`` does."""
    return _ceremony.check(answer=answer, challenge=challenge, account=user)
