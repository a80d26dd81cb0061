"""How a confined child answers: once, whatever became of its work.

The parent must learn of every failure, but never its text, which may quote the data.
"""

import os
import traceback
from collections.abc import Callable
from pathlib import Path

from . import framing

Message = list[bytes]


def own_standard_output() -> int:
    """A private copy of standard output; what native libraries print goes to standard error."""
    private = os.dup(1)
    os.dup2(2, 1)
    return private


def give(work: Callable[[], Message], *, to: int, too_large: str, crashed: str) -> None:
    """Do the work, write what it returns to the descriptor ``to``, and end the process.

    Args:
        too_large: error code for a work that ran out of memory or depth.
        crashed: error code for anything else it raises.
    """
    # Made while there is memory; what the failed work holds is free only after the last except.
    exhausted = failure(too_large, "memory or depth")
    try:
        message = work()
    except (MemoryError, RecursionError):
        message = exhausted
    except Exception as error:  # noqa: BLE001
        message = failure(crashed, _place(error))
    for chunk in message:
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(to, rest) :]
    os._exit(0)  # freeing every object one by one helps nobody and keeps the parent waiting


def failure(code: str, where: str) -> Message:
    """The answer that there is no result, with a place in our own code or a signal."""
    return framing.pack({"error": code, "where": where}, [])


def _place(error: Exception) -> str:
    """The kind of error and the line it came from: enough to find it, and no data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
