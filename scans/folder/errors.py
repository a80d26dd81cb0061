"""What can be wrong with a watched folder, in words a person can act on.

No message, and no error shown along with one, holds a name of a file: names may tell of a person,
and errors end up in logs.
"""

from __future__ import annotations

from scans.errors import SourceError


def _(text: str) -> str:
    """Marks a sentence for translation, which is done where somebody reads it."""
    return text


def nameless(fault: OSError) -> OSError:
    """The system's error without the path it prints."""
    return type(fault)(fault.errno, fault.strerror)


class FolderError(SourceError):
    """Base of all."""


class FolderUnavailable(FolderError):
    """The folder itself is not there or cannot be read."""

    worth_retrying = True


class NeverFinished(FolderUnavailable):
    """An export was begun, and nobody has written to it for long."""

    def __init__(self) -> None:
        super().__init__(_("An export in the watched folder was begun and never finished."))


class NotThere(FolderError):
    """The export is not in the folder, or not complete."""

    worth_retrying = True


class Damaged(FolderError):
    """A file is not what the manifest says it is."""

    worth_retrying = True


class ExportRefused(FolderError):
    """The export holds what must not be there: it is not read any further."""
