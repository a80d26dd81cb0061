"""Opening and closing the door: a browser's cookie, and the row it stands for."""

from uuid import UUID

from django.contrib.auth import login, logout
from django.http import HttpRequest

from audit.chain import record
from audit.words import Action, Count
from dermalia.clients import client_of
from dermalia.tenancy import practice_scope
from practices.domain.sessions import Seen, end_session, open_session, see_session
from practices.domain.staff import staff
from practices.models import User

BACKEND = "practices.backends.LinkBackend"
STAFF_SESSION = "staff_session"


def let_in(request: HttpRequest, user: User, *, factor: str, failures: int = 0) -> None:
    """Sign the user in, in this browser, under a new session key.

    Args:
        factor: what was shown; empty for a mere link, which leads to setting one up.
        failures: tries before this one, for the log.
    """
    with practice_scope(user.practice_id):
        _end_what_was(request)
        # Nothing of before goes on: login alone would keep the key where the user is the same.
        request.session.flush()
        login(request, user, backend=BACKEND)
        session = open_session(user=user, factor=factor, client=client_of(request))
        if factor:
            counts = {Count.FAILURES: failures} if failures else {}
            record(Action.STAFF_SIGNED_IN, who=staff(user), counts=counts)
    request.session[STAFF_SESSION] = str(session.pk)


def let_out(request: HttpRequest) -> None:
    """Forget the browser, and end the session it stood for."""
    if isinstance(request.user, User):
        with practice_scope(request.user.practice_id):
            _end_what_was(request)
    logout(request)


def seen_by(request: HttpRequest, user: User, *, active: bool) -> Seen | None:
    """The session of this browser if it still lives; in the scope of the user's practice."""
    session_id = _session_id(request)
    return see_session(session_id, user=user, active=active) if session_id else None


def _end_what_was(request: HttpRequest) -> None:
    session_id = _session_id(request)
    if session_id is not None and isinstance(request.user, User):
        end_session(session_id, user=request.user)


def _session_id(request: HttpRequest) -> UUID | None:
    text = request.session.get(STAFF_SESSION)
    return UUID(text) if isinstance(text, str) else None
