"""The parent's side: starts the child, hands it the source, checks what comes back."""

import dataclasses
import json
import os
import signal
import threading
import time

from dermalia.confined import AnswerTooLong, Child, ChildDied, ChildLate, ConfinedError
from scans.conversion import framing

from . import fonts
from .errors import ErrorCode, PdfError
from .limits import MIB, PdfLimits
from .model import Source

_AT_ONCE = 2
_HEADER_ROOM = MIB
# A server whose visitors all press the button at once stays a server.
_turns = threading.BoundedSemaphore(_AT_ONCE)


def typeset(source: Source, *, limits: PdfLimits | None = None) -> bytes:
    """The document as a PDF, made by a confined child process.

    Blocks for about a second. No more than two documents are made at once in a process; further
    callers wait for their turn. Nothing is written to a disk.

    Raises:
        PdfError: always, when there is no PDF.
    """
    limits = limits or PdfLimits()
    size = sum(map(len, (source.html, source.style, source.attachment.data)))
    if size + sum(map(len, source.pictures.values())) > limits.input_bytes:
        raise PdfError(ErrorCode.TOO_LARGE, where="input")
    deadline = time.monotonic() + limits.wall_seconds
    if not _turns.acquire(timeout=limits.wall_seconds):
        raise PdfError(ErrorCode.BUSY)
    try:
        return _document(_exchange(_request(source), limits, deadline))
    finally:
        _turns.release()


def _request(source: Source) -> list[bytes]:
    attachment = source.attachment
    header = {
        "created": source.created.isoformat(),
        "identifier": source.digest().hex(),
        "attachment": [attachment.name, attachment.media_type, attachment.description],
        "pictures": list(source.pictures),
    }
    texts = [source.html.encode(), source.style.encode(), attachment.data]
    return framing.pack(header, [*texts, *source.pictures.values()])


def _exchange(request: list[bytes], limits: PdfLimits, deadline: float) -> bytearray:
    """What a child answers to the request. Raises PdfError."""
    try:
        return _answer(request, limits, deadline)
    except ChildLate as error:
        raise PdfError(ErrorCode.TIMEOUT, where=str(error)) from error
    except AnswerTooLong as error:
        raise PdfError(ErrorCode.TOO_LARGE, where="answer") from error
    except ConfinedError as error:
        raise PdfError(ErrorCode.CRASHED, where=str(error)) from error


def _answer(request: list[bytes], limits: PdfLimits, deadline: float) -> bytearray:
    """Ask a child, and another one if the system killed it, as it does when memory is short.

    Raises ConfinedError.
    """
    arguments = [json.dumps(dataclasses.asdict(limits)), str(os.getpid())]
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    environment = {**kept, "FONTCONFIG_FILE": str(fonts.prepare())}

    def asked() -> bytearray:
        with Child(__package__, arguments, environment=environment) as child:
            left, room = deadline - time.monotonic(), limits.output_bytes + _HEADER_ROOM
            return child.exchange(request, seconds=left, answer_bytes=room)

    try:
        return asked()
    except ChildDied as error:
        if error.code != -signal.SIGKILL:
            raise
        return asked()


def _document(answer: bytearray) -> bytes:
    """What the child made of it. Raises PdfError."""
    try:
        header, blobs = framing.unpack(answer)
        if "error" in header:
            raise PdfError(ErrorCode(header["error"]), where=str(header["where"])[:200])
        (document,) = blobs
    except (ValueError, KeyError) as error:
        raise PdfError(ErrorCode.CRASHED, where="answer") from error
    if not document.startswith(b"%PDF-1.7\n"):
        raise PdfError(ErrorCode.CRASHED, where="not a PDF")
    return document
