"""What a line is about: the request or the task that a thread is busy with."""

import re
import uuid
from contextvars import ContextVar
from typing import Any

# What a proxy may give: long enough not to collide, and nothing that could be more than an id.
WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{8,64}")

_here: ContextVar[dict[str, str | int] | None] = ContextVar("dermalia_log_context", default=None)


def now() -> dict[str, str | int]:
    """What every line of this thread carries at this moment."""
    return _here.get() or {}


def clear() -> None:
    _here.set(None)


def enter_request(given: str) -> str:
    """A request begins.

    Args:
        given: the id that a proxy of ours gave it, or empty.

    Returns:
        That id if it is well-formed, else a new one.
    """
    request = given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
    _here.set({"request": request})
    return request


def enter_task(name: str, task_id: str, arguments: tuple[Any, ...]) -> None:
    """A task begins. Of its arguments only a practice's and a row's id are kept."""
    found: dict[str, str | int] = {"task": name, "task_id": task_id}
    if arguments and isinstance(arguments[0], int):
        found["practice"] = arguments[0]
        if len(arguments) > 1 and (row := _row_id(arguments[1])):
            found["row"] = row
    _here.set(found)


def _row_id(value: object) -> str:
    """A number or UUID as text; empty for anything else, which could be about somebody."""
    text = str(value)
    if text.isdecimal():
        return text
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""
