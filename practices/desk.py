"""The dashboard as one user has set it, and a browser that is locked until a factor is shown."""

from django.http import HttpRequest

from audit.chain import record
from audit.words import Action
from practices.domain.sessions import Seen
from practices.domain.staff import staff
from practices.models import Desk, StaffSession, User

# What the session's factor was when it was locked. Any factor shown later is another one: no two
# clocks are compared, and there is nothing to unlock by hand.
LOCKED_WITH = "locked_with"


def desk_of(seen: Seen) -> Desk:
    """The user's ways; the defaults for somebody who never chose."""
    desk: Desk | None = getattr(seen.session.user, "desk", None)
    return desk or Desk()


def set_desk(user: User, *, initials: bool, shortcuts: bool, locks_after: int) -> Desk:
    """Keep the user's ways, in every browser from its next page on."""
    desk, _ = Desk.objects.update_or_create(
        user=user,
        practice_id=user.practice_id,
        defaults={"initials": initials, "shortcuts": shortcuts, "locks_after": locks_after},
    )
    return desk


def lock(request: HttpRequest, seen: Seen, user: User) -> None:
    """From now on this session opens nothing but the way to show a factor."""
    if is_locked(request, seen):
        return
    request.session[LOCKED_WITH] = _factor_shown(seen)
    record(Action.DESK_LOCKED, who=staff(user))


def is_locked(request: HttpRequest, seen: Seen) -> bool:
    """Whether the session was locked and no factor was shown since."""
    return bool(request.session.get(LOCKED_WITH) == _factor_shown(seen))


def unlock_demo(request: HttpRequest, seen: Seen) -> bool:
    """Unlock the demo's session, which has no factor to show; False for any other."""
    if seen.session.factor != StaffSession.Factor.DEMO:
        return False
    request.session.pop(LOCKED_WITH, None)
    return True


def _factor_shown(seen: Seen) -> str:
    at = seen.session.fresh_at
    return at.isoformat() if at else "never"
