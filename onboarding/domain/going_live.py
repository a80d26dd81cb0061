"""From trying out to working with patients. In the practice's scope."""

from django.db import transaction

from audit.chain import Who, record
from audit.words import Action
from onboarding.domain.connections import skip_what_is_there
from onboarding.domain.gates import shut
from onboarding.models import GoLive
from practices.domain.staff import staff
from practices.models import Practice, User
from scans.models import Connection


class GatesShut(Exception):
    """Something still stands in the way: see ``onboarding.domain.gates``."""


def go_live(user: User) -> None:
    """Open the practice to patients; scans that are there already are left where they are.

    Raises:
        GatesShut: a gate is not open, now that it counts.
        SourceError: a scanner does not answer, so what is there cannot be left out.
    """
    if any(shut(user.practice)):
        raise GatesShut
    for connection in Connection.objects.exclude(base_url=""):
        skip_what_is_there(connection)
    mark_live(user.practice, user=user, who=staff(user))


def mark_live(practice: Practice, *, who: Who, user: User | None = None) -> None:
    """Say that the practice is live, without a look at the gates.

    For ``go_live``, and for those who vouch for a practice: the demo, an operator who moves one
    here. Saying it again changes nothing.
    """
    with transaction.atomic():
        _row, is_new = GoLive.objects.get_or_create(practice=practice, defaults={"user": user})
        if is_new:
            record(Action.WENT_LIVE, who=who)
