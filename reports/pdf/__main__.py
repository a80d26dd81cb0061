"""The child: reads one framed source from standard input, writes one framed PDF.

Started by `runner` as ``python -m reports.pdf <limits as JSON> <process id of the parent>``.
"""

import json
import sys
from datetime import datetime

from scans.conversion import answers, framing
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
    answers.give(
        lambda: _answer(limits),
        to=answers.own_standard_output(),
        too_large=ErrorCode.TOO_LARGE,
        crashed=ErrorCode.CRASHED,
    )


def _answer(limits: PdfLimits) -> answers.Message:
    try:
        return framing.pack({}, [_typeset(limits)])
    except PdfError as error:
        return answers.failure(error.code, error.where)


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


if __name__ == "__main__":
    main()
