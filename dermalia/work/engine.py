"""Celery as this project uses it."""

from datetime import UTC, datetime
from typing import Any

from celery import Celery


class TooLongInRedis(ValueError):
    """A task was to be delayed up to the visibility timeout or beyond."""


class Engine(Celery):
    """A Celery that refuses to keep a message waiting for longer than Redis keeps it hidden.

    Such a message would be given out again and again. What is to happen later is a row with
    ``next_attempt_at``.
    """

    def send_task(self, name: str, *args: Any, **options: Any) -> Any:
        """Every message goes through here, also those of ``apply_async`` and of beat.

        Raises:
            TooLongInRedis: for a ``countdown`` or ``eta`` that reaches the visibility timeout.
        """
        longest = self.conf.broker_transport_options["visibility_timeout"]
        if _delay(options.get("countdown"), options.get("eta")) >= longest:
            raise TooLongInRedis(f"{name} is to wait too long for Redis: make it a row.")
        return super().send_task(name, *args, **options)


def _delay(countdown: float | None, eta: datetime | str | None) -> float:
    """Seconds from now."""
    if eta is None:
        return countdown or 0.0
    at = datetime.fromisoformat(eta) if isinstance(eta, str) else eta
    return (at.astimezone(UTC) - datetime.now(UTC)).total_seconds()
