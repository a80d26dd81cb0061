"""The values that go into a conversion and come out of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One raw file of a capture.

    ``kind`` is "mesh", "material", "texture", "overlay" or "image"; ``light`` names the
    illumination of a texture ("white", "polarised"), ``metric`` what an overlay measures.
    ``name`` is only ever compared with other names and never used as a path.
    """

    name: str
    kind: str
    light: str | None
    metric: str | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Output:
    """One web-ready file: ``kind`` is "model", "layer", "overlay" or "still"."""

    name: str
    kind: str
    view: str | None
    light: str | None
    metric: str | None
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Conversion:
    """The outputs in a fixed order (model, layers, overlays, stills), and the triangle counts.

    ``network`` tells how the child was cut off from it: "namespace", "seccomp", "namespace+seccomp"
    or "open".
    """

    outputs: tuple[Output, ...]
    triangles_in: int
    triangles: int
    network: str
