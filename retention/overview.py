"""What the watch found last, for whoever shows numbers: looking costs a transaction a practice."""

import logging
import time
from dataclasses import asdict
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

from retention.queries import Overdue

logger = logging.getLogger(__name__)

_KEY = "retention.overdue"
# Ten rounds of the watch; after that nobody knows any more.
_SECONDS = 600


def remember(found: Overdue) -> None:
    """Only the numbers suffer where there is no cache."""
    try:
        cache.set(_KEY, {"at": time.time(), "found": asdict(found)}, timeout=_SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("the watch's findings were not kept (%s)", type(error).__name__)


def last() -> tuple[Overdue, float] | None:
    """What was found, and how many seconds ago; None if nobody has looked in ten minutes."""
    kept: dict[str, Any] | None = cache.get(_KEY)
    if kept is None:
        return None
    return Overdue(**kept["found"]), max(0.0, time.time() - kept["at"])
