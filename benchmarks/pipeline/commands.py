"""Running a tool and what it cost; the tools compared with."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "build" / "peers"
TEXTURE = 2048
OURS = [sys.executable, "-m", "benchmarks.pipeline.ours"]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of all processes of a tool: wall and CPU seconds, megabytes of the largest process."""

    seconds: float
    cpu: float
    rss_mb: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.seconds + other.seconds, self.cpu + other.cpu, max(self.rss_mb, other.rss_mb)
        )


def ours(folder: Path, target: Path, **_: int) -> Cost:
    """The model and its layer: what the others make."""
    return _ours(folder, target, "model")


def ours_whole(folder: Path, target: Path, **_: int) -> Cost:
    """With the five still pictures of a report besides."""
    return _ours(folder, target, "all")


def worker(folder: Path, target: Path, *, count: int) -> list[float]:
    """Seconds of each conversion in a process that converts again and again."""
    command = [*OURS, str(folder), str(target), "worker", str(count)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return [float(line) for line in done.stdout.split()]


def _ours(folder: Path, target: Path, what: str) -> Cost:
    return _run([*OURS, str(folder), str(target), what])


def draco(folder: Path, target: Path, *, triangles: int, wanted: int) -> Cost:
    return _peer(folder, target, "draco", triangles, wanted)


def meshopt(folder: Path, target: Path, *, triangles: int, wanted: int) -> Cost:
    return _peer(folder, target, "meshopt", triangles, wanted)


def plain_glb(folder: Path, target: Path) -> Cost:
    """The source as it is in a GLB: nothing simplified, nothing compressed."""
    mesh = next(folder.glob("*.obj"))
    return _run([str(_tool("obj2gltf")), "-i", str(mesh), "-o", str(target)])


def install_peers() -> None:
    """Raises ``SystemExit`` with a sentence where they cannot be had."""
    if (PEERS / "node_modules" / ".bin" / "gltf-transform").exists():
        return
    PEERS.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        (PEERS / name).write_bytes((ROOT / "benchmarks" / "peers" / name).read_bytes())
    done = subprocess.run(
        ["npm", "ci", "--silent"],  # noqa: S607 (whichever npm the machine has)
        cwd=PEERS,
        check=False,
    )
    if done.returncode:
        raise SystemExit("The tools to compare with could not be installed: npm ci failed.")


def _peer(folder: Path, target: Path, method: str, triangles: int, wanted: int) -> Cost:
    loose = target.with_name(f"{method}-loose.glb")
    options = ["--compress", method, "--texture-compress", "webp"]
    options += ["--texture-size", str(TEXTURE), "--simplify", str(triangles > wanted).lower()]
    options += ["--simplify-ratio", str(min(1.0, wanted / triangles)), "--simplify-error", "0.01"]
    optimized = [str(_tool("gltf-transform")), "optimize", str(loose), str(target), *options]
    return plain_glb(folder, loose) + _run(optimized)


def _tool(name: str) -> Path:
    return PEERS / "node_modules" / ".bin" / name


def _run(command: Sequence[str]) -> Cost:
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}.")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
