"""The finished file when several are at it at once, on connections of their own."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.db import connection

from dermalia.sealing import objects
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.models import Report
from reports.pdf import cache
from reports.pdf.cache import obtain
from tests.reports.pdf.test_cache import erase, kept, wanted

T = TypeVar("T")


@pytest.fixture
def practice(committed: None) -> Practice:
    return create_practice(name="Demo practice", email="practice@example.org")


@pytest.fixture(autouse=True)
def is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "typeset", lambda source: b"%PDF-1.7 " + source.digest())


def in_a_thread(work: Callable[[], T]) -> T:
    """Its result; the thread's connection is closed."""
    try:
        return work()
    finally:
        connection.close()


def test_two_who_ask_at_once_get_one_file(report: Report) -> None:
    both = [wanted(report), wanted(report)]
    assert [asked.kept for asked in both] == [None, None]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda asked: in_a_thread(lambda: obtain(asked)), both)
    assert first == second
    assert kept(report) == [first]


def test_an_erasure_waits_for_the_object_and_takes_it_along(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, is_there, ended = objects.put, threading.Event(), []

    def slow_put(*arguments: Any, **named: Any) -> int:
        size = put(*arguments, **named)
        is_there.set()
        time.sleep(0.5)  # the row is not committed yet
        ended.append("put")
        return size

    monkeypatch.setattr(objects, "put", slow_put)
    asked = wanted(report)
    with ThreadPoolExecutor(1) as pool:
        storing = pool.submit(in_a_thread, lambda: obtain(asked))
        assert is_there.wait(10)
        erase(report)
        ended.append("erasure")
        storing.result()
    assert ended == ["put", "erasure"]
    assert kept(report) == []
    assert objects.is_empty(report.scan.prefix)
