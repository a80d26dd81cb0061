"""Locks that the kernel releases by itself, so that no crash leaves a stale one.

Two kinds. The *folder lock* says which process looks after a data folder. A *run lock* is
inherited by one service or child process and everything it forks: it is free exactly when the
last of them is gone, which neither a process id in a file nor a zombie can tell.
"""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from dermalia.embedded.errors import EmbeddedError
from dermalia.embedded.files import PRIVATE_MODE

_POLL_SECONDS = 0.01
# A `prepare` in another terminal holds the folder lock for a moment.
_PATIENCE_SECONDS = 0.5
# Lock descriptors stay clear of 3, where a passed socket must be.
_LOWEST_DESCRIPTOR = 10


class FolderLock:
    """The right to run the services of one data folder, held until released or until death."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        return self._descriptor is not None

    def acquire(self) -> None:
        """Raises EmbeddedError, naming the holder, if another process holds the lock."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self.try_acquire():
            if time.monotonic() > deadline:
                holder = self._path.read_text(encoding="utf-8", errors="replace").strip()
                raise EmbeddedError(
                    f"The data folder {self._path.parent} is in use by {holder or 'a process'}."
                )
            time.sleep(_POLL_SECONDS)

    def try_acquire(self) -> bool:
        """Take the lock if it is free; False if anyone, this process included, holds it."""
        descriptor = _open_locked(self._path)
        if descriptor is None:
            return False
        command = " ".join(sys.orig_argv)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} ({command[:200]})".encode(), 0)
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def take_run_lock(path: Path) -> int:
    """A descriptor that holds the run lock `path`, to be inherited and then closed.

    Raises EmbeddedError if a process still holds it (see `wait_until_free`).
    """
    descriptor = _open_locked(path)
    if descriptor is None:
        raise EmbeddedError(f"An earlier {path.stem} of {path.parent.parent} is still running.")
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _LOWEST_DESCRIPTOR)
    finally:
        os.close(descriptor)


def wait_until_free(path: Path, *, grace: float, while_waiting: Callable[[], None]) -> None:
    """Wait until no process holds the run lock `path`; after `grace` seconds, kill the holders.

    Meant for what an earlier run left behind: processes whose parent is dead and which are
    about to follow. Raises EmbeddedError if some survive even SIGKILL (blocked on a dead disk).
    """
    kill_at = time.monotonic() + grace
    give_up_at = kill_at + 10
    while not is_free(path):
        if time.monotonic() > give_up_at:
            found = ", ".join(map(str, holders(path))) or "unknown"
            raise EmbeddedError(f"An earlier {path.stem} does not end (process {found}).")
        if time.monotonic() > kill_at:
            kill_holders(path)
        while_waiting()
        time.sleep(_POLL_SECONDS)


def is_free(path: Path) -> bool:
    """Whether no process holds the run lock `path`."""
    descriptor = _open_locked(path)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


def holders(path: Path) -> list[int]:
    """Ids of the other processes that have `path` open, as far as this user may see them."""
    try:
        wanted = path.stat()
    except FileNotFoundError:
        return []
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if pid != os.getpid() and _has_open(pid, wanted)]


def kill_holders(path: Path) -> None:
    """SIGKILL every other process that has the run lock `path` open."""
    wanted = path.stat()
    for pid in holders(path):
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            # Asked again with the handle in hand: the number may by now be another process.
            if _has_open(pid, wanted):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        except ProcessLookupError:
            continue
        finally:
            os.close(handle)


def _open_locked(path: Path) -> int | None:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, PRIVATE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _has_open(pid: int, wanted: os.stat_result) -> bool:
    try:
        descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
    return any(_is_same(descriptor, wanted) for descriptor in descriptors)


def _is_same(descriptor: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(descriptor.stat(), wanted)
    except OSError:
        return False
