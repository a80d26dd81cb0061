"""Making and showing passkeys: what is the same for every kind of account.

A challenge is answered once, a credential belongs to the account that its handle names, and its
signature counter is kept. Whose passkeys there are, in which scope and what the log says of them,
each kind of account tells for itself; none finds those of another.
"""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Generic, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.db.models.functions import Now

from dermalia.webauthn import PasskeyRefused, Question, Shown, Site, read_shown
from practices.domain.challenges import LIFETIME, new_challenge, use_challenge
from practices.models.credentials import KeptPasskey

MOST_PASSKEYS = 10  # of one account
LONGEST_NAME = 60


Account = TypeVar("Account", bound=Model)
Kept = TypeVar("Kept", bound=KeptPasskey)


class Ceremony(ABC, Generic[Account, Kept]):
    """The passkeys of one kind of account.

    Attributes:
        lifetime: how long a browser may take to answer.
    """

    lifetime: timedelta = LIFETIME

    @abstractmethod
    def site(self) -> Site:
        """Where these passkeys open, and nowhere else."""

    @abstractmethod
    def held(self, account: Account) -> "QuerySet[Kept, Kept]":
        """The account's passkeys; in its scope."""

    @abstractmethod
    def new(self, account: Account) -> Kept:
        """One of the account's that is not saved yet."""

    @abstractmethod
    def named(self, handle: UUID) -> Account | None:
        """The account of this kind that may sign in and is called so."""

    @abstractmethod
    def scope(self, account: Account) -> AbstractContextManager[None]:
        """The transaction in which its passkeys are seen."""

    @abstractmethod
    def tell_added(self, account: Account, passkey: Kept) -> None:
        """Enter it into the log, in the scope."""

    @abstractmethod
    def tell_refused(self, account: Account, passkey: Kept) -> None:
        """Enter into the log that a known passkey did not prove itself, in the scope."""

    def ask_for_new(self, account: Account, *, handle: UUID, label: str) -> Question:
        """Options to make a passkey on an authenticator that holds none of the account's.

        Args:
            handle: what names the account to authenticators, and ``named`` finds it by.
            label: what they show to whoever chooses among several.
        """
        return self.site().ask_for_new(
            handle=handle,
            label=label,
            held=self.held(account),
            challenge=new_challenge(lifetime=self.lifetime),
        )

    def ask(self, account: Account | None = None, *, about: bytes = b"") -> Question:
        """Options to show a passkey.

        Args:
            account: whose it must be; by default anybody's of this host, and nobody is named.
            about: what the signature is to be bound to, at most 32 bytes.
        """
        return self.site().ask(
            allowed=() if account is None else self.held(account),
            challenge=new_challenge(about=about, lifetime=self.lifetime),
        )

    def add(self, account: Account, *, name: str, answer: str, challenge: bytes) -> Kept:
        """Keep the passkey that an authenticator made.

        Raises:
            PasskeyRefused: the answer is not one to this challenge from this site, the person was
                not verified, the credential exists already, or the account has enough of them.
        """
        if not use_challenge(challenge):
            raise PasskeyRefused
        made = self.site().check_new(answer=answer, challenge=challenge)
        with self.scope(account):
            if self.held(account).count() >= MOST_PASSKEYS:
                raise PasskeyRefused
            passkey = self.new(account)
            passkey.credential_id = made.credential_id
            passkey.public_key = made.public_key
            passkey.sign_count = made.sign_count
            passkey.transports = made.transports
            passkey.name = name[:LONGEST_NAME]
            try:
                with transaction.atomic():
                    passkey.save(force_insert=True)
            except IntegrityError as known:
                raise PasskeyRefused from known
            self.tell_added(account, passkey)
        return passkey

    def check(self, *, answer: str, challenge: bytes, account: Account | None = None) -> Account:
        """Whose passkey signed the challenge.

        Args:
            account: who must have signed it; anybody by default, as named by the authenticator.

        Raises:
            PasskeyRefused: nobody's, or not by somebody who was verified while signing.
        """
        if not use_challenge(challenge):
            raise PasskeyRefused
        shown = read_shown(answer)
        named = self.named(shown.handle) if shown.handle is not None else None
        owner = named or account
        if owner is None or (account is not None and owner.pk != account.pk):
            raise PasskeyRefused
        with self.scope(owner):
            # Refused outside of the scope, so that what the scope wrote of it stays.
            accepted = self._accept(shown, challenge, owner)
        if not accepted:
            raise PasskeyRefused
        return owner

    def _accept(self, shown: Shown, challenge: bytes, owner: Account) -> bool:
        theirs = self.held(owner).filter(credential_id=shown.credential_id)
        passkey = theirs.select_for_update().first()
        if passkey is None:
            return False
        try:
            counter = self.site().check_shown(shown, passkey=passkey, challenge=challenge)
        except PasskeyRefused:
            self.tell_refused(owner, passkey)
            return False
        theirs.update(sign_count=counter, used_at=Now())
        return True
