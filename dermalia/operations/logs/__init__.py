"""Log lines that may be kept and shown: ids and words, nothing about a person and no secret.

``Redact`` is the filter of every handler, ``JsonLine`` and ``TextLine`` write the line. Nothing in
here needs settings, so that a process can use it before it has any.
"""

from dermalia.operations.logs.filters import Redact
from dermalia.operations.logs.lines import JsonLine, TextLine, wants_json

__all__ = ["JsonLine", "Redact", "TextLine", "wants_json"]
