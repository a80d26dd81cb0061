"""Ways past logging are led into it: Celery's own set-up, and what ends a thread."""

import logging
import sys
import threading
from types import TracebackType

from celery.signals import setup_logging, task_postrun, task_prerun
from django.core.signals import request_finished

from dermalia.operations.logs import context
from dermalia.operations.logs.filters import Redact

logger = logging.getLogger("dermalia.uncaught")


def connect() -> None:
    """Once per process, when the applications are ready."""
    setup_logging.connect(keep_ours, dispatch_uid="dermalia.logs")
    task_prerun.connect(enter_task, dispatch_uid="dermalia.logs")
    task_postrun.connect(leave, dispatch_uid="dermalia.logs")
    # After the last byte: a page that is streamed still logs as its request.
    request_finished.connect(leave, dispatch_uid="dermalia.logs")


def unfiltered() -> list[str]:
    """Names of loggers with a handler that writes lines as they come; a library may add one."""
    loggers = [
        logging.getLogger(),
        *map(logging.getLogger, sorted(logging.root.manager.loggerDict)),
    ]
    return [
        logger.name
        for logger in loggers
        for handler in logger.handlers
        if not isinstance(handler, logging.NullHandler)
        and not any(isinstance(each, Redact) for each in handler.filters)
    ]


def cover() -> None:
    """Give every handler the filter, also those of libraries: pyasn1 makes one by its import."""
    for name in unfiltered():
        for handler in logging.getLogger(name).handlers:
            handler.addFilter(Redact())


def keep_ours(**_: object) -> None:
    """A receiver of this signal keeps Celery from adding handlers of its own."""


def enter_task(
    task_id: str = "", task: object = None, args: tuple[object, ...] = (), **_: object
) -> None:
    context.enter_task(getattr(task, "name", ""), task_id, tuple(args))


def leave(**_: object) -> None:
    context.clear()


def take_over() -> None:
    """Of a process that serves or works: what ends it or a thread goes to the log as well, and
    handlers that libraries brought along write no line as it comes."""
    cover()
    sys.excepthook = _ended
    threading.excepthook = _thread_ended
    sys.unraisablehook = _unraisable


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logger.critical("The process ends", exc_info=(kind, error, trace))


def _thread_ended(thread: threading.ExceptHookArgs) -> None:
    if thread.exc_value is None or issubclass(thread.exc_type, SystemExit):
        return
    name = thread.thread.name if thread.thread else "?"
    logger.critical(
        "The thread %s ended",
        name,
        exc_info=(thread.exc_type, thread.exc_value, thread.exc_traceback),
    )


def _unraisable(found: "sys.UnraisableHookArgs") -> None:
    if found.exc_value is not None:
        logger.error("Ignored", exc_info=(found.exc_type, found.exc_value, found.exc_traceback))
