"""Who is signed in where: opened, looked at on every request, ended.

All of it works in the scope of the user's practice and goes by the database's clock.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from audit.chain import record
from audit.words import Action, Count
from dermalia.clients import Client
from practices.domain.staff import staff
from practices.models import StaffSession, User

# A row that is written at every request would cost more than what it tells.
SEEN_EVERY = timedelta(minutes=1)


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
    session = (
        StaffSession.objects.filter(_lives(), pk=session_id, user=user)
        .select_related("user__desk")
        .annotate(
            fresh=Q(fresh_at__gt=Now() - timedelta(seconds=settings.STAFF_FRESH_SECONDS)),
            stale=Q(seen_at__lt=Now() - SEEN_EVERY),
        )
        .first()
    )
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
    return Q(
        created_at__gt=Now() - timedelta(seconds=settings.STAFF_SESSION_SECONDS),
        seen_at__gt=Now() - timedelta(seconds=settings.STAFF_IDLE_SECONDS),
    )
