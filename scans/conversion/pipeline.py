"""The conversion itself, as the child runs it: files of one capture in, web-ready files out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from PIL import Image

from . import images, meshes, stills, web_model
from .errors import ConversionError, ErrorCode
from .limits import Limits, Profile
from .mesh import pose_of, posed
from .model import Output, SourceFile
from .zones import ZoneMap

KINDS = frozenset({"mesh", "material", "texture", "overlay", "image", "zones"})
LABEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
"""What a light or metric may look like: it becomes part of an output's name."""

_BASE_LIGHT = "white"
_ENCODERS = 2  # each holds a decoded image; AVIF uses further threads of its own


@dataclass(frozen=True, slots=True)
class Result:
    """The outputs in their fixed order, and the triangle counts of the file and the model."""

    outputs: tuple[Output, ...]
    triangles_in: int
    triangles: int


@dataclass(frozen=True, slots=True)
class _Layer:
    label: str
    light: str | None
    data: bytes


@dataclass(frozen=True, slots=True)
class _Encoded:
    data: bytes
    image: Image.Image


def run(files: Sequence[SourceFile], limits: Limits, profile: Profile) -> Result:
    """Convert one capture. Raises ConversionError."""
    check(files)
    images.limit_pixels(limits.image_pixels)
    mesh_file = next(file for file in files if file.kind == "mesh")
    materials = [file for file in files if file.kind == "material"]
    overlays = [file for file in files if file.kind == "overlay"]
    layers = _layers(files)
    zones = next((file for file in files if file.kind == "zones"), None)
    with ThreadPoolExecutor(_ENCODERS) as pool:
        encoded = [pool.submit(_encode_layer, layer, profile) for layer in layers]
        shades = [pool.submit(_encode_overlay, overlay, profile) for overlay in overlays]
        loaded = meshes.load(mesh_file, materials, target=profile.triangles, limits=limits)
        if not layers and loaded.image is not None:
            layers = [_Layer(_BASE_LIGHT, _BASE_LIGHT, loaded.image)]
            encoded = [pool.submit(_encode_layer, layers[0], profile)]
        pose = pose_of(loaded.mesh)
        mesh = posed(loaded.mesh, pose)
        base = _base(layers, encoded)
        texture = base.image if base else None
        zone_levels = images.decode_levels(zones.data, size=profile.overlay_size) if zones else None
        motif = stills.Motif(
            mesh,
            texture,
            {
                overlay.metric or "": shade.result().image
                for overlay, shade in zip(overlays, shades, strict=True)
            },
            ZoneMap.of(zone_levels) if zone_levels else None,
        )
        pictures = pool.submit(_stills, motif, profile) if profile.stills else None
        media_type = images.media_type(profile.image_format)
        model = web_model.write(
            mesh, pose, web_model.Picture(base.data, media_type) if base else None
        )
        outputs = (
            Output("model.glb", "model", None, None, None, "model/gltf-binary", model.data),
            *_layer_outputs(layers, encoded, profile),
            *_overlay_outputs(overlays, shades, profile),
            *(_zone_output(zone_levels) if zone_levels else ()),
            *(pictures.result() if pictures else ()),
        )
    return Result(outputs, loaded.triangles_in, model.triangles)


def check(files: Sequence[SourceFile]) -> None:
    """Raises ConversionError: NO_MESH, BAD_REQUEST."""
    if sum(file.kind == "mesh" for file in files) != 1:
        raise ConversionError(ErrorCode.NO_MESH)
    if sum(file.kind == "zones" for file in files) > 1:
        raise ConversionError(ErrorCode.BAD_REQUEST, where="zones")
    lights = [file.light for file in files if file.kind == "texture" and file.light]
    metrics = [file.metric for file in files if file.kind == "overlay"]
    for labels in (lights, metrics):
        usable = all(label is not None and LABEL.fullmatch(label) for label in labels)
        if not usable or len(set(labels)) != len(labels):
            raise ConversionError(ErrorCode.BAD_REQUEST, where="labels")
    if not all(file.kind in KINDS for file in files):
        raise ConversionError(ErrorCode.BAD_REQUEST, where="kinds")


def _layers(files: Sequence[SourceFile]) -> list[_Layer]:
    """The textures in the order given; one without a light is the white one if none else is."""
    textures = [file for file in files if file.kind == "texture"]
    has_white = any(file.light == _BASE_LIGHT for file in textures)
    layers = []
    for number, file in enumerate(textures, start=1):
        light = file.light
        if light is None and not has_white:
            light, has_white = _BASE_LIGHT, True
        layers.append(_Layer(light or f"texture-{number}", light, file.data))
    if len({layer.label for layer in layers}) != len(layers):
        raise ConversionError(ErrorCode.BAD_REQUEST, where="labels")
    return layers


def _base(layers: Sequence[_Layer], encoded: Sequence[Future[_Encoded]]) -> _Encoded | None:
    """The layer the model wears: the white one, or the first where there is none."""
    if not layers:
        return None
    chosen = next((n for n, layer in enumerate(layers) if layer.light == _BASE_LIGHT), 0)
    return encoded[chosen].result()


def _encode_layer(layer: _Layer, profile: Profile) -> _Encoded:
    image = images.decode_texture(layer.data, size=profile.texture_size)
    return _Encoded(images.encode(image, profile.image_format), image)


def _encode_overlay(overlay: SourceFile, profile: Profile) -> _Encoded:
    image = images.decode_overlay(overlay.data, size=profile.overlay_size)
    return _Encoded(images.encode(image, profile.image_format, fine=True), image)


def _layer_outputs(
    layers: Sequence[_Layer], encoded: Sequence[Future[_Encoded]], profile: Profile
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


def _zone_output(levels: Image.Image) -> Iterator[Output]:
    yield Output(
        "zones.webp", "zones", None, None, None, images.media_type("webp"), images.exact(levels)
    )


def _stills(motif: stills.Motif, profile: Profile) -> list[Output]:
    return stills.render(
        motif,
        width=profile.still_width,
        height=profile.still_height,
        zone_size=profile.zone_size,
        develop=_still_output,
    )


def _still_output(picture: stills.Picture) -> Output:
    name = "-".join(filter(None, ("still", picture.view, picture.metric)))
    # WebP whatever the profile says: mail clients and PDF writers know no AVIF.
    data = images.encode(picture.image, "webp")
    media_type = images.media_type("webp")
    return Output(f"{name}.webp", "still", picture.view, None, picture.metric, media_type, data)
