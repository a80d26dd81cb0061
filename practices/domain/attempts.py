"""Pauses after failed sign-ins, for an account and for the network it is tried from.

They are rows, so that they outlast Redis and restarts, and every try is counted before its
password is looked at, so that tries at the same moment cannot share one. A name nobody has is
counted like any other: the pauses tell nothing about who exists.
"""

from dataclasses import dataclass

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F
from django.utils.crypto import salted_hmac

from practices.models import Attempt

FORGOTTEN_AFTER = "1 day"
LONGEST_PAUSE = 900  # seconds

# Counts a try unless its pause still lasts. The pause doubles with each failure beyond the free
# ones: 1 s, 2 s, 4 s … up to the longest.
_COUNT = """
    INSERT INTO practices_attempt AS seen (digest, failures, last_at, blocked_until)
    VALUES (%(digest)s, 1, clock_timestamp(), clock_timestamp())
    ON CONFLICT (digest) DO UPDATE SET
        failures = CASE WHEN seen.last_at < clock_timestamp() - %(forgotten)s::interval THEN 1
            ELSE least(seen.failures, 1000) + 1 END,
        last_at = clock_timestamp(),
        blocked_until = clock_timestamp() + interval '1 second' * CASE
            WHEN seen.last_at < clock_timestamp() - %(forgotten)s::interval THEN 0
            WHEN seen.failures < %(free)s THEN 0
            ELSE least(%(longest)s, power(2, least(seen.failures - %(free)s, 20))) END
    WHERE seen.blocked_until <= clock_timestamp()
    RETURNING failures
"""
_PAUSE = """
    SELECT ceil(extract(epoch FROM blocked_until - clock_timestamp()))::int FROM practices_attempt
    WHERE digest = %s
"""


@dataclass(frozen=True, slots=True)
class Counter:
    """What tries are counted for, and how many of them may fail without a pause."""

    digest: bytes
    free: int


class Paused(Exception):
    """Too many tries; ``seconds`` until the next is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"{seconds} s")
        self.seconds = seconds


def account(email: str) -> Counter:
    """Tries for one address, whether or not anybody has it."""
    return Counter(_digest("account", email.strip().casefold()), free=5)


def network(name: str) -> Counter:
    """Tries from one network (``dermalia.clients.network_of``); a practice shares its own."""
    return Counter(_digest("network", name), free=20)


def passkeys(name: str) -> Counter:
    """Refused passkeys from one network. Apart from passwords: who guesses those must not be
    able to keep a practice's passkeys out.
    """
    return Counter(_digest("passkeys", name), free=20)


def inquiries(name: str) -> Counter:
    """Questions sent from one network by the public form."""
    return Counter(_digest("inquiries", name), free=5)


def count_try(*counters: Counter) -> int:
    """Count one try against each counter, before it is known whether it succeeds.

    Returns:
        The failures counted before this try against the first counter.

    Raises:
        Paused: one of them is in its pause; then nothing is counted.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # In one order for everybody: two tries never wait for each other.
        failures = {each: _count(cursor, each) for each in sorted(counters, key=lambda c: c.digest)}
    return failures[counters[0]] - 1


def forget(counter: Counter) -> None:
    """A try succeeded: an account's counter starts anew."""
    Attempt.objects.filter(digest=counter.digest).delete()


def give_back(counter: Counter) -> None:
    """A try succeeded: a network gets back that one, and keeps what others failed."""
    Attempt.objects.filter(digest=counter.digest, failures__gt=0).update(failures=F("failures") - 1)


def _count(cursor: CursorWrapper, counter: Counter) -> int:
    cursor.execute(
        _COUNT,
        {
            "digest": counter.digest,
            "free": counter.free,
            "longest": LONGEST_PAUSE,
            "forgotten": FORGOTTEN_AFTER,
        },
    )
    row = cursor.fetchone()
    if row is None:
        cursor.execute(_PAUSE, [counter.digest])
        left = cursor.fetchone()
        raise Paused(max(1, left[0]) if left else 1)
    return int(row[0])


def _digest(kind: str, name: str) -> bytes:
    # Keyed: the table tells nobody which addresses were tried, nor from where.
    return salted_hmac(f"practices.attempt.{kind}", name, algorithm="sha256").digest()
