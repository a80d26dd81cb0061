"""Who is signed in to the admin: opened, looked at on every request, ended.

A session is a row that each request looks for by the digest of its cookie. It goes by the
database's clock.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import Now

from dermalia.clients import Client
from operators.models import Operator, OperatorSession, Statement

PASSKEYS_NEEDED = 2
ENROLS = timedelta(minutes=5)
# A row that is written at every request would cost more than what it tells.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class At:
    """A session that lives, as this request found it.

    Attributes:
        enrols: passkeys may be added in it now.
        passkeys: how many its operator has.
    """

    session: OperatorSession
    operator: Operator
    enrols: bool
    passkeys: int

    @property
    def equipped(self) -> bool:
        """Whether the operator came by passkey and has another for the day this one is lost."""
        return not self.session.by_link and self.passkeys >= PASSKEYS_NEEDED

    @property
    def statement(self) -> Statement | None:
        """What the operator came for."""
        return self.session.statement


def open_session(*, operator: Operator, client: Client, by_link: bool = False) -> str:
    """A new session; the secret for its cookie."""
    secret = secrets.token_urlsafe(32)
    OperatorSession.objects.create(
        digest=_digest(secret),
        operator=operator,
        by_link=by_link,
        enrols_until=Now() + timedelta(seconds=settings.ADMIN_LINK_SECONDS) if by_link else None,
        created_at=Now(),
        seen_at=Now(),
        network=client.network,
        browser=client.browser,
        device=client.device,
    )
    return secret


def see_session(secret: str) -> At | None:
    """The session of a cookie, if it still lives and its operator may still come in."""
    if not secret:
        return None
    session = (
        OperatorSession.objects.filter(_lives(), digest=_digest(secret), operator__is_active=True)
        .select_related("operator", "statement")
        .annotate(
            enrols=Q(enrols_until__gt=Now()),
            stale=Q(seen_at__lt=Now() - SEEN_EVERY),
            passkeys=Count("operator__passkeys"),
        )
        .first()
    )
    if session is None:
        return None
    if session.stale:
        OperatorSession.objects.filter(pk=session.pk).update(seen_at=Now())
    return At(session, session.operator, bool(session.enrols), session.passkeys)


def let_enrol(session: OperatorSession) -> None:
    """Passkeys may be added in this session for five minutes from now."""
    OperatorSession.objects.filter(pk=session.pk).update(enrols_until=Now() + ENROLS)


def come_for(session: OperatorSession, statement: Statement) -> None:
    """What follows in this session is done for the stated reason."""
    OperatorSession.objects.filter(pk=session.pk).update(statement=statement)


def end_session(session: OperatorSession) -> None:
    OperatorSession.objects.filter(pk=session.pk).delete()


def end_sessions(operator: Operator) -> int:
    """End every session of the operator's at once; how many there were."""
    return OperatorSession.objects.filter(operator=operator).delete()[0]


def forget_ended_sessions() -> int:
    """Delete the rows of sessions that ended by themselves."""
    return OperatorSession.objects.exclude(_lives()).delete()[0]


def _lives() -> Q:
    whole = timedelta(seconds=settings.ADMIN_SESSION_SECONDS)
    by_link = timedelta(seconds=settings.ADMIN_LINK_SECONDS)
    return Q(seen_at__gt=Now() - timedelta(seconds=settings.ADMIN_IDLE_SECONDS)) & (
        Q(by_link=False, created_at__gt=Now() - whole)
        | Q(by_link=True, created_at__gt=Now() - by_link)
    )


def _digest(secret: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).digest()
