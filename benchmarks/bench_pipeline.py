"""From a scan to a web model: ours beside obj2gltf with gltf-transform, on the same inputs.

``PART=scale`` measures two workers beside one and nothing else.
"""

import os
import statistics
import tempfile
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from benchmarks.harness import report
from benchmarks.pipeline import commands, quality, scaling
from benchmarks.pipeline.commands import Cost
from benchmarks.services import fresh_services
from dermalia.sandbox.face import make_capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from scans.conversion import prepare

SIZES = (70_000, 200_000, 500_000)
WANTED, ROUNDS = 100_000, 3
SCALED, TURNS = 200_000, 5
WAYS = {"ours": commands.ours, "draco": commands.draco, "meshopt": commands.meshopt}


def main() -> None:
    prepare()
    if os.environ.get("PART") == "scale":
        with tempfile.TemporaryDirectory(prefix="dermalia-bench-") as name:
            drawn = draw(Path(name), SCALED)
            report("pipeline", figures=dict(scaling.figures(drawn, turns=TURNS)), ratios={})
        return
    commands.install_peers()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="dermalia-bench-") as name:
        for label, folder, triangles in inputs(Path(name)):
            figures |= {f"{label}_{key}": value for key, value in compare(folder, triangles)}
        scale = dict(scaling.figures(Path(name) / str(SCALED), turns=ROUNDS))
    labels = sorted({key.partition("_")[0] for key in figures})
    report(
        "pipeline",
        figures=figures
        | scale
        | {
            "peak_rss_mb": max(figures[f"{one}_whole_rss_mb"] for one in labels),
            "full_scan_s": statistics.median(full_scans(ROUNDS)),
        },
        ratios={
            "speedup": min(figures[f"{one}_draco_s"] / figures[f"{one}_ours_s"] for one in labels),
            "worker_speedup": min(
                figures[f"{one}_draco_s"] / figures[f"{one}_worker_s"] for one in labels
            ),
            "bytes": max(
                figures[f"{one}_ours_bytes"] / figures[f"{one}_draco_bytes"] for one in labels
            ),
            "ssim_delta": min(
                figures[f"{one}_ours_ssim"] - figures[f"{one}_draco_ssim"] for one in labels
            ),
        },
    )


def inputs(folder: Path) -> Iterator[tuple[str, Path, int]]:
    """The synthetic face in three sizes, with a texture of 4096²."""
    for triangles in SIZES:
        yield f"{triangles // 1000}k", draw(folder, triangles), triangles


def draw(folder: Path, triangles: int) -> Path:
    """The folder, in ``folder``, that the face's files are in."""
    place = folder / str(triangles)
    place.mkdir()
    # In a process of its own: what is forked off a large process counts as large itself.
    drawing = get_context("spawn").Process(target=draw_face, args=(place, triangles))
    drawing.start()
    drawing.join()
    return place


def draw_face(place: Path, triangles: int) -> None:
    capture = make_capture(seed=1, triangles=triangles, texture_size=4096, overlay_size=64)
    for file in capture.files:
        if file.kind in {"mesh", "material"} or file.light == "white":
            (place / file.name).write_bytes(file.data)


def compare(folder: Path, triangles: int) -> Iterator[tuple[str, float]]:
    """Every way's seconds, CPU seconds, memory, bytes and likeness to the source."""
    out = folder / "out"
    out.mkdir()
    ways = WAYS | {"whole": commands.ours_whole}
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for turn in range(ROUNDS + 1):
        for name, way in ways.items():
            cost = way(folder, out / f"{name}.glb", triangles=triangles, wanted=WANTED)
            if turn:
                costs[name].append(cost)
    commands.plain_glb(folder, out / "source.glb")
    for name, spent in costs.items():
        yield f"{name}_s", statistics.median(cost.seconds for cost in spent)
        yield f"{name}_cpu_s", statistics.median(cost.cpu for cost in spent)
        yield f"{name}_rss_mb", max(cost.rss_mb for cost in spent)
        yield f"{name}_bytes", (out / f"{name}.glb").stat().st_size
    worker = commands.worker(folder, out / "worker.glb", count=ROUNDS)
    yield "worker_s", statistics.median(worker)
    for name in ("ours", "draco"):
        yield f"{name}_open_edges", quality.open_edges(out / f"{name}.glb")
    yield from likeness(out)


def likeness(out: Path) -> Iterator[tuple[str, float]]:
    """Medians over the views, each against the source's."""
    placed = quality.source_transform(out / "ours.glb")
    with quality.renderer(out) as page:
        source = quality.render(page, "source.glb", placed)
        for name in WAYS:
            views = quality.render(page, f"{name}.glb", None if name == "ours" else placed)
            pairs = list(zip(source, views, strict=True))
            yield f"{name}_psnr", statistics.median(quality.psnr(*pair) for pair in pairs)
            yield f"{name}_ssim", statistics.median(quality.ssim(*pair) for pair in pairs)
            yield (
                f"{name}_colour_rms",
                statistics.median(quality.colour_rms(*pair) for pair in pairs),
            )


def full_scans(count: int) -> list[float]:
    """Seconds from a listed scan to a finished report: pull, seal, convert, stills, seal."""
    with fresh_services():
        from django.conf import settings

        from benchmarks.pages import take_in

        capture = make_capture(seed=1)
        with IsemecoStandIn(client_id="benchmark", client_secret="of this run") as cluster:  # noqa: S106
            settings.SANDBOX_ORIGINS = [cluster.url]
            cluster.add_scan(capture, first_name="Demo")
            return [take_in(cluster.url, number) for number in range(count)]


if __name__ == "__main__":
    main()
