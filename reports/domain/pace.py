"""One speed limit for all workers, whichever machine they are on: a row per account."""

from datetime import datetime

from django.db import connection

from reports.mail.provider import Provider

# A place in the queue is given only where it is near: whoever gets none comes back later, and
# holds no place and no worker meanwhile. By the database's clock, as the rows' times are.
_TAKE_PLACE = """
    INSERT INTO reports_pace AS pace (carrier, next_at)
    VALUES (%(carrier)s, clock_timestamp() + %(gap)s * interval '1 second')
    ON CONFLICT (carrier) DO UPDATE
        SET next_at = greatest(pace.next_at, clock_timestamp()) + %(gap)s * interval '1 second'
        WHERE pace.next_at <= clock_timestamp() + %(near)s * interval '1 second'
    RETURNING greatest(
        extract(epoch FROM next_at - clock_timestamp())::float - %(gap)s, 0)
"""
_REST = """
    INSERT INTO reports_pace AS pace (carrier, next_at)
    VALUES (%(carrier)s, clock_timestamp() + %(seconds)s * interval '1 second')
    ON CONFLICT (carrier) DO UPDATE SET next_at = greatest(pace.next_at, excluded.next_at)
"""
_UNTIL = "SELECT next_at FROM reports_pace WHERE carrier = %s"
NEAR_SECONDS = 1.0


def take_place(provider: Provider) -> float | None:
    """Seconds to wait before the next request; None where it is not to be made now."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE_PLACE,
            {"carrier": provider.pace, "gap": 1 / provider.per_second, "near": NEAR_SECONDS},
        )
        row = cursor.fetchone()
    return float(row[0]) if row else None


def rest(provider: Provider, *, seconds: float) -> None:
    """Let nobody speak to this carrier for a while: it is away, or has had enough."""
    with connection.cursor() as cursor:
        cursor.execute(_REST, {"carrier": provider.pace, "seconds": seconds})


def resting_until(provider: Provider) -> datetime | None:
    """When the carrier may be spoken to again; None if that was never limited."""
    with connection.cursor() as cursor:
        cursor.execute(_UNTIL, [provider.pace])
        row = cursor.fetchone()
    return row[0] if row else None
