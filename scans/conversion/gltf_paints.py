"""glTF's materials: the image or colour, which coordinates look it up, and how these are moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .color import PLASTER
from .gltf_files import at, natural
from .raw import Paint, Wrap

if TYPE_CHECKING:
    import numpy.typing as npt

    from .glb import Tree
    from .gltf_files import Gltf
    from .mesh import Floats

_TRANSFORM = "KHR_texture_transform"
_IN_EXTENSIONS = ("EXT_texture_avif", "EXT_texture_webp")
_WRAPS = {33071: Wrap.CLAMP, 33648: Wrap.MIRROR, 10497: Wrap.REPEAT}


@dataclass(frozen=True, slots=True)
class TextureUse:
    """What paints a material's triangles: ``coordinates`` is the number of the TEXCOORD set;
    ``matrix`` (2, 3) moves the coordinates."""

    paint: Paint = field(default_factory=Paint)
    coordinates: int = 0
    matrix: npt.NDArray[np.float64] | None = None

    def transformed(self, uv: Floats) -> Floats:
        """Coordinates (n, 2) as they look up the image."""
        if self.matrix is None:
            return np.ascontiguousarray(uv)
        with np.errstate(over="ignore", invalid="ignore"):  # refused later, as not finite
            return (uv @ self.matrix[:, :2].T + self.matrix[:, 2]).astype(np.float32)


def texture_uses(gltf: Gltf) -> list[TextureUse]:
    """One for each material of the file. Raises errors of looking up what is not there."""
    return [_use(gltf, material) for material in gltf.tree.get("materials", [])]


def _use(gltf: Gltf, material: Tree) -> TextureUse:
    surface = material.get("pbrMetallicRoughness", {})
    red, green, blue = (
        min(max(float(value), 0.0), 1.0) for value in surface.get("baseColorFactor", (1, 1, 1))[:3]
    )
    color = (red, green, blue) if "baseColorFactor" in surface else PLASTER
    reference = surface.get("baseColorTexture")
    if reference is None:
        return TextureUse(Paint(color=color))
    texture = at(gltf.tree["textures"], reference["index"])
    transform = reference.get("extensions", {}).get(_TRANSFORM)
    coordinates = natural(reference.get("texCoord", 0))
    if transform is not None:
        coordinates = natural(transform.get("texCoord", coordinates))
    source = _image_index(texture)
    image = None if source is None else gltf.image(source)
    return TextureUse(
        Paint(image=image, color=color, wrap=_wrap(gltf.tree, texture), named=True),
        coordinates,
        None if transform is None else _matrix(transform),
    )


def _image_index(texture: Tree) -> int | None:
    for name in _IN_EXTENSIONS:
        if name in texture.get("extensions", {}):
            return natural(texture["extensions"][name]["source"])
    return natural(texture["source"]) if "source" in texture else None


def _wrap(tree: Tree, texture: Tree) -> Wrap:
    if "sampler" not in texture:
        return Wrap.REPEAT
    sampler = at(tree["samplers"], texture["sampler"])
    return _WRAPS.get(sampler.get("wrapS", 10497), Wrap.REPEAT)


def _matrix(transform: Tree) -> npt.NDArray[np.float64]:
    """Translation * rotation * scale, as KHR_texture_transform has them."""
    shift = np.array(transform.get("offset", (0, 0)), np.float64).reshape(2)
    scale = np.array(transform.get("scale", (1, 1)), np.float64).reshape(2)
    angle = float(transform.get("rotation", 0))
    sine, cosine = np.sin(angle), np.cos(angle)
    turned = np.array([[cosine, sine], [-sine, cosine]]) * scale
    return np.column_stack([turned, shift])
