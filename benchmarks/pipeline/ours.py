"""Our conversion as a command, so that it is timed as the other tools are: a process each.

``python -m benchmarks.pipeline.ours FOLDER OUT.glb``
"""

import sys
from pathlib import Path

from scans.conversion import SourceFile, convert

KINDS = {".obj": "mesh", ".mtl": "material", ".jpg": "texture"}


def main(folder: Path, target: Path) -> None:
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
    outputs = {output.name: output.data for output in convert(files).outputs}
    target.write_bytes(outputs["model.glb"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
