"""Ringing the bell in Redis: at once or not at all.

A request must never wait for a broker that is away. Left to its defaults the client tries for six
seconds where a connection is refused and for ever where nobody answers; ours tries once, for
``WORK_NUDGE_TIMEOUT_SECONDS``, and after a failure leaves Redis alone for a while.
"""

import logging
import time
from dataclasses import dataclass
from typing import Any

from celery import current_app
from django.conf import settings
from kombu import Producer, pools
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from dermalia.work.steps import Step

logger = logging.getLogger(__name__)

AWAY = (OperationalError, RedisError, OSError)
# More than this many messages in a queue tell its workers nothing new. It also bounds how long
# a practice with one row waits behind another with thousands: the rest is nudged by the sweep,
# which takes practices in turn.
QUEUE_ENOUGH = 50


class BrokerAway(RuntimeError):
    """Redis did not answer in time."""


@dataclass(slots=True)
class Rest:
    """After a failure nobody tries again for ``WORK_BROKER_REST_SECONDS``, in this process."""

    until: float = 0.0

    def now(self) -> bool:
        return time.monotonic() < self.until

    def begin(self) -> None:
        self.until = time.monotonic() + settings.WORK_BROKER_REST_SECONDS


_rest = Rest()


def tell(step: Step, practice_id: int, pk: object) -> bool:
    """Put a message into the step's queue, unless it has enough or Redis is away.

    Costs about a millisecond while Redis is there, one time-out when it has just gone,
    and nothing in the seconds after that.

    Returns:
        Whether a message was put.
    """
    if _rest.now():
        return False
    try:
        with _producer() as producer:
            if _length(producer, step.queue) >= QUEUE_ENOUGH:
                return False
            _put(producer, step, practice_id, pk)
    except AWAY as error:
        _rest.begin()
        logger.warning("Redis did not take a nudge (%s); the sweep will.", type(error).__name__)
        return False
    return True


def tell_all(step: Step, rows: list[tuple[int, object]]) -> None:
    """Put one message per (practice id, row id).

    Raises:
        BrokerAway: perhaps after some of them.
    """
    try:
        with _producer() as producer:
            for practice_id, pk in rows:
                _put(producer, step, practice_id, pk)
    except AWAY as error:
        raise _away(error) from error


def start(task: str) -> None:
    """Have a worker run a task that takes no arguments.

    Raises:
        BrokerAway: it will not be run by a worker.
    """
    try:
        with _producer() as producer:
            current_app.send_task(task, producer=producer, retry=False)
    except AWAY as error:
        raise _away(error) from error


def waiting(queue: str) -> int:
    """How many messages wait in a queue; asked of Redis even while others let it rest.

    Raises:
        BrokerAway: Redis cannot say.
    """
    try:
        with _producer() as producer:
            length = _length(producer, queue)
    except AWAY as error:
        raise _away(error) from error
    _rest.until = 0.0
    return length


def _away(error: Exception) -> BrokerAway:
    _rest.begin()
    return BrokerAway(type(error).__name__)


def _producer() -> Producer:
    seconds = settings.WORK_NUDGE_TIMEOUT_SECONDS
    # Apart from the workers' connections, which may wait longer: kombu keeps one pool per set
    # of options and empties it in forked children.
    connection = current_app.connection_for_write(
        connect_timeout=seconds,
        transport_options={
            "socket_connect_timeout": seconds,
            "socket_timeout": seconds,
            "max_retries": 0,
            "retry_on_timeout": False,
        },
    )
    producer: Producer = pools.producers[connection].acquire(block=True)
    return producer


def _length(producer: Producer, queue: str) -> int:
    channel: Any = producer.channel  # Redis's own, which kombu's types do not know
    return int(channel.client.llen(queue))


def _put(producer: Producer, step: Step, practice_id: int, pk: object) -> None:
    current_app.send_task(
        step.task, args=[practice_id, str(pk)], queue=step.queue, producer=producer, retry=False
    )
