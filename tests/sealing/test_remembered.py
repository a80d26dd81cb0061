"""Opened keys in memory: how long, how many, and for whom."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from dermalia.sealing.keyring import KeyRefused, Keyring, KeysUnavailable, unwrap, wrap
from dermalia.sealing.remembered import Remembered

KEY, NAME = bytes(range(32)), b"practice/1/1"


@dataclass
class Counted:
    """A keyring's root keys that count what they open, and can be made to wait or to fail."""

    ring: Keyring = field(default_factory=lambda: Keyring(1, {1: bytes(32)}).with_new_version())
    opened: int = 0
    away: bool = False
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def current(self) -> int:
        return self.ring.current

    @property
    def versions(self) -> frozenset[int]:
        return frozenset(self.ring.keys)

    def wrap(self, key: bytes, *, bound_to: bytes) -> tuple[int, bytes]:
        return self.current, wrap(self.ring.keys[self.current], key, bound_to=bound_to)

    def unwrap(self, version: int, wrapped: bytes, *, bound_to: bytes) -> bytes:
        self.opened += 1
        self.gate.wait(5)
        if self.away:
            raise KeysUnavailable("away")
        return unwrap(self.ring.keys[version], wrapped, bound_to=bound_to)

    def check(self) -> None:
        if self.away:
            raise KeysUnavailable("away")


@pytest.fixture
def roots() -> Counted:
    return Counted()


def test_a_key_is_asked_for_once_in_a_while(roots: Counted) -> None:
    remembered = Remembered(roots, seconds=0.2)
    version, wrapped = remembered.wrap(KEY, bound_to=NAME)
    for _ in range(3):
        assert remembered.unwrap(version, wrapped, bound_to=NAME) == KEY
    assert roots.opened == 1
    time.sleep(0.25)
    assert remembered.unwrap(version, wrapped, bound_to=NAME) == KEY
    assert roots.opened == 2


def test_its_time_counts_from_opening_not_from_the_last_use(roots: Counted) -> None:
    remembered = Remembered(roots, seconds=0.3)
    version, wrapped = remembered.wrap(KEY, bound_to=NAME)
    for _ in range(5):
        remembered.unwrap(version, wrapped, bound_to=NAME)
        time.sleep(0.1)
    assert roots.opened == 2


def test_what_is_too_old_leaves_memory_when_another_key_is_asked_for(roots: Counted) -> None:
    remembered = Remembered(roots, seconds=0.1)
    for number in range(3):
        name = b"practice/%d/1" % number
        remembered.unwrap(*remembered.wrap(KEY, bound_to=name), bound_to=name)
    time.sleep(0.15)
    remembered.unwrap(*remembered.wrap(bytes(32), bound_to=NAME), bound_to=NAME)
    assert [key for _, key in remembered._opened.values()] == [bytes(32)]


def test_remembering_does_not_help_a_tampered_or_moved_key(roots: Counted) -> None:
    remembered = Remembered(roots)
    version, wrapped = remembered.wrap(KEY, bound_to=NAME)
    remembered.unwrap(version, wrapped, bound_to=NAME)
    flipped = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    for odd in ((version, flipped, NAME), (version, wrapped, b"practice/2/1"), (1, wrapped, NAME)):
        with pytest.raises(KeyRefused):
            remembered.unwrap(odd[0], odd[1], bound_to=odd[2])


def test_where_a_name_ends_and_bytes_begin_cannot_be_moved(roots: Counted) -> None:
    remembered = Remembered(roots)
    version, wrapped = remembered.wrap(KEY, bound_to=NAME)
    remembered.unwrap(version, wrapped, bound_to=NAME)
    with pytest.raises(KeyRefused):
        remembered.unwrap(version, NAME[-1:] + wrapped, bound_to=NAME[:-1])


def test_only_so_many_keys_are_remembered(roots: Counted) -> None:
    remembered = Remembered(roots, size=2)
    wrapped = [remembered.wrap(KEY, bound_to=b"practice/%d/1" % n) for n in range(3)]
    for number in (0, 1, 2, 2, 0):
        remembered.unwrap(*wrapped[number], bound_to=b"practice/%d/1" % number)
    assert roots.opened == 4


def test_what_it_asks_is_checked(roots: Counted) -> None:
    remembered = Remembered(roots)
    remembered.check()
    roots.away = True
    with pytest.raises(KeysUnavailable):
        remembered.check()


def test_a_failure_is_not_remembered_and_a_known_key_survives_an_outage(roots: Counted) -> None:
    remembered = Remembered(roots)
    version, wrapped = remembered.wrap(KEY, bound_to=NAME)
    roots.away = True
    with pytest.raises(KeysUnavailable):
        remembered.unwrap(version, wrapped, bound_to=NAME)
    roots.away = False
    assert remembered.unwrap(version, wrapped, bound_to=NAME) == KEY
    roots.away = True
    assert remembered.unwrap(version, wrapped, bound_to=NAME) == KEY


def test_a_service_that_hangs_does_not_hold_up_keys_at_hand(roots: Counted) -> None:
    remembered = Remembered(roots)
    known, unknown = (remembered.wrap(KEY, bound_to=NAME) for _ in range(2))
    remembered.unwrap(*known, bound_to=NAME)
    roots.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(remembered.unwrap, *unknown, bound_to=NAME)
        try:
            assert remembered.unwrap(*known, bound_to=NAME) == KEY
            assert not waiting.done()
        finally:
            roots.gate.set()
        assert waiting.result(5) == KEY


def test_many_threads_stay_within_bounds_and_get_their_own_key(roots: Counted) -> None:
    remembered = Remembered(roots, size=3)
    names = [b"practice/%d/1" % (number % 7) for number in range(200)]
    wrapped = {name: remembered.wrap(name * 3, bound_to=name) for name in set(names)}
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda n: remembered.unwrap(*wrapped[n], bound_to=n), names))
    assert opened == [name * 3 for name in names]
    assert len(remembered._opened) <= 3


def test_nothing_secret_is_shown(roots: Counted) -> None:
    remembered = Remembered(roots)
    remembered.unwrap(*remembered.wrap(KEY, bound_to=NAME), bound_to=NAME)
    assert repr(KEY) not in repr(remembered)
    assert KEY.hex() not in repr(remembered)
