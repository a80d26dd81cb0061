"""Our conversion as a command, so that it is timed as the other tools are: a process each.

``python -m benchmarks.pipeline.ours FOLDER OUT.glb [model|all]`` converts once: the model alone, as
the other tools do, or with its stills. ``… OUT.glb worker COUNT`` converts again and again, as a
worker does, and prints each conversion's seconds. ``… OUT.glb together COUNT PROCESSORS`` does so
with stills and without a pause, once a line came in, and prints CPU seconds as well.
"""

import resource
import sys
import time
from pathlib import Path

from scans.conversion import Profile, SourceFile, convert, expect, keep_spare, processors

KINDS = {".obj": "mesh", ".mtl": "material", ".jpg": "texture"}
MODEL = Profile(stills=False)
PAUSE = 0.6  # seconds: a worker seals what it made before it converts again


def main(folder: Path, target: Path, what: str = "model", count: str = "1", own: str = "") -> None:
    if what in {"model", "all"}:
        expect()  # it starts while the files are read
    files = source_files(folder)
    if what == "together":
        processors.keep_to(int(own))
        together(files, int(count))
        return
    if what == "worker":
        keep_spare()
        convert(files, profile=MODEL)
    for _ in range(int(count)):
        if what == "worker":
            time.sleep(PAUSE)
        began = time.perf_counter()
        result = convert(files, profile=Profile() if what == "all" else MODEL)
        if what == "worker":
            print(time.perf_counter() - began)
        outputs = {output.name: output.data for output in result.outputs}
        target.write_bytes(outputs["model.glb"])


def together(files: list[SourceFile], count: int) -> None:
    """Say that all is ready, wait for a line, convert; print wall and CPU seconds of each."""
    keep_spare()
    convert(files)
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(count):
        began, spent = time.perf_counter(), _cpu_seconds()
        convert(files)
        print(time.perf_counter() - began, _cpu_seconds() - spent, flush=True)


def source_files(folder: Path) -> list[SourceFile]:
    return [
        SourceFile(
            name=path.name,
            kind=KINDS[path.suffix],
            light="white" if path.suffix == ".jpg" else None,
            metric=None,
            data=path.read_bytes(),
        )
        for path in sorted(folder.iterdir())
        if path.suffix in KINDS
    ]


def _cpu_seconds() -> float:
    """Of this process, and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
