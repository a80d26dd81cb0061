"""What the outbox asks of whoever carries mails, and the three ways an attempt may end."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from dermalia.tenancy.scope import in_scope
from reports.mail.message import Message
from reports.mail.models import Carrier, Fate


class NotTaken(Exception):
    """The mail was certainly not accepted; ``str()`` is a sentence for staff.

    Args:
        final: trying this mail again cannot help.
        after: seconds to wait, where the other side named a time.
        everyone: the other side would take nobody else's mail now either.
    """

    def __init__(
        self,
        message: str,
        *,
        final: bool = False,
        after: float | None = None,
        everyone: bool = False,
    ) -> None:
        super().__init__(message)
        self.final = final
        self.after = after
        self.everyone = everyone


class Uncertain(Exception):
    """The mail may have been accepted, or not; ``str()`` is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a carrier says has become of a mail.

    Attributes:
        hard: a bounce that will repeat itself: there is no such address.
    """

    fate: Fate
    hard: bool = False


class Provider(Protocol):
    """Whoever carries mails.

    Attributes:
        carrier: which of the choices it is.
        pace: what its speed limit is counted under; shared where the account is.
        per_second: how many requests it takes in a second.
        remembers: for how long it recognises an idempotency key; None if it knows of none.
    """

    carrier: Carrier
    pace: str
    per_second: float
    remembers: timedelta | None

    def send(self, message: Message, *, key: str, practice_id: int, kind: str) -> str:
        """Hand the mail over and return the provider's id of it.

        Args:
            key: the mail's id, by which a repetition is recognised.
            practice_id, kind: what a webhook needs besides to find the mail's row.

        Raises:
            NotTaken, Uncertain: see there.
        """

    def ask(self, provider_id: str) -> Answer | None:
        """What has become of an accepted mail; None where nothing is known yet.

        Raises:
            NotTaken: the question was not answered.
        """


KEPT_BACK = timedelta(hours=1)  # of the time a key is remembered: clocks and slow networks


def require_outside() -> None:
    """Raises RuntimeError inside a practice's scope, which is a transaction.

    Whoever waits for another server holds no rows meanwhile: a slow one would stop everybody.
    """
    if in_scope():
        raise RuntimeError("leave the practice's scope before speaking to a mail server")
