"""Opened practice keys, kept in memory for a few minutes: a page view is no call to a service."""

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from dermalia.sealing.keyring import RootKeys

SECONDS = 300.0
KEYS = 1000


@dataclass
class Remembered:
    """``RootKeys`` that asks another for each wrapped key once in ``seconds``.

    A key is found by its wrapped bytes, which come from the keystore every time: a destroyed
    key's bytes are gone, and with them the way to what is remembered. Whatever is too old goes
    out of memory the next time any key is asked for.
    """

    roots: RootKeys
    seconds: float = SECONDS
    size: int = KEYS
    # Oldest first: (when it was opened, the key) by digest.
    _opened: OrderedDict[bytes, tuple[float, bytes]] = field(
        default_factory=OrderedDict, repr=False
    )
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def current(self) -> int:
        return self.roots.current

    @property
    def versions(self) -> frozenset[int]:
        return self.roots.versions

    def wrap(self, key: bytes, *, bound_to: bytes) -> tuple[int, bytes]:
        return self.roots.wrap(key, bound_to=bound_to)

    def unwrap(self, version: int, wrapped: bytes, *, bound_to: bytes) -> bytes:
        name = hashlib.sha256(
            b"%d\0%d\0%b%b" % (version, len(bound_to), bound_to, wrapped)
        ).digest()
        with self._lock:
            self._drop_old()
            found = self._opened.get(name)
        if found is not None:
            return found[1]
        # The lock is free meanwhile: a service that hangs must not stop keys that are at hand.
        key = self.roots.unwrap(version, wrapped, bound_to=bound_to)
        with self._lock:
            self._opened.pop(name, None)
            self._opened[name] = (time.monotonic(), key)
            while len(self._opened) > self.size:
                self._opened.popitem(last=False)
        return key

    def check(self) -> None:
        """Of what it asks."""
        self.roots.check()

    def _drop_old(self) -> None:
        limit = time.monotonic() - self.seconds
        while self._opened and next(iter(self._opened.values()))[0] <= limit:
            self._opened.popitem(last=False)
