"""The filter every handler has: it makes a record fit to be written, whoever made it."""

import logging
from collections.abc import Mapping
from typing import Any

from dermalia.operations.logs import context
from dermalia.operations.logs.tracebacks import describe, render
from dermalia.redact import redact


class Redact(logging.Filter):
    """Rewrites a record before a handler sees it: message, traceback, and what it is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "redacted", False):  # by another handler
            return True
        record.msg, record.args = redact(_message(record)), None
        error = record.exc_info[1] if record.exc_info else None
        record.exc_text = redact(render(error)) if error is not None else None
        record.exc_info = None  # else a formatter prints it in full
        record.stack_info = redact(record.stack_info) if record.stack_info else None
        record.about = {**context.now(), **_task(record)}
        record.redacted = True
        return True


def _message(record: logging.LogRecord) -> str:
    if record.name.startswith("django.") and hasattr(record, "request"):
        return _of_request(record)
    record.args = _discreet(record.args)
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - whatever a stranger's __str__ does, a line must not be lost
        return str(record.msg)


def _of_request(record: logging.LogRecord) -> str:
    """Django quotes the path, which can be anything; the route that answers it is ours."""
    request: Any = record.__dict__.pop("request")
    match = getattr(request, "resolver_match", None)
    route = getattr(match, "route", None) or "(no such address)"
    text, arguments = str(record.msg), record.args
    if text.startswith("%s") and isinstance(arguments, tuple):
        text = str(arguments[0])
    head = text.partition(":")[0].partition("(")[0].strip()
    status = getattr(record, "status_code", "")
    return f"{head}: {getattr(request, 'method', '')} {route} {status}".rstrip()


def _discreet(arguments: Any) -> Any:
    """The arguments of a message with exceptions told by ``describe``."""
    if isinstance(arguments, Mapping):
        # Celery's "exc" is the representation of what a task raised.
        return {
            name: _celery_exception(value) if name == "exc" else _told(value)
            for name, value in arguments.items()
            if name not in {"traceback", "args", "kwargs"}
        }
    if isinstance(arguments, tuple):
        return tuple(_told(value) for value in arguments)
    return arguments


def _told(value: object) -> object:
    return describe(value) if isinstance(value, BaseException) else value


def _celery_exception(value: object) -> str:
    """``ValueError('…')`` to ``ValueError``: its traceback follows."""
    return str(value).partition("(")[0].strip("<> ")


def _task(record: logging.LogRecord) -> dict[str, str | int]:
    """Celery's main process writes of tasks that ran in another."""
    data = getattr(record, "data", None)
    if not isinstance(data, Mapping):
        return {}
    return {
        ours: str(data[theirs])
        for ours, theirs in (("task", "name"), ("task_id", "id"))
        if theirs in data
    }
