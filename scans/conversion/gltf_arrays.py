"""glTF accessors as arrays (glTF 2.0, sections 3.6.2 and 3.11), and Draco's in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import DracoPy
import numpy as np

from .errors import ConversionError, ErrorCode
from .gltf_files import Gltf, at, natural

if TYPE_CHECKING:
    import numpy.typing as npt

    from .glb import Tree

    Array = npt.NDArray[Any]

DRACO = "KHR_draco_mesh_compression"
_COMPONENTS: dict[int, np.dtype[Any]] = {
    5120: np.dtype("i1"),
    5121: np.dtype("u1"),
    5122: np.dtype("<i2"),
    5123: np.dtype("<u2"),
    5125: np.dtype("<u4"),
    5126: np.dtype("<f4"),
}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


class Reader:
    """Reads the attributes and indices of primitives, at most ``most`` elements of each."""

    def __init__(self, gltf: Gltf, most: int):
        self._gltf, self._most = gltf, most

    def primitive(self, primitive: Tree) -> tuple[dict[str, Array], Array | None]:
        """Every attribute as floats (n, k), and the indices (i,) or None.

        Raises ConversionError, or an error of looking up what is not there.
        """
        accessors = dict(primitive["attributes"])
        draco = primitive.get("extensions", {}).get(DRACO)
        if draco is not None:
            attributes, faces = self._draco(draco, accessors)
            rest = {name: self._floats(accessors[name]) for name in accessors.keys() - attributes}
            return {**rest, **attributes}, faces
        indices = primitive.get("indices")
        return (
            {name: self._floats(index) for name, index in accessors.items() if _is_read(name)},
            None if indices is None else self._array(indices).ravel(),
        )

    def _floats(self, index: int) -> Array:
        normalized = at(self._gltf.tree["accessors"], index).get("normalized", False)
        return _as_floats(self._array(index), normalized=normalized is True)

    def _array(self, index: int) -> Array:
        """Accessor ``index`` as a (count, components) array; what does not fit its view raises."""
        accessor = at(self._gltf.tree["accessors"], index)
        kind, width = _COMPONENTS[accessor["componentType"]], _WIDTHS[accessor["type"]]
        count = natural(accessor["count"])
        if count > self._most:
            raise ConversionError(ErrorCode.TOO_LARGE, where="glTF accessor")
        if "bufferView" in accessor:
            view = at(self._gltf.tree["bufferViews"], accessor["bufferView"])
            stride = natural(view.get("byteStride", width * kind.itemsize))
            offset = natural(accessor.get("byteOffset", 0))
            if stride < width * kind.itemsize:
                raise ValueError("elements that overlap")
            data = self._gltf.view(accessor["bufferView"])
            array = np.ndarray((count, width), kind, data, offset, (stride, kind.itemsize))
        else:
            array = np.zeros((count, width), kind)
        if "sparse" in accessor:
            array = self._with_sparse(array, accessor["sparse"])
        return array

    def _with_sparse(self, array: Array, sparse: Tree) -> Array:
        count = natural(sparse["count"])
        indices = self._loose(sparse["indices"], sparse["indices"]["componentType"], count, 1)
        places = indices.ravel().astype(np.int64)
        if places.max(initial=0) >= len(array):
            raise ValueError("sparse index out of range")
        array = array.copy()
        dense = _COMPONENTS_BY_TYPE[array.dtype]
        array[places] = self._loose(sparse["values"], dense, count, array.shape[1])
        return array

    def _loose(self, part: Tree, component: int, count: int, width: int) -> Array:
        data = self._gltf.view(part["bufferView"])
        offset = natural(part.get("byteOffset", 0))
        return np.ndarray((count, width), _COMPONENTS[component], data, offset)

    def _draco(self, draco: Tree, accessors: dict[str, int]) -> tuple[dict[str, Array], Array]:
        data = bytes(self._gltf.view(draco["bufferView"]))
        try:
            mesh: Any = DracoPy.decode(data)
        except Exception as error:  # the decoder's errors have no common class
            raise ConversionError(ErrorCode.UNREADABLE_MESH, where="draco") from error
        by_id = {attribute["unique_id"]: attribute["data"] for attribute in mesh.attributes}
        attributes = {}
        for name, identifier in draco["attributes"].items():
            if not _is_read(name):
                continue
            normalized = at(self._gltf.tree["accessors"], accessors[name]).get("normalized", False)
            values = np.asarray(by_id[identifier])
            attributes[name] = _as_floats(
                values.reshape(len(values), -1), normalized=normalized is True
            )
        return attributes, np.asarray(mesh.faces).ravel()


_COMPONENTS_BY_TYPE = {kind: number for number, kind in _COMPONENTS.items()}


def _is_read(name: str) -> bool:
    return name in ("POSITION", "NORMAL", "COLOR_0") or name.startswith("TEXCOORD_")


def _as_floats(values: Array, *, normalized: bool) -> Array:
    if normalized and values.dtype.kind in "iu":
        return np.maximum(values / np.float32(np.iinfo(values.dtype).max), -1).astype(np.float32)
    return values.astype(np.float32)
