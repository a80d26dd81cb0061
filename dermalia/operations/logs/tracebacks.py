"""Where something went wrong, without what it was about.

The message of an exception can quote what was worked on: a name that did not fit a column, a line
of a mail. Only those of our own exceptions are written, which say nothing about anybody (and are
redacted all the same); of others the class stays, and codes that mean the same for everybody.
"""

import traceback
from collections.abc import Iterator
from types import TracebackType

from dermalia.redact import redact

OURS = {
    *("audit", "backups", "closing", "dermalia", "exports", "onboarding", "operators"),
    *("practices", "reports", "retention", "scans", "website"),
}
# Django's word for settings that do not do.
_PLAIN = {"ImproperlyConfigured"}
_DEEPEST = 8  # exceptions in one chain

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def describe(error: BaseException) -> str:
    """An exception in one line: its class, and its message or codes where they are harmless."""
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if kind.__module__.partition(".")[0] in OURS or kind.__name__ in _PLAIN:
        return redact(f"{name}: {error}")
    codes = ", ".join(_codes(error))
    return f"{name} ({codes})" if codes else name


def render(error: BaseException) -> str:
    """The chain of exceptions with their frames, the cause first, much as Python prints it."""
    return "\n\n".join(_one(each) for each in reversed(list(_chain(error))))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen and len(seen) < _DEEPEST:
        seen.add(id(found))
        yield found
        hidden = None if found.__suppress_context__ else found.__context__
        found = found.__cause__ or hidden


def _one(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in frames]
    head = ["Traceback (most recent call last):"] if lines else []
    nested = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return "\n".join([*head, *lines, describe(error), *(f"  | {describe(n)}" for n in nested)])


def _codes(error: BaseException) -> Iterator[str]:
    """What a library says in a fixed vocabulary."""
    # Django wraps what the driver said; the driver's own has the code.
    for each in (error, error.__cause__):
        state = getattr(each, "sqlstate", None)
        if isinstance(state, str):
            yield f"sqlstate {state}"
            constraint = getattr(getattr(each, "diag", None), "constraint_name", None)
            if isinstance(constraint, str):
                yield f"constraint {constraint}"
            return
    response = getattr(error, "response", None)
    if isinstance(response, dict) and isinstance(response.get("Error"), dict):
        yield f"code {redact(str(response['Error'].get('Code', '')))[:60]}"
    if isinstance(error, OSError) and error.errno is not None:
        yield f"errno {error.errno}"
