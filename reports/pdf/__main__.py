"""The child: reads one framed source from standard input, writes one framed PDF.

Started by `runner` as ``python -m reports.pdf <limits as JSON> <process id of the parent>``.
"""

import json
import os
import sys
import traceback
from datetime import datetime
from pathlib import Path

from scans.conversion import framing
from scans.conversion.confine import confine
from scans.conversion.limits import Limits

from .errors import ErrorCode, PdfError
from .limits import PdfLimits
from .model import Attachment, Source


def main() -> None:
    """Typeset, and answer with the document or with an error code."""
    limits = PdfLimits(**json.loads(sys.argv[1]))
    bounds = Limits(memory=limits.memory, cpu_seconds=limits.cpu_seconds)
    confine(bounds, parent=int(sys.argv[2]))
    answer = _own_standard_output()
    try:
        message = framing.pack({}, [_typeset(limits)])
    except PdfError as error:
        message = _failure(error.code, error.where)
    except (MemoryError, RecursionError):
        message = _failure(ErrorCode.TOO_LARGE, "memory or depth")
    # The parent must learn of anything else too, but never its text, which may quote the report.
    except Exception as error:  # noqa: BLE001
        message = _failure(ErrorCode.CRASHED, _place(error))
    with os.fdopen(answer, "wb") as pipe:
        for chunk in message:
            pipe.write(chunk)


def _own_standard_output() -> int:
    """A private copy of standard output; what native libraries print goes to standard error."""
    private = os.dup(1)
    os.dup2(2, 1)
    return private


def _typeset(limits: PdfLimits) -> bytes:
    from . import typesetting  # loads the native libraries: only after the rights are given up

    header, blobs = framing.read(sys.stdin.buffer, limit=limits.input_bytes)
    html, style, data, *pictures = blobs
    name, media_type, description = header["attachment"]
    source = Source(
        html=html.decode(),
        style=style.decode(),
        attachment=Attachment(name, media_type, description, data),
        created=datetime.fromisoformat(header["created"]),
        pictures=dict(zip(header["pictures"], pictures, strict=True)),
    )
    return typesetting.typeset(source, bytes.fromhex(header["identifier"]), limits)


def _failure(code: ErrorCode, where: str) -> list[bytes]:
    return framing.pack({"error": code, "where": where}, [])


def _place(error: Exception) -> str:
    """The kind of error and the line it came from: enough to find it, and no data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


if __name__ == "__main__":
    main()
