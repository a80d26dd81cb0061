"""The child: reads one framed request from standard input, writes one framed answer.

Started by `runner` as ``python -m scans.conversion <limits as JSON> <process id of the parent>``.
"""

import json
import select
import sys

from . import answers, framing, processors
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
    answer = answers.own_standard_output()
    # The native libraries: after the rights are given up, and before the wait for a request.
    from . import memory, pipeline

    memory.reserve()
    if not _is_asked(within=0):
        pipeline.load_all()
        if not _is_asked(within=limits.idle_seconds):
            sys.exit(WAITED_IN_VAIN)
    answers.give(
        lambda: _answer(limits, network),
        to=answer,
        too_large=ErrorCode.TOO_LARGE,
        crashed=ErrorCode.CRASHED,
    )


def _is_asked(*, within: float) -> bool:
    """Whether a request comes ``within`` so many seconds."""
    return bool(select.select([0], [], [], within)[0])


def _answer(limits: Limits, network: str) -> answers.Message:
    try:
        return _convert(limits, network)
    except ConversionError as error:
        return answers.failure(error.code, error.where)


def _convert(limits: Limits, network: str) -> answers.Message:
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


if __name__ == "__main__":
    main()
