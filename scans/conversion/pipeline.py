"""The conversion itself, as the child runs it: files of one capture in, web-ready files out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from PIL import Image

from . import coats, images, meshes, pose, processors, web_model
from .errors import ConversionError, ErrorCode
from .limits import Limits, Profile
from .memory import give_back
from .mesh import Mesh, posed
from .model import Output, SourceFile
from .notes import Note
from .raw import RawMesh
from .zones import ZoneMap

if TYPE_CHECKING:
    from . import stills

KINDS = frozenset({"mesh", "material", "texture", "overlay", "image", "zones"})
LABEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
"""What a light or metric may look like: it becomes part of an output's name."""

_BASE_LIGHT = "white"
_PHOTOGRAPH_SIZE = 2048
_MOST_PICTURES = 8  # taken at once: each holds what its camera has met


@dataclass(frozen=True, slots=True)
class Result:
    """As in `Conversion`."""

    outputs: tuple[Output, ...]
    triangles_in: int
    triangles: int
    unit: str
    up: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Encoded:
    data: bytes
    image: Image.Image


def load_more(*, until: Callable[[], bool]) -> None:
    """Load what not every conversion needs, for a child that waits for its request anyway."""
    for name in ("simplify", "stills", "gltf_mesh", "ply"):
        if until():
            return
        import_module(f".{name}", __package__)


def run(files: list[SourceFile], limits: Limits, profile: Profile) -> Result:
    """Convert one capture; the mesh file is taken out of the list, for its memory to be free.

    Raises ConversionError.
    """
    check(files)
    images.limit_pixels(limits.image_pixels)
    mesh_file = files.pop(next(n for n, file in enumerate(files) if file.kind == "mesh"))
    textures = [file for file in files if file.kind == "texture"]
    overlays = [file for file in files if file.kind == "overlay"]
    zones = next((file for file in files if file.kind == "zones"), None)
    own = processors.share()
    with (
        ThreadPoolExecutor(min(processors.half(), images.AT_ONCE)) as pool,
        ThreadPoolExecutor(min(own, _MOST_PICTURES)) as studio,
    ):
        # By itself: its readers keep all processors busy.
        raw = meshes.read(mesh_file, files, limits)
        del mesh_file
        give_back()
        dressed = coats.dress(raw, textures, others=bool(overlays or zones))
        encoded = [pool.submit(_encode_layer, layer, profile) for layer in dressed.layers]
        photographs = [
            pool.submit(_encode_photograph, f, profile) for f in files if f.kind == "image"
        ]
        shades = [pool.submit(_encode_overlay, overlay, dressed, profile) for overlay in overlays]
        mesh, placement, notes = _placed(dressed.mesh, profile.triangles, limits)
        base = _base(dressed.layers, encoded) if dressed.fits else None
        # In line with the pictures: beside them it would take a processor more than is ours.
        written = studio.submit(
            web_model.write, mesh, placement.pose, partial(_worn, base, profile)
        )
        zone_levels = _zone_levels(zones, dressed, profile) if zones else None
        laid_over = {
            overlay.metric or "": shade.result().image
            for overlay, shade in zip(overlays, shades, strict=True)
        }
        zone_map = ZoneMap.of(zone_levels) if zone_levels else None
        texture = base.result().image if base else None
        pictures = (
            _stills(mesh, texture, laid_over, zone_map, profile, studio) if profile.stills else []
        )
        model = written.result()
        outputs = (
            Output("model.glb", "model", None, None, None, "model/gltf-binary", model.data),
            *(_layer_outputs(dressed.layers, encoded, profile) if dressed.fits else ()),
            *_overlay_outputs(overlays, shades, profile),
            *(_zone_output(zone_levels) if zone_levels else ()),
            *_gallery(() if dressed.fits else encoded, photographs, profile),
            *pictures,
        )
    return Result(
        outputs,
        len(raw.faces),
        model.triangles,
        unit=placement.unit,
        up=placement.up,
        notes=tuple(dict.fromkeys((*notes, *placement.notes))),
    )


def _placed(
    raw: RawMesh, triangles: int, limits: Limits
) -> tuple[Mesh, pose.Placement, tuple[Note, ...]]:
    """The mesh as the model shows it; its place is that of the whole, however much is left."""
    whole = meshes.mended(raw)
    with ThreadPoolExecutor(1) as beside:
        found = beside.submit(pose.find, whole)
        simple = meshes.simplified(whole, target=triangles, limits=limits)
        placement = found.result()
    give_back()
    return posed(simple, placement.pose), placement, whole.notes


def check(files: Sequence[SourceFile]) -> None:
    """Raises ConversionError: NO_MESH, BAD_REQUEST."""
    if sum(file.kind == "mesh" for file in files) != 1:
        raise ConversionError(ErrorCode.NO_MESH)
    if sum(file.kind == "zones" for file in files) > 1:
        raise ConversionError(ErrorCode.BAD_REQUEST, where="zones")
    lights = [file.light for file in files if file.kind == "texture" and file.light]
    metrics = [file.metric for file in files if file.kind == "overlay"]
    usable = all(label is not None and LABEL.fullmatch(label) for label in (*lights, *metrics))
    # A light may have several textures where the mesh has several materials: see `coats`.
    if not usable or len(set(metrics)) != len(metrics):
        raise ConversionError(ErrorCode.BAD_REQUEST, where="labels")
    if not all(file.kind in KINDS for file in files):
        raise ConversionError(ErrorCode.BAD_REQUEST, where="kinds")


def _base(
    layers: Sequence[coats.Layer], encoded: Sequence[Future[_Encoded]]
) -> Future[_Encoded] | None:
    """The layer the model wears: the white one, or the first where there is none."""
    if not layers:
        return None
    return encoded[next((n for n, layer in enumerate(layers) if layer.light == _BASE_LIGHT), 0)]


def _worn(base: Future[_Encoded] | None, profile: Profile) -> web_model.Picture | None:
    if base is None:
        return None
    return web_model.Picture(base.result().data, images.media_type(profile.image_format))


def _encode_layer(layer: coats.Layer, profile: Profile) -> _Encoded:
    image = layer.picture.decode(size=profile.texture_size)
    encoded = _Encoded(images.encode(image, profile.image_format), image)
    give_back()
    return encoded


def _encode_photograph(file: SourceFile, profile: Profile) -> _Encoded:
    image = images.decode_texture(file.data, size=_PHOTOGRAPH_SIZE)
    return _Encoded(images.encode(image, profile.image_format), image)


def _encode_overlay(overlay: SourceFile, dressed: coats.Dressed, profile: Profile) -> _Encoded:
    size = profile.overlay_size
    image = images.decode_overlay(overlay.data, size=size)
    image = dressed.fitted(image, size=size, resample=Image.Resampling.LANCZOS)
    return _Encoded(images.encode(image, profile.image_format, fine=True), image)


def _layer_outputs(
    layers: Sequence[coats.Layer], encoded: Sequence[Future[_Encoded]], profile: Profile
) -> list[Output]:
    suffix, media_type = profile.image_format, images.media_type(profile.image_format)
    return [
        Output(
            f"layer-{layer.label}.{suffix}",
            "layer",
            None,
            layer.light,
            None,
            media_type,
            future.result().data,
        )
        for layer, future in zip(layers, encoded, strict=True)
    ]


def _overlay_outputs(
    overlays: Sequence[SourceFile], shades: Sequence[Future[_Encoded]], profile: Profile
) -> list[Output]:
    suffix, media_type = profile.image_format, images.media_type(profile.image_format)
    return [
        Output(
            f"overlay-{overlay.metric}.{suffix}",
            "overlay",
            None,
            None,
            overlay.metric,
            media_type,
            future.result().data,
        )
        for overlay, future in zip(overlays, shades, strict=True)
    ]


def _gallery(
    textures: Sequence[Future[_Encoded]], photographs: Sequence[Future[_Encoded]], profile: Profile
) -> list[Output]:
    """Pictures to be looked at by themselves: photographs, and textures that fit no mesh."""
    suffix, media_type = profile.image_format, images.media_type(profile.image_format)
    return [
        Output(
            f"image-{number}.{suffix}", "image", None, None, None, media_type, each.result().data
        )
        for number, each in enumerate((*textures, *photographs), start=1)
    ]


def _zone_levels(zones: SourceFile, dressed: coats.Dressed, profile: Profile) -> Image.Image:
    image = images.decode_levels(zones.data, size=profile.overlay_size)
    return dressed.fitted(image, size=profile.overlay_size, resample=Image.Resampling.NEAREST)


def _zone_output(levels: Image.Image) -> Iterator[Output]:
    yield Output(
        "zones.webp", "zones", None, None, None, images.media_type("webp"), images.exact(levels)
    )


def _stills(
    mesh: Mesh,
    texture: Image.Image | None,
    overlays: Mapping[str, Image.Image],
    zones: ZoneMap | None,
    profile: Profile,
    studio: ThreadPoolExecutor,
) -> list[Output]:
    from . import stills

    return stills.render(
        stills.Motif(mesh, texture, overlays, zones),
        width=profile.still_width,
        height=profile.still_height,
        zone_size=profile.zone_size,
        develop=_still_output,
        pool=studio,
    )


def _still_output(picture: stills.Picture) -> Output:
    name = "-".join(filter(None, ("still", picture.view, picture.metric)))
    data = images.encode_still(picture.image)
    media_type = images.media_type("webp")
    return Output(f"{name}.webp", "still", picture.view, None, picture.metric, media_type, data)
