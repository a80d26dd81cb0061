"""The parent's side: starts the child, feeds it, listens for so long and so much, and no more."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import children, framing
from .errors import ConversionError, ErrorCode
from .limits import MIB, Limits, Profile
from .model import Conversion, Output, SourceFile
from .notes import Note

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADER_ROOM = MIB
_WAIT_AFTER_KILL = 10.0
_WORKED = 0.5  # of the time allowed: a child that used this much was not kept from its work
_OUTPUT_NAME = re.compile(r"[a-z]+(-[a-z0-9_-]{1,48})?\.(?P<suffix>glb|avif|webp)")
_OUTPUT_KINDS = {"model", "layer", "overlay", "still", "zones", "image"}
_UNITS, _UP = {"m", "cm", "mm", "unknown"}, re.compile(r"-?[xyz]")
_MEDIA_TYPES = {"glb": "model/gltf-binary", "avif": "image/avif", "webp": "image/webp"}


def convert(
    files: Sequence[SourceFile], *, limits: Limits | None = None, profile: Profile | None = None
) -> Conversion:
    """Turn the raw files of one capture into web-ready files, in a confined child process.

    The base colour is the texture with light "white" or none, else the first, else the image
    inside a GLB. Every texture becomes a layer, every overlay an overlay; files of kind "image",
    and textures of a mesh without texture coordinates, are pictures by themselves. Nothing is
    written to a disk. The child dies with the calling thread.

    Raises ConversionError.
    """
    limits, profile = limits or Limits(), profile or Profile()
    size = sum(len(file.data) for file in files)
    if size > limits.input_bytes or len(files) > limits.files:
        raise ConversionError(ErrorCode.TOO_LARGE, where="input")
    fields = ("name", "kind", "light", "metric")
    request = framing.pack(
        {
            "files": [{f: getattr(file, f) for f in fields} for file in files],
            "profile": dataclasses.asdict(profile),
        },
        [file.data for file in files],
    )
    return _conversion(_exchange(request, limits))


def _exchange(request: list[bytes], limits: Limits) -> bytearray:
    """Send a child the request and return its answer. Raises ConversionError."""
    code = children.WAITED_IN_VAIN
    for child in children.candidates(limits):
        answer, code = _answer(child, request, limits)
        if code != children.WAITED_IN_VAIN:
            break
    if code != 0:
        raise _death(code)
    children.replenish()
    return answer


def _answer(
    child: subprocess.Popen[bytes], request: list[bytes], limits: Limits
) -> tuple[bytearray, int]:
    """What the child says and its exit code. Raises ConversionError."""
    # Here, as children import this package too, and "dermalia" brings half of the project along.
    from dermalia.confined.conversation import AnswerTooLong, ChildLate, converse

    try:
        room = limits.output_bytes + _HEADER_ROOM
        answer = converse(child, request, seconds=limits.wall_seconds, answer_bytes=room)
        return answer, child.wait(_WAIT_AFTER_KILL)
    except (ChildLate, subprocess.TimeoutExpired) as error:
        raise _too_late(child, limits) from error
    except AnswerTooLong as error:
        raise ConversionError(ErrorCode.CRASHED, where="answer too long") from error
    finally:
        children.end(child)


def _too_late(child: subprocess.Popen[bytes], limits: Limits) -> ConversionError:
    """TIMEOUT for a child that had the processor for much of its time: it would need as much again.

    One that hardly had it is BUSY: the machine was.
    """
    had = _cpu_seconds(child.pid)
    worked = had >= _WORKED * limits.wall_seconds
    return ConversionError(
        ErrorCode.TIMEOUT if worked else ErrorCode.BUSY, where=f"{had:.1f} CPU seconds"
    )


def _cpu_seconds(pid: int) -> float:
    """What a child that has not been waited for has used so far, all threads together."""
    # The second field is a name in brackets and may hold anything.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _death(code: int) -> ConversionError:
    if code == -signal.SIGXCPU:
        return ConversionError(ErrorCode.TIMEOUT, where="SIGXCPU")
    if code == -signal.SIGKILL:
        return ConversionError(ErrorCode.KILLED, where="SIGKILL")
    where = signal.Signals(-code).name if code < 0 else f"exit {code}"
    return ConversionError(ErrorCode.CRASHED, where=where)


def _conversion(answer: bytearray) -> Conversion:
    """The child's answer, checked: it has handled hostile files and is not to be trusted.

    Raises ConversionError.
    """
    try:
        header, blobs = framing.unpack(answer)
        if "error" in header:
            raise ConversionError(ErrorCode(header["error"]), where=str(header["where"])[:200])
        outputs = [
            _output(fields, data) for fields, data in zip(header["outputs"], blobs, strict=True)
        ]
        counts = int(header["triangles_in"]), int(header["triangles"])
        unit, up = str(header["unit"]), str(header["up"])
        if unit not in _UNITS or not _UP.fullmatch(up):
            raise ValueError("an unknown unit or axis")
        return Conversion(
            tuple(outputs),
            *counts,
            network=str(header["network"]),
            unit=unit,
            up=up,
            notes=tuple(str(Note(note)) for note in header["notes"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ConversionError(ErrorCode.CRASHED, where="answer") from error


def _output(fields: dict[str, Any], data: bytes) -> Output:
    output = Output(**fields, data=data)
    match = _OUTPUT_NAME.fullmatch(output.name)
    if match is None or output.kind not in _OUTPUT_KINDS:
        raise ValueError("an output with a strange name or kind")
    if output.media_type != _MEDIA_TYPES[match["suffix"]]:
        raise ValueError("an output whose media type does not fit its name")
    return output
