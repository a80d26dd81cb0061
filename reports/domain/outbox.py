"""Working off the outbox: each mail at most once with the recipient, or visibly not at all.

A try is written down before it is made (state "sending", ``first_attempt_at``). Where its end is
not known, after a crash or a lost answer, it is repeated only with a carrier that recognises the
repetition by the row's id, and only while it does; otherwise the mail is "unknown", which is for a
person to judge. A carrier that says no has the mail certainly not, and may be asked again.
"""

import time
from datetime import timedelta
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from audit.chain import SYSTEM, record
from audit.words import Action
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import UnlockedKey
from dermalia.tenancy import practice_scope
from dermalia.work.lease import BACKOFF_SECONDS, LeaseLost, hold, lease
from reports.domain.fates import RANK, WAITING, learn, move
from reports.domain.pace import rest, resting_until, take_place
from reports.mail.message import Message
from reports.mail.models import Carrier, Fate, Outgoing
from reports.mail.provider import KEPT_BACK, NotTaken, Provider, Uncertain
from reports.mail.routes import RouteRefused
from reports.mail.routes import provider as provider_of

M = TypeVar("M", bound=Outgoing)

GIVE_UP = timedelta(days=3)  # of being refused for the time being
UNCERTAIN_REST_SECONDS = 5.0
# When a service that sends no word is asked what became of a mail, counted from the last time.
ASK_AFTER = tuple(timedelta(minutes=minutes) for minutes in (15, 60, 360, 1440, 2880))
NEVER = timedelta(days=36_500)  # a row in a state that is worked off, with nothing left to do
ASKED = (Fate.SENT, Fate.DELAYED)

UNKNOWN = _("It is not known whether the mail was sent. Ask the patient before sending it again.")
GIVEN_UP = _("For three days nobody took the mail; it was given up.")
NO_WAY = _("The way by which this mail was to be sent does not exist any more.")


class CannotBeSent(Exception):
    """There is no mail to send, now or later; ``str()`` tells staff why."""


class Desk(Protocol, Generic[M]):
    """What one kind of mail has of its own."""

    model: type[M]
    kind: str

    def carrier(self) -> Carrier | None:
        """How mails of this kind leave; None for the practice's choice."""

    def compose(self, mail: M) -> tuple[Message, UnlockedKey]:
        """The mail as it was first tried, else as it is now, and the key it is kept under.

        Raises:
            CannotBeSent: there is nobody to send it to, or nothing to send.
        """


def work_off(
    desk: Desk[M], mail_id: UUID, *, practice_id: int, provider: Provider | None = None
) -> None:
    """Do what is next for a mail: send it, or ask what has become of it.

    Args:
        provider: instead of the practice's choice.
    """
    with practice_scope(practice_id):
        state = desk.model.objects.filter(pk=mail_id).values_list("state", flat=True).first()
    if state in WAITING:
        _send(desk, mail_id, practice_id, state, provider)
    elif state in ASKED:
        _ask(desk, mail_id, practice_id, state, provider)


def _send(
    desk: Desk[M], mail_id: UUID, practice_id: int, state: str, given: Provider | None
) -> None:
    with lease(desk.model, mail_id, practice_id=practice_id, state=state) as mail:
        if mail is None:
            return
        provider = given or _provider(desk, mail)
        if provider is None:
            _close(mail, _lost(mail), NO_WAY)
            return
        wait = take_place(provider)
        if wait is None:
            _not_now(mail, provider)
            return
        message = _begin(desk, mail, provider)
        if message is None:
            return
        time.sleep(wait)
        _try(desk, mail, provider, message)


def _try(desk: Desk[M], mail: M, provider: Provider, message: Message) -> None:
    try:
        provider_id = provider.send(
            message, key=str(mail.pk), practice_id=mail.practice_id, kind=desk.kind
        )
    except NotTaken as refusal:
        _not_taken(mail, provider, refusal)
    except Uncertain as doubt:
        _uncertain(mail, provider, doubt)
    else:
        _sent(mail, provider_id)


def _provider(desk: Desk[M], mail: M) -> Provider | None:
    """A repeated try goes where the first one went: nobody else would recognise it."""
    carrier = Carrier(mail.carrier) if mail.first_attempt_at else desk.carrier()
    try:
        with practice_scope(mail.practice_id):
            return provider_of(carrier)
    except RouteRefused:
        return None


def _begin(desk: Desk[M], mail: M, provider: Provider) -> Message | None:
    """Write down that the mail is about to be tried; None where it is not to be."""
    with practice_scope(mail.practice_id):
        hold(mail)
        if mail.first_attempt_at and not _recognised(mail, provider):
            _close(mail, Fate.UNKNOWN, UNKNOWN)
            return None
        if not mail.first_attempt_at and timezone.now() - mail.created_at > GIVE_UP:
            _close(mail, Fate.FAILED, GIVEN_UP)
            return None
        try:
            message, key = desk.compose(mail)
        except CannotBeSent as reason:
            _close(mail, _lost(mail), str(reason))
            return None
        desk.model.objects.filter(pk=mail.pk).update(
            state=Fate.SENDING,
            carrier=provider.carrier,
            message=Sealing(key, message.dump()),
            first_attempt_at=Coalesce("first_attempt_at", Now()),
        )
        return message


def _recognised(mail: Outgoing, provider: Provider) -> bool:
    """Whether a second try would be taken for the first."""
    if provider.remembers is None or mail.first_attempt_at is None:
        return False
    return timezone.now() - mail.first_attempt_at < provider.remembers - KEPT_BACK


def _sent(mail: Outgoing, provider_id: str) -> None:
    with practice_scope(mail.practice_id):
        _end(mail, Fate.SENT, provider_id=provider_id, after=ASK_AFTER[0])
        record(Action.MAIL_SENT, who=SYSTEM, object_id=_told_of(mail))


def _not_taken(mail: Outgoing, provider: Provider, refusal: NotTaken) -> None:
    if refusal.final:
        _close(mail, _lost(mail), str(refusal))
        return
    seconds = _backoff(mail) if refusal.after is None else refusal.after
    if refusal.everyone:
        rest(provider, seconds=seconds)
    with practice_scope(mail.practice_id):
        if mail.first_attempt_at:  # an earlier try may have got through; this one settles nothing
            _again(mail, Fate.SENDING, str(refusal), seconds)
        else:
            _again(mail, Fate.QUEUED, str(refusal), seconds, first_attempt_at=None)


def _uncertain(mail: Outgoing, provider: Provider, doubt: Uncertain) -> None:
    if provider.remembers is None:
        _close(mail, Fate.UNKNOWN, UNKNOWN)
        return
    rest(provider, seconds=UNCERTAIN_REST_SECONDS)
    with practice_scope(mail.practice_id):
        _again(mail, Fate.SENDING, str(doubt), max(_backoff(mail), UNCERTAIN_REST_SECONDS))


def _ask(
    desk: Desk[M], mail_id: UUID, practice_id: int, state: str, given: Provider | None
) -> None:
    """Ask the service what became of a mail, for it may have said so while we were not there."""
    with lease(desk.model, mail_id, practice_id=practice_id, state=state) as mail:
        if mail is None:
            return
        provider = given or _provider(desk, mail)
        if provider is None or provider.remembers is None or not mail.provider_id:
            _ask_again(mail, NEVER)
            return
        wait = take_place(provider)
        if wait is None:
            _not_now(mail, provider)
            return
        time.sleep(wait)
        try:
            answer = provider.ask(mail.provider_id)
        except NotTaken as refusal:
            rest(provider, seconds=min(refusal.after or 0.0, UNCERTAIN_REST_SECONDS))
            _ask_again(mail, timedelta(seconds=refusal.after or 60))
            return
        asked = mail.questions + 1
        with practice_scope(practice_id):
            hold(mail)
            if answer is not None:
                learn(desk.model, mail.pk, answer)
            _ask_again(mail, ASK_AFTER[asked] if asked < len(ASK_AFTER) else NEVER, asked=asked)


def _ask_again(mail: Outgoing, after: timedelta, *, asked: int | None = None) -> None:
    questions = mail.questions if asked is None else asked
    with practice_scope(mail.practice_id):
        _let_go(mail, failures=0, attempts=0, next_attempt_at=Now() + after, questions=questions)


def _close(mail: Outgoing, fate: Fate, reason: str) -> None:
    """End a mail that was not sent, or that nobody knows of; somebody has to look at it."""
    with practice_scope(mail.practice_id):
        _end(mail, fate, error=reason, after=NEVER)
        record(Action.MAIL_FAILED, who=SYSTEM, object_id=_told_of(mail))


def _end(
    mail: Outgoing, fate: Fate, *, after: timedelta, error: str = "", provider_id: str = ""
) -> None:
    """Let go of the mail in its new state, unless a webhook already brought later news."""
    hold(mail)
    known = type(mail).objects.get(pk=mail.pk)
    if RANK[fate] > RANK[Fate(known.state)]:
        move(known, fate, error=error, provider_id=provider_id)
    elif provider_id:
        type(mail).objects.filter(pk=mail.pk).update(provider_id=provider_id)
    _let_go(mail, failures=0, attempts=0, next_attempt_at=Now() + after)


def _again(mail: Outgoing, fate: Fate, reason: str, seconds: float, **changes: object) -> None:
    """Try the mail again later; that it was not possible now is on record in its row."""
    hold(mail)
    known = Fate(type(mail).objects.values_list("state", flat=True).get(pk=mail.pk))
    if known not in WAITING:  # a webhook was faster: there is nothing left to try
        _let_go(mail, failures=0, attempts=0, next_attempt_at=Now() + NEVER)
        return
    _let_go(
        mail,
        state=fate,
        last_error=reason,
        failures=F("failures") + 1,
        attempts=F("failures") + 1,  # nobody died: see dermalia.work.models.Work
        next_attempt_at=Now() + timedelta(seconds=seconds),
        **changes,
    )


def _not_now(mail: Outgoing, provider: Provider) -> None:
    """The carrier has enough, or rests; the mail has done nothing wrong."""
    until = resting_until(provider)
    with practice_scope(mail.practice_id):
        _let_go(mail, attempts=F("failures"), next_attempt_at=until or Now())


def _let_go(mail: Outgoing, **changes: object) -> None:
    """Give the row back, changed, if it is still ours; its next time comes by the sweep.

    Raises:
        LeaseLost: somebody else holds it, or it was erased.
    """
    held = type(mail).objects.filter(pk=mail.pk, leased_by=mail.leased_by)
    if not held.update(leased_until=None, leased_by="", nudged_at=None, **changes):
        raise LeaseLost


def _lost(mail: Outgoing) -> Fate:
    """What a mail is that cannot be tried (again): once it may have been sent, nobody knows."""
    return Fate.UNKNOWN if mail.first_attempt_at else Fate.FAILED


def _backoff(mail: Outgoing) -> float:
    return float(BACKOFF_SECONDS[min(mail.failures, len(BACKOFF_SECONDS) - 1)])


def _told_of(mail: Outgoing) -> UUID:
    """What an entry of the log is about: the report where there is one."""
    found: UUID = getattr(mail, "report_id", mail.pk)
    return found
