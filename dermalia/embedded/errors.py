"""Errors of the embedded services: each message is one line a person can act on."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class EmbeddedError(Exception):
    """The embedded services cannot do what was asked; the message is one clear line."""


class NotPrepared(EmbeddedError):
    """The data folder holds no secrets yet: call `prepare` first."""


@contextmanager
def one_line_errors(data: Path) -> Iterator[None]:
    """Turn the operating system's refusals under the folder `data` into `EmbeddedError`."""
    try:
        yield
    except OSError as error:
        raise EmbeddedError(_describe(data, error)) from error


def _describe(data: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk that holds {data} is full."
    reason = error.strerror or str(error)
    where = error.filename if error.filename is not None else data
    return f"Cannot use the data folder {data}: {reason} ({where})."
