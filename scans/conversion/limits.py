"""How much a conversion may use, and how good its results are to be."""

from dataclasses import dataclass, field
from typing import Literal

from . import processors

MIB = 1 << 20

ImageFormat = Literal["avif", "webp"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that protect the worker. Times in seconds, sizes in bytes.

    ``memory`` bounds the child's writable private memory (RLIMIT_DATA): heap, thread stacks and
    the WebAssembly memory, of which the last alone may take ``wasm_memory``. ``idle_seconds`` is
    how long a child waits for its request. ``processors`` is how many it keeps busy at once.
    """

    wall_seconds: float = 60.0
    idle_seconds: float = 600.0
    cpu_seconds: int = 90
    memory: int = 1536 * MIB
    wasm_memory: int = 768 * MIB
    input_bytes: int = 300 * MIB
    output_bytes: int = 64 * MIB
    files: int = 64
    image_pixels: int = 8192 * 8192
    triangles: int = 2_000_000
    processors: int = field(default_factory=processors.share)


@dataclass(frozen=True, slots=True)
class Profile:
    """What the outputs are to look like. Sizes in pixels, of the longer edge where there is one."""

    triangles: int = 100_000
    texture_size: int = 2048
    overlay_size: int = 1024
    image_format: ImageFormat = "avif"
    stills: bool = True
    still_width: int = 800
    still_height: int = 1000
    zone_size: int = 480
