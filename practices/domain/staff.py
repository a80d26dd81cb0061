"""A member of staff as an actor of the log."""

from audit.chain import Who
from audit.words import Actor
from practices.models import User


def staff(user: User) -> Who:
    """The user as an actor of the log."""
    return Who(Actor.STAFF, user.pk)
