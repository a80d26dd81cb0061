"""Child processes that convert: started when needed, or ahead of need."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

WAITED_IN_VAIN = 3  # the exit code of a child that no request came to
_ROOT = Path(__file__).resolve().parents[2]
_PIPE = 1 << 20  # bytes: what the kernel allows everybody
_SETTINGS = {
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    # One heap for all threads, of large pages, that is given back when we say so: what one step
    # frees the next one has again, which saves a third of the memory and the time to fetch it.
    "MALLOC_ARENA_MAX": "1",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:"
    f"glibc.malloc.mmap_threshold={1 << 30}:glibc.malloc.trim_threshold={1 << 30}",
}
_KEPT_VARIABLES = ("DERMALIA_GLTFPACK_WASM", "LD_LIBRARY_PATH")


class _Spare:
    """A child that waits for its request. It dies with the thread that started it."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = start(Limits())
        self.owner = os.getpid()

    def take(self) -> subprocess.Popen[bytes] | None:
        """The child if it lives and is this process's; from then on it is the caller's."""
        waits, child, self.child = self.waits(), self.child, None
        if waits:
            return child
        if child is not None and self.owner == os.getpid():
            end(child)
        return None

    def waits(self) -> bool:
        """Whether the child is there, and this process's."""
        own = self.owner == os.getpid()
        return own and self.child is not None and self.child.poll() is None

    def __del__(self) -> None:
        left = self.take()
        if left is not None:
            end(left)


class _Thread(threading.local):
    spare: _Spare | None = None


_thread = _Thread()
_wanted = threading.Event()


def keep_spare() -> None:
    """From now on start a further child whenever one has answered, for the thread's next request.

    For a process that converts again and again: a child takes a third of a second to start. One
    that nothing comes to ends by itself, see `Limits.idle_seconds`.
    """
    _wanted.set()


def expect() -> None:
    """Start a child, if none waits, for a request of this thread that comes in a moment."""
    if _thread.spare is None or not _thread.spare.waits():
        _thread.spare = _Spare()


def candidates(limits: Limits) -> Iterator[subprocess.Popen[bytes]]:
    """The child that was started ahead, if there is one, and a new one for when that had gone."""
    spare, _thread.spare = _thread.spare, None
    ready = spare.take() if spare and limits == Limits() else None
    if ready is not None:
        yield ready
    yield start(limits)


def replenish() -> None:
    """To be called when a child has answered."""
    if _wanted.is_set() and _thread.spare is None:
        _thread.spare = _Spare()


def start(limits: Limits) -> subprocess.Popen[bytes]:
    """A new child, which confines itself and waits for a request."""
    arguments = [json.dumps(dataclasses.asdict(limits)), str(os.getpid())]
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    child = subprocess.Popen(
        [sys.executable, "-P", "-s", "-B", "-m", __package__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd="/",
        env={**kept, **_SETTINGS, "PYTHONPATH": str(_ROOT)},
        start_new_session=True,
    )
    _widen(child)
    return child


def _widen(child: subprocess.Popen[bytes]) -> None:
    """Let more of a request through at a time, where this user may still have pipes as wide."""
    assert child.stdin is not None
    with contextlib.suppress(OSError):
        fcntl.fcntl(child.stdin.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


def end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and whatever it might have started; harmless when it has ended."""
    with child:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
