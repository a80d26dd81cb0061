"""The child: reads one framed request from standard input, writes one framed answer.

Started by `runner` as ``python -m scans.conversion <limits as JSON> <process id of the parent>``.
"""

import json
import os
import select
import sys
import traceback
from pathlib import Path

from . import framing, processors
from .children import WAITED_IN_VAIN
from .confine import confine
from .errors import ConversionError, ErrorCode
from .limits import Limits, Profile
from .model import SourceFile


def main() -> None:
    """Convert, and answer with the outputs or with an error code."""
    limits = Limits(**json.loads(sys.argv[1]))
    processors.keep_to(limits.processors)
    network = confine(limits, parent=int(sys.argv[2]))
    answer = _own_standard_output()
    # The native libraries: after the rights are given up, and before the wait for a request.
    from . import memory, pipeline

    memory.reserve()
    if not _is_asked(within=0):
        pipeline.load_all()
        if not _is_asked(within=limits.idle_seconds):
            sys.exit(WAITED_IN_VAIN)
    try:
        message = _convert(limits, network)
    except ConversionError as error:
        message = _failure(error.code, error.where)
    except MemoryError:
        message = _failure(ErrorCode.TOO_LARGE, "memory")
    # The parent must learn of anything else too, but never its text, which may quote data.
    except Exception as error:  # noqa: BLE001
        message = _failure(ErrorCode.CRASHED, _place(error))
    with os.fdopen(answer, "wb") as pipe:
        for chunk in message:
            pipe.write(chunk)
    os._exit(0)  # freeing every object one by one helps nobody and keeps the parent waiting


def _is_asked(*, within: float) -> bool:
    """Whether a request comes ``within`` so many seconds."""
    return bool(select.select([0], [], [], within)[0])


def _own_standard_output() -> int:
    """A private copy of standard output; what native libraries print goes to standard error."""
    private = os.dup(1)
    os.dup2(2, 1)
    return private


def _convert(limits: Limits, network: str) -> list[bytes]:
    header, blobs = framing.read(sys.stdin.buffer, limit=limits.input_bytes)
    files = [
        SourceFile(**fields, data=data) for fields, data in zip(header["files"], blobs, strict=True)
    ]
    del blobs
    from . import pipeline

    result = pipeline.run(files, limits, Profile(**header["profile"]))
    fields = ("name", "kind", "view", "light", "metric", "media_type")
    return framing.pack(
        {
            "outputs": [{f: getattr(output, f) for f in fields} for output in result.outputs],
            "triangles_in": result.triangles_in,
            "triangles": result.triangles,
            "unit": result.unit,
            "up": result.up,
            "notes": result.notes,
            "network": network,
        },
        [output.data for output in result.outputs],
    )


def _failure(code: ErrorCode, where: str) -> list[bytes]:
    return framing.pack({"error": code, "where": where}, [])


def _place(error: Exception) -> str:
    """The kind of error and the line it came from: enough to find it, and no data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


if __name__ == "__main__":
    main()
