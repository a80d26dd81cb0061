"""Whether it is time, by the database's clock, and one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, connections

from backups import shelf
from backups.kinds import Kind, rules
from backups.models import Home

# Any number that nothing else in this database locks.
_LOCK = 0x6261636B
CLOCKS_AGREE = timedelta(hours=1)


class Busy(Exception):
    """A backup, a pruning or a drill is under way already."""


class ClocksDisagree(Exception):
    """Database and storage tell different times: nothing is deleted by either."""


def now() -> datetime:
    """By the database's clock, in UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at


def agreed_now() -> datetime:
    """The same, once storage confirmed it: a clock that jumped must not make backups old.

    Raises:
        ClocksDisagree: by more than an hour.
    """
    at, elsewhere = now(), shelf.clock()
    if abs(at - elsewhere) > CLOCKS_AGREE:
        raise ClocksDisagree(
            f"The database says it is {at:%Y-%m-%d %H:%M}, storage {elsewhere:%Y-%m-%d %H:%M} UTC."
        )
    return at


def can_back_up() -> bool:
    """Whether this process may read what a backup holds."""
    return all(rules(kind).alias in connections.settings for kind in Kind)


def backup_is_due() -> bool:
    """Whether a kind has no backup younger than ``BACKUP_HOURS``, and nor is the database."""
    if not can_back_up():
        return False
    since = now() - timedelta(hours=settings.BACKUP_HOURS)
    begun = Home.objects.order_by("since").values_list("since", flat=True).first()
    newest = [max((one.made_at for one in shelf.manifests(kind)), default=begun) for kind in Kind]
    return any(at is not None and at <= since for at in newest)


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else makes, prunes or tries backups meanwhile; ends with this process.

    Raises:
        Busy: somebody does, or nobody could know: through a pooler the lock would stay with one
            connection and be released on another.
    """
    if settings.DATABASE_POOLED:
        raise Busy(
            "This process reaches the database through a pooler. Run it where DERMALIA_DATABASE_URL"
            " leads to Postgres itself, without DERMALIA_DATABASE_POOLED."
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise Busy("A backup, a pruning or a drill is under way already.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
