"""The pledge of secrecy that everybody takes before a page opens to them (R60)."""

from django.db.models.functions import Now

from audit.chain import record
from audit.words import Action
from practices.domain.staff import staff
from practices.models import User

# Names the wording in templates/practices/secrecy_text.*.html. Whoever changes that changes this,
# and everybody is asked again.
PLEDGE = "2026-05"


def has_pledged(user: User) -> bool:
    """Whether the user took the pledge as it reads today."""
    return user.pledge == PLEDGE


def pledge(user: User) -> None:
    """The user takes the pledge, in the practice's scope; once is enough."""
    missing = User.objects.filter(pk=user.pk).exclude(pledge=PLEDGE)
    if missing.update(pledge=PLEDGE, pledged_at=Now()):
        record(Action.STAFF_PLEDGED, who=staff(user), object_id=user.handle)
