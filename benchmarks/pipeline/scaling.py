"""What two workers on one machine get done beside one.

A worker here converts the same scan, stills included, again and again without a pause: what it
would seal meanwhile would leave the processors to the other.
"""

import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.pipeline.commands import OURS, ROOT
from scans.conversion import processors

_COUNT = 4  # conversions of each worker in a turn


@dataclass(frozen=True, slots=True)
class Pace:
    """Scans a second of all workers together; wall and CPU seconds of a conversion, medians."""

    scans: float
    seconds: float
    cpu: float


def figures(folder: Path, *, turns: int) -> Iterator[tuple[str, float]]:
    """One worker with its half of the machine, two of them, and one with all of it, in turns.

    A ratio is of one turn, and the median of those. On a machine with other work two workers get
    more of it than one, whatever they do, so the load before is told as well. Raises SystemExit on
    a machine with one processor, and where a conversion fails.
    """
    machine = processors.available()
    if machine < 2:
        raise SystemExit("This machine has one processor: two workers cannot share it out.")
    half = processors.share_among(2)
    load = os.getloadavg()[0]
    settings = {"half": [half], "two": [half, half], "whole": [machine]}
    paces = [
        {name: _pace(folder, shares) for name, shares in settings.items()} for _ in range(turns)
    ]
    yield "processors", machine
    yield "load_before", load
    yield "two_workers_scale", statistics.median(p["two"].scans / p["half"].scans for p in paces)
    yield (
        "two_beside_whole_machine",
        statistics.median(p["two"].scans / p["whole"].scans for p in paces),
    )
    yield "two_cpu_beside_one", statistics.median(p["two"].cpu / p["half"].cpu for p in paces)
    for name in settings:
        yield f"{name}_scans_per_minute", 60 * statistics.median(p[name].scans for p in paces)
        yield f"{name}_seconds", statistics.median(p[name].seconds for p in paces)
        yield f"{name}_best_seconds", min(p[name].seconds for p in paces)
        yield f"{name}_cpu_s", statistics.median(p[name].cpu for p in paces)


def _pace(folder: Path, shares: list[int]) -> Pace:
    """Workers with so many processors each, begun together once all are ready."""
    workers = [_started(folder, share) for share in shares]
    try:
        for worker in workers:
            if _pipe(worker.stdout).readline() != "ready\n":
                raise SystemExit("A conversion failed.")
        began = time.perf_counter()
        for worker in workers:
            _pipe(worker.stdin).write("\n")
            _pipe(worker.stdin).flush()
        lines = [line for worker in workers for line in _pipe(worker.stdout)]
        seconds = time.perf_counter() - began
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    wall, cpu = zip(*(map(float, line.split()) for line in lines), strict=True)
    if len(lines) != _COUNT * len(shares):
        raise SystemExit("A conversion failed.")
    return Pace(len(lines) / seconds, statistics.median(wall), statistics.median(cpu))


def _started(folder: Path, share: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*OURS, str(folder), "-", "together", str(_COUNT), str(share)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
