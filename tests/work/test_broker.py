"""A Redis that is away costs a request next to nothing."""

import time
from collections.abc import Callable

import pytest
import redis
from pytest_django import Settings

from dermalia.tenancy import practice_scope
from dermalia.work import broker
from dermalia.work.nudge import nudge
from dermalia.work.steps import step_for
from scans.models import Scan
from tests.waiting import long_before
from tests.work.conftest import RedisAt
from tests.work.rows import tenant

STEP = step_for(Scan, Scan.State.DISCOVERED)


def attempts_counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often somebody reached for Redis from now on."""
    real, made = broker._producer, []

    def counting() -> object:
        made.append(1)
        return real()

    monkeypatch.setattr(broker, "_producer", counting)
    return lambda: len(made)


@pytest.mark.parametrize("away", ["closed_port", "mute_port", "black_hole"])
def test_one_request_reaches_for_a_lost_redis_once(
    away: str,
    request: pytest.FixtureRequest,
    redis_at: RedisAt,
    monkeypatch: pytest.MonkeyPatch,
    committed: None,
) -> None:
    practice = tenant()
    redis_at(request.getfixturevalue(away))
    attempts = attempts_counted(monkeypatch)
    # Left to their defaults twenty of these take two minutes, or for ever.
    with long_before(120), practice_scope(practice.pk):
        for number in range(20):
            nudge(Scan, number, state="discovered")
    assert attempts() == 1


def test_after_its_rest_redis_is_tried_again(
    redis_at: RedisAt, closed_port: str, store: redis.Redis, settings: Settings
) -> None:
    assert STEP is not None
    here = settings.CELERY_BROKER_URL
    settings.WORK_BROKER_REST_SECONDS = 0.2
    redis_at(closed_port)
    assert not broker.tell(STEP, 1, "a")
    redis_at(here)
    assert not broker.tell(STEP, 1, "a")
    time.sleep(0.2)
    assert broker.tell(STEP, 1, "a")
    assert store.llen("ingest") == 1


def test_a_sweep_that_finds_redis_ends_the_rest(
    redis_at: RedisAt, closed_port: str, store: redis.Redis, settings: Settings
) -> None:
    assert STEP is not None
    here = settings.CELERY_BROKER_URL
    redis_at(closed_port)
    assert not broker.tell(STEP, 1, "a")
    redis_at(here)
    assert broker.waiting("ingest") == 0
    assert broker.tell(STEP, 1, "a")


def test_a_full_queue_is_told_of_nothing_more(store: redis.Redis) -> None:
    assert STEP is not None
    told = [broker.tell(STEP, 1, str(number)) for number in range(broker.QUEUE_ENOUGH + 5)]
    assert sum(told) == broker.QUEUE_ENOUGH == store.llen("ingest")
