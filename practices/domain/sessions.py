"""Who is signed in where: opened, looked at on every request, ended.

All of it works in the scope of the user's practice and goes by the database's clock.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import DurationField, IntegerField, Q, QuerySet, UUIDField
from django.db.models.functions import Now

from audit.chain import record
from audit.words import Action, Count
from dermalia.clients import Client
from dermalia.tenancy.statements import Given, Statement
from practices.domain.staff import staff
from practices.models import StaffSession, User

# A row that is written at every request would cost more than what it tells.
SEEN_EVERY = timedelta(minutes=1)
DESK = ("initials", "shortcuts", "locks_after")


@dataclass(frozen=True, slots=True)
class Seen:
    """A session that lives, as this request found it."""

    session: StaffSession
    fresh: bool  # a factor was shown in it within STAFF_FRESH_SECONDS


def open_session(*, user: User, factor: str, client: Client) -> StaffSession:
    """A new session; ``factor`` is empty after a mere link, which opens no dashboard."""
    return StaffSession.objects.create(
        practice_id=user.practice_id,
        user=user,
        factor=factor,
        created_at=Now(),
        seen_at=Now(),
        fresh_at=Now() if factor else None,
        network=client.network,
        browser=client.browser,
        device=client.device,
    )


def see_session(session_id: UUID, *, user: User, active: bool) -> Seen | None:
    """The user's session if it still lives.

    Args:
        active: whether this request shows that somebody is there; a page that fetches itself
            again does not, and must not keep a session from ending.
    """
    session: Any = _SEEN.first(session_id=session_id, user_id=user.pk, **_limits())
    if session is None:
        return None
    if active and session.stale:
        StaffSession.objects.filter(pk=session.pk).update(seen_at=Now())
    # The demo's member of staff has no factor to show; outside of the sandbox there is none.
    fresh = bool(session.fresh) or session.factor == StaffSession.Factor.DEMO
    return Seen(session, fresh)


def sessions_of(user: User) -> list[StaffSession]:
    """Where the user is signed in now, last seen first."""
    return list(StaffSession.objects.filter(_lives(), user=user).order_by("-seen_at"))


def refresh_session(session: StaffSession, *, user: User) -> None:
    """A factor was shown again in this session."""
    StaffSession.objects.filter(pk=session.pk).update(fresh_at=Now(), seen_at=Now())
    record(Action.STAFF_CONFIRMED, who=staff(user))


def end_session(session_id: UUID, *, user: User) -> bool:
    """End one session of the user's; False if there was none."""
    return bool(StaffSession.objects.filter(pk=session_id, user=user).delete()[0])


def end_sessions(user: User, *, by: User, but: StaffSession | None = None) -> int:
    """End every session of the user's (but one) at once; how many there were."""
    theirs = StaffSession.objects.filter(user=user)
    if but is not None:
        theirs = theirs.exclude(pk=but.pk)
    ended = theirs.delete()[0]
    if ended:
        record(
            Action.STAFF_SESSIONS_ENDED,
            who=staff(by),
            object_id=user.handle,
            counts={Count.ROWS: ended},
        )
    return ended


def forget_ended_sessions() -> int:
    """Delete the rows of sessions that ended by themselves, in the practice's scope."""
    return StaffSession.objects.exclude(_lives()).delete()[0]


def _lives() -> Q:
    limits = _limits()
    return _younger_than(limits["whole"], limits["idle"])


def _younger_than(whole: Any, idle: Any) -> Q:
    return Q(created_at__gt=Now() - whole, seen_at__gt=Now() - idle)


def _limits() -> dict[str, timedelta]:
    return {
        "whole": timedelta(seconds=settings.STAFF_SESSION_SECONDS),
        "idle": timedelta(seconds=settings.STAFF_IDLE_SECONDS),
        "fresh": timedelta(seconds=settings.STAFF_FRESH_SECONDS),
    }


def _seen() -> QuerySet[StaffSession, Any]:
    whole, idle, fresh = (Given(name, DurationField()) for name in ("whole", "idle", "fresh"))
    return (
        StaffSession.objects.filter(_younger_than(whole, idle))
        .filter(pk=Given("session_id", UUIDField()), user=Given("user_id", IntegerField()))
        .select_related("user__desk")
        .only("factor", "fresh_at", *(f"user__desk__{each}" for each in DESK))
        .annotate(fresh=Q(fresh_at__gt=Now() - fresh), stale=Q(seen_at__lt=Now() - SEEN_EVERY))
    )


# Every page that staff ask for asks this.
_SEEN = Statement(_seen)
