"""Raw captures to web-ready 3D: a GLB, texture layers, overlays and still pictures.

`convert` takes files in memory and returns files in memory; the work is done by a child process
without network that may use so much time and memory and no more. Nothing is written to a disk.

The model comes out in metres, +Y up, facing +Z, centred on the origin, simplified to about 100,000
triangles without opening texture seams, as one primitive with one texture.
"""

from pathlib import Path

from .children import expect, keep_spare
from .errors import ConversionError, ErrorCode
from .limits import Limits, Profile
from .model import Conversion, Output, SourceFile
from .processors import keep_to, share_among
from .runner import convert

__all__ = [
    "Conversion",
    "ConversionError",
    "ErrorCode",
    "Limits",
    "Output",
    "Profile",
    "SourceFile",
    "convert",
    "expect",
    "keep_spare",
    "keep_to",
    "prepare",
    "share_among",
]


def prepare() -> None:
    """Compile the WebAssembly module and our own code once, when a worker is installed or starts.

    Conversions work without it and take half a second longer: their child process may not write.
    Raises ConversionError(NOT_READY) when the module is missing or is not the pinned one.
    """
    # What a parent otherwise never needs: among it, the WebAssembly engine.
    import compileall

    from . import gltfpack

    gltfpack.prepare()
    compileall.compile_dir(Path(__file__).parent, quiet=2)
