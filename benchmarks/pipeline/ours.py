"""Our conversion as a command, so that it is timed as the other tools are: a process each.

``python -m benchmarks.pipeline.ours FOLDER OUT.glb [model|all]`` converts once: the model alone, as
the other tools do, or with its stills. ``… OUT.glb worker COUNT`` converts again and again, as a
worker does, and prints each conversion's seconds.
"""

import sys
import time
from pathlib import Path

from scans.conversion import Profile, SourceFile, convert, keep_spare

KINDS = {".obj": "mesh", ".mtl": "material", ".jpg": "texture"}
MODEL = Profile(stills=False)
PAUSE = 0.6  # seconds: a worker seals what it made before it converts again


def main(folder: Path, target: Path, what: str = "model", count: str = "1") -> None:
    files = [
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


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
