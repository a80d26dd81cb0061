"""How a record becomes a line: JSON for machines, words for a terminal."""

import json
import logging
import os
import sys
import time
from typing import Any


def wants_json(said: str = "") -> bool:
    """Whether lines are JSON.

    Args:
        said: ``DERMALIA_LOG``: ``json``, ``text``, or empty: whatever fits standard error.

    Raises:
        ValueError: it is none of these.
    """
    if said not in {"", "json", "text"}:
        raise ValueError(f"DERMALIA_LOG is {said!r}; it must be json or text.")
    return said == "json" or (not said and not sys.stderr.isatty())


class JsonLine(logging.Formatter):
    """One JSON object a line; fields without a value are left out.

    ``time`` (UTC), ``level``, ``logger``, ``message``, ``pid``, ``part`` (what the process is),
    and where known ``request``, ``task``, ``task_id``, ``practice``, ``row``, ``exception``.
    """

    def format(self, record: logging.LogRecord) -> str:
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
            "part": os.environ.get("DERMALIA_PART") or os.environ.get("DERMALIA_WORKER"),
            **getattr(record, "about", {}),
            "exception": record.exc_text,
            "stack": record.stack_info,
        }
        known = {name: value for name, value in line.items() if value not in (None, "")}
        return json.dumps(known, ensure_ascii=False, default=str)


class TextLine(logging.Formatter):
    """For people: time, level, logger, message, and what it is about in brackets."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        about = " ".join(f"{name}={value}" for name, value in getattr(record, "about", {}).items())
        line = super().formatMessage(record)
        return f"{line} [{about}]" if about else line
