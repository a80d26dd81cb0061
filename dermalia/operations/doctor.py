"""Looking at everything a support call would ask about: one line each, and what to do."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connections

from dermalia.operations.logs.tracebacks import describe

logger = logging.getLogger(__name__)


class Trouble(Exception):
    """Something is not as it must be.

    Args:
        sentence: what, without anybody's data.
        do: what to do about it, where that is not what the check says in general.
    """

    def __init__(self, sentence: str, *, do: str = "") -> None:
        super().__init__(sentence)
        self.do = do


class NotHere(Exception):
    """There is nothing to look at: not set up here, or not asked of this kind of service."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        ok: None where there was nothing to look at.
        do: empty unless something is to be done.
    """

    name: str
    ok: bool | None
    text: str
    do: str
    seconds: float

    @property
    def line(self) -> str:
        mark = {True: "✓", False: "✗", None: "–"}[self.ok]
        return f"{mark} {self.name}: {self.text}" + (f" → {self.do}" if self.do else "")


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    do: str
    look: Callable[[], str]


_checks: list[_Check] = []


def check(name: str, *, do: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Register a function that returns what it found to be well, or raises ``Trouble``.

    Args:
        name: a few words, the beginning of the line.
        do: what whoever reads the line should do if it raises, whatever it raises.
    """

    def register(look: Callable[[], str]) -> Callable[[], str]:
        if name not in names():
            _checks.append(_Check(name, do, look))
        return look

    return register


def names() -> list[str]:
    return [one.name for one in _checks]


def findings(only: str = "") -> Iterator[Finding]:
    """Make every check, or those whose name holds ``only``; one that breaks stops no other."""
    for one in _checks:
        if only.lower() in one.name.lower():
            yield _finding(one)


def _finding(one: _Check) -> Finding:
    began = time.perf_counter()
    ok: bool | None = True
    do = ""
    try:
        text = one.look()
    except NotHere as reason:
        ok, text = None, str(reason)
    except Trouble as trouble:
        ok, text, do = False, str(trouble), trouble.do or one.do
    except Exception as error:
        logger.debug("the check %s broke", one.name, exc_info=error)
        ok, text, do = False, f"could not be looked at: {describe(error)}", one.do
        # A connection that broke in the middle must not fail what comes next.
        connections.close_all()
    return Finding(one.name, ok, text, do, time.perf_counter() - began)
