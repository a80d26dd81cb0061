"""Pages rendered a moment ago, for whoever looks again.

A page is half template, half opening of values; looking at it again within a minute is the same
access (see `audit.access`), so it is not made anew. It is shown only while the rows it was made of
are what they were, which one query tells: an erased or changed report is never shown from here.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from reports.models import Tally

SECONDS = 60.0
PAGES = 200  # about 30 kB each


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered page.

    Attributes:
        practice_id: whose report it shows.
        state: of the rows it shows, as `visits.visit` tells.
        tallies: what looking at it adds to, if its practice counts.
    """

    body: bytes
    practice_id: int
    state: str
    tallies: tuple[Tally.What, ...] = ()
    made_at: float = field(default_factory=time.monotonic)


class RememberedPages:
    """At most ``size`` pages, none older than ``seconds``; for several threads."""

    def __init__(self, *, seconds: float = SECONDS, size: int = PAGES) -> None:
        self._seconds, self._size = seconds, size
        self._pages: OrderedDict[tuple[bytes, str], Page] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: tuple[bytes, str]) -> Page | None:
        """The page if it is young enough. Whether it is still true is the caller's to find out."""
        with self._lock:
            self._drop_old()
            return self._pages.get(name)

    def put(self, name: tuple[bytes, str], page: Page) -> None:
        """Keep a page, in place of an older one."""
        with self._lock:
            self._pages.pop(name, None)
            self._pages[name] = page
            while len(self._pages) > self._size:
                self._pages.popitem(last=False)

    def forget(self) -> None:
        """Drop every page."""
        with self._lock:
            self._pages.clear()

    def _drop_old(self) -> None:
        limit = time.monotonic() - self._seconds
        while self._pages and next(iter(self._pages.values())).made_at <= limit:
            self._pages.popitem(last=False)
