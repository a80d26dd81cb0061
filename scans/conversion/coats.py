"""Which of a capture's images the model wears, and how they become one where there are several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from . import atlas, images, materials, tiles
from .color import PLASTER
from .errors import ConversionError, ErrorCode
from .notes import Note
from .raw import Paint, RawMesh

if TYPE_CHECKING:
    from .mesh import Floats
    from .model import SourceFile

_BASE_LIGHT = "white"
_WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Picture:
    """The images of one layer in their cells; ``cells`` is None where one image is the layer."""

    data: Mapping[int, bytes]
    cells: atlas.Atlas | None = None

    def decode(self, *, size: int) -> Image.Image:
        """An RGB image of at most ``size`` pixels on its longer edge. Raises ConversionError."""
        decoded = {
            number: images.decode_texture(data, size=size) for number, data in self.data.items()
        }
        return decoded[0] if self.cells is None else self.cells.compose(decoded, size=size)


@dataclass(frozen=True, slots=True)
class Layer:
    """A texture layer: ``label`` names its output, ``light`` the illumination if it is known."""

    label: str
    light: str | None
    picture: Picture


@dataclass(frozen=True, slots=True)
class Dressed:
    """A mesh whose coordinates look up the layers; ``cells`` is the layers' layout if it was made
    here, and then other images of the mesh's own layout go to its first cell."""

    mesh: RawMesh
    layers: tuple[Layer, ...]
    cells: atlas.Atlas | None = None

    @property
    def fits(self) -> bool:
        """Whether the mesh has coordinates to look up the layers with."""
        return self.mesh.uv is not None

    def fitted(self, image: Image.Image, *, size: int, resample: Image.Resampling) -> Image.Image:
        """An overlay or map of zones in the layout of the layers."""
        if self.cells is None:
            return image
        return self.cells.compose({0: image}, size=size, resample=resample, with_colors=False)


def plain_layers(textures: Sequence[SourceFile]) -> tuple[Layer, ...]:
    """The textures in the order given; one without a light is the white one if none else is.

    Raises ConversionError(BAD_REQUEST) for a light given twice.
    """
    has_white = any(file.light == _BASE_LIGHT for file in textures)
    layers = []
    for number, file in enumerate(textures, start=1):
        light = file.light
        if light is None and not has_white:
            light, has_white = _BASE_LIGHT, True
        layers.append(Layer(light or f"texture-{number}", light, Picture({0: file.data})))
    if len({layer.label for layer in layers}) != len(layers):
        raise ConversionError(ErrorCode.BAD_REQUEST, where="labels")
    return tuple(layers)


def dress(mesh: RawMesh, textures: Sequence[SourceFile], *, others: bool) -> Dressed:
    """Find out what paints the mesh; ``others`` tells whether overlays or zones are to fit it.

    Raises ConversionError: SEVERAL_ATLASES where it cannot be told which image belongs where,
    TEXTURE_REPEATS, BAD_REQUEST, TOO_LARGE, UNREADABLE_IMAGE.
    """
    used = _used(mesh)
    different = {paint.image for paint in used if paint.named}
    painted = [paint for paint in used if paint != Paint()]
    if mesh.uv is None or not different or (len(different) == 1 and len(painted) == 1):
        return _with_one(mesh, textures, different)
    wardrobe = {materials.bare_name(file.name): file for file in textures}
    if len(different) == 1:
        return _one_and_colors(mesh, textures, used, different)
    return _several(mesh, textures, used, wardrobe, others=others)


def _used(mesh: RawMesh) -> tuple[Paint, ...]:
    if mesh.paint is None:
        return mesh.paints[:1]
    return tuple(mesh.paints[number] for number in np.unique(mesh.paint))


def _with_one(
    mesh: RawMesh, textures: Sequence[SourceFile], different: set[bytes | str | None]
) -> Dressed:
    """One image, or one for each light, in the layout of the mesh."""
    layers = plain_layers(textures) or _embedded(different)
    if not layers:
        return Dressed(_noted(mesh, Note.TEXTURE_MISSING) if different else mesh, ())
    if mesh.uv is None:
        return Dressed(_noted(mesh, Note.TEXTURE_UNPLACED), layers)
    return Dressed(replace(tiles.into_image(mesh), colors=None), layers)


def _embedded(different: set[bytes | str | None]) -> tuple[Layer, ...]:
    inside = [image for image in different if isinstance(image, bytes)]
    return tuple(Layer(_BASE_LIGHT, _BASE_LIGHT, Picture({0: data})) for data in inside[:1])


def _noted(mesh: RawMesh, note: Note) -> RawMesh:
    return replace(mesh, notes=(*mesh.notes, note))


def _one_and_colors(
    mesh: RawMesh,
    textures: Sequence[SourceFile],
    used: Sequence[Paint],
    different: set[bytes | str | None],
) -> Dressed:
    """One image beside plain colours: every light's image goes to the same cell."""
    layers = plain_layers(textures) or _embedded(different)
    if not layers:
        return Dressed(_noted(mesh, Note.TEXTURE_MISSING), ())
    first = next(data for data in layers[0].picture.data.values())
    places = {paint: None if paint.is_color else 0 for paint in used}
    mesh, cells = _laid_out(tiles.into_image(mesh), [first], places)
    return Dressed(
        mesh,
        tuple(replace(each, picture=Picture(each.picture.data, cells)) for each in layers),
        cells,
    )


def _several(
    mesh: RawMesh,
    textures: Sequence[SourceFile],
    used: Sequence[Paint],
    wardrobe: Mapping[str, SourceFile],
    *,
    others: bool,
) -> Dressed:
    """Several images, each for its part of the mesh: together they are one layer."""
    found: dict[bytes, int] = {}
    places: dict[Paint, int | None] = {}
    files, missing = [], False
    for paint in used:
        data = paint.image
        if isinstance(data, str):
            file = wardrobe.get(data)
            data = None if file is None else file.data
            files += [] if file is None or file in files else [file]
        missing |= paint.named and data is None
        places[paint] = None if data is None else found.setdefault(data, len(found))
    if len(files) < len(textures) or (found and others) or len({f.light for f in files}) > 1:
        raise ConversionError(ErrorCode.SEVERAL_ATLASES)
    mesh = _noted(mesh, Note.TEXTURE_MISSING) if missing else mesh
    if not found:
        return Dressed(mesh, ())
    mesh, cells = _laid_out(tiles.into_image(mesh), list(found), places)
    light = (files[0].light if files else None) or _BASE_LIGHT
    picture = Picture({number: data for data, number in found.items()}, cells)
    return Dressed(mesh, (Layer(light, light, picture),), cells)


def _laid_out(
    mesh: RawMesh, data: Sequence[bytes], places: Mapping[Paint, int | None]
) -> tuple[RawMesh, atlas.Atlas]:
    """The mesh with coordinates of an atlas, and the atlas: images first, then colours.

    ``places`` tells which of the images each paint wears, None for its colour.
    """
    colors = list(dict.fromkeys(paint.color for paint, place in places.items() if place is None))
    numbers = [_cell_number(paint, places, colors, len(data)) for paint in mesh.paints]
    assert mesh.paint is not None
    assert mesh.uv is not None
    mesh, cell_of = mesh.split(np.array(numbers, np.int32).take(mesh.paint))
    assert mesh.uv is not None
    boxes = [_box(mesh.uv[cell_of == number]) for number in range(len(data))]
    cells = atlas.plan(
        [
            atlas.Request(images.size_of(each), box, PLASTER)
            for each, box in zip(data, boxes, strict=True)
        ]
        + [atlas.Request(None, _WHOLE, color) for color in colors]
    )
    uv = np.empty_like(mesh.uv)
    for number, cell in enumerate(cells.cells):
        uv[cell_of == number] = cell.moved(mesh.uv[cell_of == number])
    return replace(mesh, uv=uv, colors=None, paint=None, paints=()), cells


def _cell_number(
    paint: Paint, places: Mapping[Paint, int | None], colors: Sequence[atlas.Color], count: int
) -> int:
    place = places.get(paint, 0)  # a paint that no triangle has may have any number
    return count + colors.index(paint.color) if place is None else place


def _box(uv: Floats) -> atlas.Box:
    if not len(uv):
        return _WHOLE
    (left, top), (right, bottom) = uv.min(axis=0).tolist(), uv.max(axis=0).tolist()
    return (left, top, right, bottom) if right > left and bottom > top else _WHOLE
