"""The values that go into a conversion and come out of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One raw file of a capture.

    ``kind`` is "mesh", "material", "texture", "overlay", "image" or "zones"; ``light`` names the
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
    """One web-ready file: ``kind`` is "model", "layer", "overlay", "zones", "image" or
    "still".

    ``view`` of a still is a name in `camera.VIEWS`, or ``zone-`` with one in `zones.ZONES`; its
    ``metric`` is the overlay that lies over it.
    """

    name: str
    kind: str
    view: str | None
    light: str | None
    metric: str | None
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Conversion:
    """The outputs in a fixed order (model, layers, overlays, zones, images, stills), and how many
    triangles the file and the model have.

    ``unit`` is what the file's numbers were taken for ("m", "cm", "mm" or "unknown"), ``up`` which
    of its axes points up ("y", "-z"), ``notes`` tells by values of `notes.Note` what was mended.
    ``network`` tells how the child was cut off from it: "namespace", "seccomp", "namespace+seccomp"
    or "open".
    """

    outputs: tuple[Output, ...]
    triangles_in: int
    triangles: int
    network: str
    unit: str
    up: str
    notes: tuple[str, ...]
