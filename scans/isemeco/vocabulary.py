"""The closed word lists of the contract."""

from __future__ import annotations

from enum import StrEnum


class Metric(StrEnum):
    """The five metrics of a report. Hydration is an estimate from the picture, hence proxy."""

    WRINKLES = "wrinkles"
    PORES = "pores"
    PIGMENTATION = "pigmentation"
    REDNESS = "redness"
    HYDRATION_PROXY = "hydration_proxy"


class Zone(StrEnum):
    """Part of the face; left and right are the patient's."""

    FACE = "face"
    FOREHEAD = "forehead"
    LEFT_EYE = "left_eye"
    RIGHT_EYE = "right_eye"
    NOSE = "nose"
    LEFT_CHEEK = "left_cheek"
    RIGHT_CHEEK = "right_cheek"
    CHIN = "chin"


class AssetKind(StrEnum):
    """What a file is for."""

    MESH = "mesh"
    MATERIAL = "material"
    TEXTURE = "texture"
    OVERLAY = "overlay"
    IMAGE = "image"
    ZONES = "zones"


class Light(StrEnum):
    """The light a picture was taken in."""

    WHITE = "white"
    UV = "uv"
    CROSS_POLARISED = "cross_polarised"
    PARALLEL_POLARISED = "parallel_polarised"


class MediaType(StrEnum):
    """File formats that the conversion reads."""

    OBJ = "model/obj"
    MTL = "model/mtl"
    GLB = "model/gltf-binary"
    GLTF = "model/gltf+json"
    BIN = "application/octet-stream"  # a glTF's side file
    PLY = "model/ply"
    JPEG = "image/jpeg"
    PNG = "image/png"


_PICTURES = frozenset({MediaType.JPEG, MediaType.PNG})
FORMATS = {
    AssetKind.MESH: frozenset({MediaType.OBJ, MediaType.GLB, MediaType.GLTF, MediaType.PLY}),
    AssetKind.MATERIAL: frozenset({MediaType.MTL, MediaType.BIN}),
    AssetKind.TEXTURE: _PICTURES,
    AssetKind.OVERLAY: _PICTURES,
    AssetKind.IMAGE: _PICTURES,
    AssetKind.ZONES: frozenset({MediaType.PNG}),
}
