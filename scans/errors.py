"""What every source of scans may raise. Needs no Django."""

from __future__ import annotations

from typing import ClassVar


class SourceError(Exception):
    """A scan, or the list of scans, cannot be had.

    ``str()`` is a sentence for staff without personal data; ``worth_retrying`` says whether the
    same call may succeed later by itself.
    """

    worth_retrying: ClassVar[bool] = False
