"""Where processes keep what they count, chosen before the library is imported, which looks once.

Each process locks a file of its own beside its numbers for as long as it lives, whatever ends it:
so another one, also in another container, can tell what is left over (``metrics.ended``).
"""

import fcntl
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SIGN = ".alive"  # the suffix; the name is the process's number
_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_NAMED = "DERMALIA_METRICS_DIR"


def choose() -> None:
    """Below the named folder one of this machine's own: containers count processes from 1 alike."""
    folder = os.environ.get(_NAMED, "")
    if not folder:
        return
    host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())
    # What called this process may have chosen already.
    place = Path(os.environ.setdefault(_VARIABLE, str(Path(folder) / host)))
    Path(folder).mkdir(parents=True, exist_ok=True)
    sign = _Sign(Path(folder), place)
    sign.give()
    os.register_at_fork(after_in_child=sign.give_anew)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else begins to count, shows the numbers, or puts them together meanwhile."""
    held = _opened(folder / "lock")
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        # By name: a process forked meanwhile has the file open, too, and would keep the lock.
        fcntl.flock(held, fcntl.LOCK_UN)
        os.close(held)


def lives(sign: Path) -> bool:
    """Whether the process that gave the sign still runs; to be asked while the folder is locked."""
    held = _opened(sign)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(held)
    return False


class _Sign:
    """A lock that the kernel takes back when the process ends."""

    def __init__(self, folder: Path, place: Path) -> None:
        self._folder = folder
        self._place = place
        self._held: int | None = None

    def give(self) -> None:
        with locked(self._folder):
            self._place.mkdir(parents=True, exist_ok=True)
            self._held = _opened(self._place / f"{os.getpid()}{SIGN}")
            fcntl.flock(self._held, fcntl.LOCK_SH)

    def give_anew(self) -> None:
        """In a child: its parent's sign must not outlive the parent."""
        if self._held is not None:
            os.close(self._held)
            self._held = None
        # A child without a sign counts all the same; what it leaves is left alone.
        with suppress(OSError):
            self.give()


def _opened(path: Path) -> int:
    """For reading, which is enough to lock it, also where somebody else made it."""
    return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
