"""What is asked of every hostile input: within bounds, in plain words, nothing of it shown."""

from __future__ import annotations

import contextlib
import logging
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pytest

MARKER = "PLANTED-7c1d"
"""Stands in every name and content of an attacker's choice."""

_FORBIDDEN_IN_SENTENCES = ("Traceback", "Error(", "0x", "Exception", "/tmp", "\\x")  # noqa: S108


def rows(cases: Mapping[str, Any]) -> pytest.MarkDecorator:
    """One test for each case, under the case's name."""
    return pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in cases])


def register(cases: dict[str, Any], name: str) -> Callable[[Any], Any]:
    """Puts a builder under its name; a name is given once."""

    def put(builder: Any) -> Any:
        assert name not in cases, name
        cases[name] = builder
        return builder

    return put


@contextlib.contextmanager
def bounded(*, cpu_seconds: float = 4.0, megabytes: float = 48.0) -> Iterator[None]:
    """What happens inside costs no more: processor time of this process, memory Python asks for.

    Wall time would measure the neighbours.
    """
    tracemalloc.start()
    began = time.process_time()
    try:
        yield
    finally:
        took, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert took < cpu_seconds
    assert peak < megabytes * 1e6


def shown(error: BaseException) -> str:
    """All that a log would print of an error, but for the lines of our own source."""
    parts = [f"{error!r} {vars(error)!r}"]
    told: traceback.TracebackException | None = traceback.TracebackException.from_exception(error)
    while told is not None:
        parts += told.format_exception_only()
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    return "\n".join(parts)


def assert_speaks_plainly(error: BaseException, *, secrets: Iterable[str] = (MARKER,)) -> None:
    """A sentence for a person, and nowhere in the error what the input held."""
    sentence = str(error)
    assert sentence[:1].isupper()
    assert sentence.endswith(".")
    assert len(sentence) <= 300  # what a row's last error and a connection's hold
    assert not any(word in sentence for word in _FORBIDDEN_IN_SENTENCES)
    assert_hidden(shown(error), secrets)


def assert_hidden(text: str, secrets: Iterable[str] = (MARKER,)) -> None:
    """None of the secrets stands in the text, in capitals or not."""
    assert [secret for secret in secrets if secret.casefold() in text.casefold()] == []


def assert_unsaid(caplog: pytest.LogCaptureFixture, secrets: Iterable[str] = (MARKER,)) -> None:
    """No log line holds one, be it as an argument or in a traceback."""
    formatter = logging.Formatter()
    assert_hidden("\n".join(map(formatter.format, caplog.records)), secrets)
