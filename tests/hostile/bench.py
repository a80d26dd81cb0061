"""A confined child that converts one hostile capture after the other and says what each cost.

Starting a child for each of a hundred captures would take a minute; a crash of this one costs
only the next capture a start.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from scans.conversion import (
    ConversionError,
    ErrorCode,
    Limits,
    Output,
    Profile,
    SourceFile,
    framing,
)
from scans.conversion.confine import confine

_ROOT = Path(__file__).resolve().parents[2]
_FILE, _OUTPUT = ("name", "kind", "light", "metric"), ("name", "kind", "media_type")
LIMITS = Limits(memory=640 << 20, wasm_memory=256 << 20, cpu_seconds=300)
PROFILE = Profile(
    triangles=4000,
    texture_size=256,
    overlay_size=128,
    stills=False,
)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a conversion ended and what it cost: processor seconds, and megabytes beyond the rest.

    ``code`` is None when it ended well; ``where`` is what a log would hold.
    """

    code: ErrorCode | None
    where: str
    outputs: tuple[Output, ...]
    triangles: int
    cpu_seconds: float
    megabytes: float


class Bench:
    """The parent's side. Starts a child when one is needed, and ends it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def convert(self, files: Sequence[SourceFile], *, seconds: float = 30) -> Outcome:
        """Convert within `LIMITS`; a child's death is told of as CRASHED or TIMEOUT."""
        child = self._running()
        assert child.stdin is not None
        assert child.stdout is not None
        described = [{field: getattr(file, field) for field in _FILE} for file in files]
        message = framing.pack({"files": described}, [file.data for file in files])
        late = threading.Timer(seconds, child.kill)
        late.start()
        try:
            for chunk in message:
                child.stdin.write(chunk)
            child.stdin.flush()
            header, blobs = framing.read(cast(BinaryIO, child.stdout), limit=64 << 20)
        except (framing.FramingError, BrokenPipeError):
            slow = not late.is_alive()
            code = ErrorCode.TIMEOUT if slow else ErrorCode.CRASHED
            return Outcome(code, f"the child died: {self.close()}", (), 0, 0, 0)
        finally:
            late.cancel()
        return _outcome(header, blobs)

    def open_files(self) -> list[str]:
        """What the child has open: a confined process may have few files."""
        assert self._child is not None
        return [str(each.readlink()) for each in Path(f"/proc/{self._child.pid}/fd").iterdir()]

    def close(self) -> int | None:
        """End the child, if there is one; how it ended."""
        if self._child is None:
            return None
        child, self._child = self._child, None
        with child:
            child.kill()
        return child.returncode

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [sys.executable, "-B", "-m", "tests.hostile.bench", str(os.getpid())],
                cwd=_ROOT,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._child


def _outcome(header: dict[str, Any], blobs: list[bytes]) -> Outcome:
    code = ErrorCode(header["code"]) if header["code"] else None
    outputs = tuple(
        Output(view=None, light=None, metric=None, data=data, **fields)
        for fields, data in zip(header["outputs"], blobs, strict=True)
    )
    return Outcome(
        code,
        header["where"],
        outputs,
        header["triangles"],
        header["cpu_seconds"],
        header["megabytes"],
    )


# The child's side


def _serve() -> None:
    # Opened before the rights to do so are given up.
    with Path("/proc/self/clear_refs").open("w") as peak, contextlib.suppress(framing.FramingError):
        confine(LIMITS, parent=int(sys.argv[1]))
        answer = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        while True:
            header, blobs = framing.read(sys.stdin.buffer, limit=LIMITS.input_bytes)
            files = [
                SourceFile(**fields, data=data)
                for fields, data in zip(header["files"], blobs, strict=True)
            ]
            peak.write("5\n")  # forget the highest use so far
            peak.flush()
            for chunk in _told(files):
                answer.write(chunk)
            answer.flush()


def _told(files: list[SourceFile]) -> list[bytes]:
    from scans.conversion import pipeline

    before, began = _memory("VmRSS"), time.process_time()
    code: ErrorCode | None = None
    outputs: tuple[Output, ...] = ()
    where, triangles = "", 0
    try:
        result = pipeline.run(files, LIMITS, PROFILE)
        outputs, triangles = result.outputs, result.triangles
    except ConversionError as error:
        code, where = error.code, error.where
    except MemoryError:
        code, where = ErrorCode.TOO_LARGE, "memory"
    except Exception as error:  # noqa: BLE001 (what the real child calls a crash)
        code, where = ErrorCode.CRASHED, f"{type(error).__name__}: {error}"
    told = {
        "code": code,
        "where": where,
        "triangles": triangles,
        "cpu_seconds": time.process_time() - began,
        "megabytes": (_memory("VmHWM") - before) / 1024,
        "outputs": [{field: getattr(each, field) for field in _OUTPUT} for each in outputs],
    }
    return framing.pack(told, [output.data for output in outputs])


def _memory(name: str) -> int:
    """A line of the kernel's account of this process, in kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


if __name__ == "__main__":
    _serve()
