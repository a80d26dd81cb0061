"""glTF in its two forms, and the bytes it refers to: inside the file, or beside it by bare name."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from . import glb
from .errors import ConversionError, ErrorCode
from .materials import bare_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_JSON_LIMIT = 256 << 20  # a glTF may hold its geometry as text
_MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")


@dataclass(frozen=True, slots=True)
class Gltf:
    """The JSON tree and the data of each of its buffers; None for one that is only a stand-in."""

    tree: glb.Tree
    buffers: tuple[bytes | None, ...]

    def view(self, index: int) -> memoryview:
        """The bytes of one buffer view. Raises ValueError, IndexError, KeyError or TypeError."""
        view = at(self.tree["bufferViews"], index)
        data = at(self.buffers, view["buffer"])
        start, length = natural(view.get("byteOffset", 0)), natural(view["byteLength"])
        if data is None or length > len(data) - start:
            raise ValueError("view outside its buffer")
        return memoryview(data)[start : start + length]

    def image(self, index: int) -> bytes | str | None:
        """One image: its bytes, or the bare name of a file beside; None if it is out of reach."""
        image = at(self.tree["images"], index)
        if "bufferView" in image:
            return bytes(self.view(image["bufferView"]))
        uri = image.get("uri", "")
        return _embedded(uri) if uri.startswith("data:") else _name_of(uri)


def at(items: Any, index: Any) -> Any:
    """An item of a list of the tree; an index that is negative or no number raises."""
    return items[natural(index)]


def natural(value: Any) -> int:
    """A whole number of the tree that is not negative. Raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("not a natural number")
    return value


def looks_like_json(data: bytes) -> bool:
    """Whether this may be a glTF in its textual form."""
    return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def open_gltf(data: bytes, beside: Mapping[str, bytes]) -> Gltf:
    """Read a GLB or glTF; ``beside`` are the capture's other files, by `bare_name`.

    Raises ConversionError: UNREADABLE_MESH, SIDE_FILE_MISSING for a buffer that is not there.
    """
    if data.startswith(glb.MAGIC):
        tree, binary = glb.split(data)
    else:
        tree, binary = _parsed(data), None
    try:
        buffers = tree.get("buffers", [])
        return Gltf(
            tree,
            tuple(
                _buffer(buffer, binary if number == 0 else None, beside)
                for number, buffer in enumerate(buffers)
            ),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="glTF buffers") from error


def _parsed(data: bytes) -> glb.Tree:
    if len(data) > _JSON_LIMIT:
        raise ConversionError(ErrorCode.TOO_LARGE, where="glTF JSON")
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where="glTF JSON") from error
    if not isinstance(tree, dict) or not isinstance(tree.get("asset"), dict):
        raise ConversionError(ErrorCode.UNSUPPORTED_FORMAT, where="JSON that is no glTF")
    return tree


def _buffer(buffer: glb.Tree, chunk: bytes | None, beside: Mapping[str, bytes]) -> bytes | None:
    uri = buffer.get("uri")
    if uri is None:
        stands_in = any(buffer.get("extensions", {}).get(name) for name in _MESHOPT)
        return None if stands_in else chunk
    if uri.startswith("data:"):
        data = _embedded(uri)
    else:
        found = beside.get(_name_of(uri) or "")
        if found is None:
            raise ConversionError(ErrorCode.SIDE_FILE_MISSING)
        data = found
    if len(data) < natural(buffer["byteLength"]):
        raise ValueError("buffer shorter than promised")
    return data


def _embedded(uri: str) -> bytes:
    head, separator, text = uri.partition(",")
    if not separator:
        raise ValueError("data URI without data")
    if not head.endswith(";base64"):
        return unquote(text, "latin-1").encode("latin-1")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("data URI that is no base64") from error


def _name_of(uri: str) -> str | None:
    """The bare name of a file beside; None for an address of any scheme, which is not followed."""
    head = uri.partition("/")[0]
    return None if ":" in head else bare_name(unquote(uri)) or None
