"""Patients at their reports, several at once."""

import threading
import time
from dataclasses import dataclass, field

import requests

CLIENTS, PER_SECOND = 5, 10


@dataclass
class Load:
    """Patients who press the button of the gate (a write) and look at the page (a read).

    Attributes:
        address: where the next request goes.
        acknowledged: how often the button was answered, which is an entry each.
        failed, succeeded: when, by the monotonic clock.
        slowest: seconds.
    """

    address: str
    clients: int = CLIENTS
    acknowledged: int = 0
    failed: list[float] = field(default_factory=list)
    succeeded: list[float] = field(default_factory=list)
    slowest: float = 0.0
    _asked: dict[int, str] = field(default_factory=dict)  # where each client asked last
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Load":
        self._threads = [threading.Thread(target=self._run) for _ in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def moved(self) -> bool:
        """Whether nobody waits for an answer from anywhere but ``address`` any more."""
        with self._lock:
            return set(self._asked.values()) == {self.address}

    def _run(self) -> None:
        with requests.Session() as browser:
            while not self._ended.wait(1 / PER_SECOND):
                address = self.address
                self._ask(browser, "POST", address)
                self._ask(browser, "GET", address)
                with self._lock:
                    self._asked[threading.get_ident()] = address

    def _ask(self, browser: requests.Session, method: str, address: str) -> None:
        began = time.monotonic()
        answer = browser.request(method, address, timeout=20, allow_redirects=False)
        now = time.monotonic()
        with self._lock:
            self.slowest = max(self.slowest, now - began)
            self.acknowledged += answer.status_code == 303
            (self.succeeded if answer.status_code in {200, 303} else self.failed).append(now)
            assert answer.status_code in {200, 303, 500}
