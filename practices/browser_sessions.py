"""Where browsers' sessions are kept: in Django's table, found by a statement that is kept.

``SESSION_ENGINE`` names this module. What a browser was given before stays valid: the class is
called as Django's is, and its name is what sessions are signed for.
"""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import CharField
from django.db.models.functions import Now

from dermalia.tenancy.statements import Given, Statement

_SESSION = Statement(
    lambda: Session.objects.filter(
        session_key=Given("session_key", CharField()), expire_date__gt=Now()
    ).order_by()
)


class SessionStore(db.SessionStore):
    """Django's, but for how a session is looked up, which every page of staff's begins with."""

    def load(self) -> dict[str, Any]:
        """What the session holds; empty, and without its key, where there is none or no more."""
        session = _SESSION.first(session_key=self.session_key)
        if session is None:
            self._session_key = None
            return {}
        return self.decode(session.session_data)
