import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import redis
from celery import current_app
from django.core.checks import run_checks

from dermalia.work import broker
from tests.work.workers import redis_client


@pytest.fixture(autouse=True)
def redis_is_let_rest_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test found out about Redis is not the next one's business."""
    monkeypatch.setattr(broker, "_rest", broker.Rest())


@pytest.fixture
def store(django_db_setup: None) -> Iterator[redis.Redis]:
    """Redis as the workers use it, without a message in it."""
    with redis_client() as client:
        client.flushall()
        yield client


@pytest.fixture
def closed_port() -> Iterator[str]:
    """The address of a Redis that is not there: connections are refused."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"redis://127.0.0.1:{reserved.getsockname()[1]}/0"


@pytest.fixture
def mute_port() -> Iterator[str]:
    """The address of a Redis that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as mute:
        yield f"redis://127.0.0.1:{mute.getsockname()[1]}/0"


@pytest.fixture
def black_hole() -> Iterator[str]:
    """The address of a Redis that does not even answer a request to connect.

    A listener whose queue is full drops what else comes, as a firewall does.
    """
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield f"redis://127.0.0.1:{full.getsockname()[1]}/0"


def configure(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Change Celery's settings for the test."""
    # Also has every task bound, which copies settings, before they are covered.
    assert run_checks(tags=["jobs"]) == []
    own: Any = current_app.conf.changes
    for name, value in changes.items():
        monkeypatch.setitem(own, name, value)


@pytest.fixture
def redis_at(monkeypatch: pytest.MonkeyPatch) -> "RedisAt":
    return RedisAt(monkeypatch)


class RedisAt:
    """Points this process's nudges to another address."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, url: str) -> None:
        configure(self._monkeypatch, broker_url=url)
