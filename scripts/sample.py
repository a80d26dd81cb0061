"""Makes the public sample report: a synthetic face, converted as any capture is.

Run as ``python -m scripts.sample``; writes ``static/sample/`` with ``sample.json`` as its list.
The face is nobody's likeness and the same on every machine; nothing personal is in it.
"""

import json
import shutil
import sys
from pathlib import Path

from dermalia.sandbox.face import Capture, make_capture
from scans.conversion import Conversion, Profile, SourceFile, convert

TARGET = Path(__file__).parent.parent / "static" / "sample"
SEED = 3
# Small: it is to be looked at on a phone, by somebody who only wants to see what this is.
PROFILE = Profile(triangles=40_000, texture_size=1024, overlay_size=512)


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    print(f"{write(target):,} bytes in {target}")  # noqa: T201 — a command's answer


def write(target: Path) -> int:
    """Replace the folder by a new sample; its size in bytes. Raises ConversionError."""
    capture = make_capture(seed=SEED, triangles=60_000, texture_size=2048, overlay_size=1024)
    conversion = _convert(capture)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for output in conversion.outputs:
        (target / output.name).write_bytes(output.data)
    (target / "sample.json").write_text(json.dumps(_list(capture, conversion), indent=1) + "\n")
    return sum(file.stat().st_size for file in target.iterdir())


def _convert(capture: Capture) -> Conversion:
    # One kind of light is enough for a first look, and a third of the bytes.
    chosen = [file for file in capture.files if file.light in {None, "white"}]
    sources = [SourceFile(f.name, f.kind, f.light, f.metric, f.data) for f in chosen]
    return convert(sources, profile=PROFILE)


def _list(capture: Capture, conversion: Conversion) -> dict[str, object]:
    return {
        "files": [
            {
                "name": output.name,
                "kind": output.kind,
                "view": output.view,
                "metric": output.metric,
                "bytes": len(output.data),
            }
            for output in conversion.outputs
        ],
        "measurements": [
            {
                "metric": value.metric,
                "zone": value.zone,
                "value": str(value.value),
                "scale_min": str(value.scale_min),
                "scale_max": str(value.scale_max),
            }
            for value in capture.measurements
        ],
    }


if __name__ == "__main__":
    main()
