"""How the worker and its child exchange files over a pipe.

A message is a magic number, the header's length, a JSON header, and the blobs the header gives the
sizes of, one after the other. Nothing in it is ever executed or unpickled.
"""

import json
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

_MAGIC = b"dermalia-conv-1\n"
_PREFIX = struct.Struct("<16sI")
_HEADER_LIMIT = 1 << 20

Header = dict[str, Any]


class FramingError(ValueError):
    """The bytes are not one whole message."""


def pack(header: Header, blobs: Sequence[bytes]) -> list[bytes]:
    """The message as a list of chunks, so that large blobs are not copied."""
    text = json.dumps({**header, "sizes": [len(blob) for blob in blobs]}).encode()
    return [_PREFIX.pack(_MAGIC, len(text)), text, *blobs]


def unpack(data: bytes | bytearray) -> tuple[Header, list[bytes]]:
    """The header and blobs of a whole message. Raises FramingError."""
    view = memoryview(data)
    if len(view) < _PREFIX.size:
        raise FramingError("shorter than its prefix")
    header = _header(view[: _PREFIX.size], view[_PREFIX.size :])
    _, length = _PREFIX.unpack_from(view)
    blobs, offset = [], _PREFIX.size + length
    for size in header["sizes"]:
        blobs.append(bytes(view[offset : offset + size]))
        offset += size
    if offset != len(view):
        raise FramingError("not as long as its header says")
    return header, blobs


def read(stream: BinaryIO, *, limit: int) -> tuple[Header, list[bytes]]:
    """Read one message of at most ``limit`` blob bytes from a pipe. Raises FramingError."""
    prefix = _exactly(stream, _PREFIX.size)
    _, length = _PREFIX.unpack(prefix)
    if length > _HEADER_LIMIT:
        raise FramingError("header too long")
    header = _header(memoryview(prefix), memoryview(_exactly(stream, length)))
    if sum(header["sizes"]) > limit:
        raise FramingError("blobs too long")
    return header, [_exactly(stream, size) for size in header["sizes"]]


def _header(prefix: memoryview, rest: memoryview) -> Header:
    magic, length = _PREFIX.unpack(prefix)
    if magic != _MAGIC or length > min(_HEADER_LIMIT, len(rest)):
        raise FramingError("not a message of this version")
    try:
        header: Header = json.loads(bytes(rest[:length]))
    except ValueError as error:
        raise FramingError("header is not JSON") from error
    sizes = header.get("sizes") if isinstance(header, dict) else None
    if not isinstance(sizes, list) or not all(type(size) is int and size >= 0 for size in sizes):
        raise FramingError("header has no sizes")
    return header


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise FramingError("ends too early")
    return data
