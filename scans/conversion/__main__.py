"""The child: reads one framed request from standard input, writes one framed answer.

Started by `runner` as ``python -m scans.conversion <limits as JSON> <process id of the parent>``.
"""

import json
import select
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event

from . import answers, framing, processors
from .children import WAITED_IN_VAIN
from .confine import confine
from .errors import ConversionError, ErrorCode
from .limits import Limits, Profile
from .model import SourceFile

_Request = tuple[framing.Header, list[bytes]]


def main() -> None:
    """Convert, and answer with the outputs or with an error code."""
    limits = Limits(**json.loads(sys.argv[1]))
    processors.keep_to(limits.processors)
    network = confine(limits, parent=int(sys.argv[2]))
    answer = answers.own_standard_output()
    came = Event()
    with ThreadPoolExecutor(1) as reader:
        # In a list, to be taken out of it: nobody else is to hold on to what was read.
        request = [reader.submit(_read, limits, came)]
        # The native libraries: after the rights are given up, and while the request comes in.
        from . import memory, pipeline

        memory.reserve()
        pipeline.load_more(until=came.is_set)
        answers.give(
            partial(_answer, request, limits, network),
            to=answer,
            too_large=ErrorCode.TOO_LARGE,
            crashed=ErrorCode.CRASHED,
        )


def _read(limits: Limits, came: Event) -> _Request | None:
    """The request, or None if it does not come; tells as soon as it does."""
    if not select.select([0], [], [], limits.idle_seconds)[0]:
        return None
    came.set()
    return framing.read(sys.stdin.buffer, limit=limits.input_bytes)


def _answer(
    request: list[Future[_Request | None]], limits: Limits, network: str
) -> answers.Message:
    try:
        return _convert(request, limits, network)
    except ConversionError as error:
        return answers.failure(error.code, error.where)


def _convert(
    request: list[Future[_Request | None]], limits: Limits, network: str
) -> answers.Message:
    header, blobs = request.pop().result() or sys.exit(WAITED_IN_VAIN)
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


if __name__ == "__main__":
    main()
