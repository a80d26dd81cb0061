"""PLY files (Turk, "The PLY Polygon File Format", 1994): header, and elements as columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .digits import MARGIN, decimals, unreadable

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Places = npt.NDArray[np.int64]

_HEADER_LIMIT = 1 << 16
_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": "="}


@dataclass(frozen=True, slots=True)
class Property:
    """``kind`` of a value; ``length`` is the kind of a list's length, or None for one value."""

    name: str
    kind: np.dtype[Any]
    length: np.dtype[Any] | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """What each of ``count`` rows has."""

    name: str
    count: int
    properties: list[Property]


@dataclass(frozen=True, slots=True)
class Header:
    """The elements in the order of the file, its comments, and where the rows begin."""

    ascii: bool
    elements: list[Element]
    comments: list[bytes]
    end: int


@dataclass(frozen=True, slots=True)
class Lists:
    """A list for each row: ``lengths`` (rows,) and all their ``items``, one after the other."""

    lengths: Places
    items: Array


@dataclass(frozen=True, slots=True)
class Columns:
    """An element's rows by the names of its properties."""

    values: dict[str, Array] = field(default_factory=dict)
    lists: dict[str, Lists] = field(default_factory=dict)


def read(data: bytes) -> tuple[Header, dict[str, Columns]]:
    """The header, and the columns of every element. Raises ConversionError(UNREADABLE_MESH)."""
    try:
        header = _header(data)
        return header, (_ascii if header.ascii else _binary)(data, header)
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        raise unreadable("PLY") from error


def _header(data: bytes) -> Header:
    head = data[:_HEADER_LIMIT]
    end = head.index(b"end_header")
    newline = head.index(b"\n" if b"\n" in head[end:] else b"\r", end)
    elements: list[Element] = []
    comments, order = [], None
    for line in head[:end].splitlines():
        words = line.decode("latin-1").split()
        match words:
            case ["format", name, "1.0"]:
                order = name
            case ["comment" | "obj_info", *_]:
                comments.append(line)
            case ["element", name, count] if count.isascii() and count.isdigit():
                elements.append(Element(name, int(count), []))
            case ["property", "list", length, kind, name]:
                listed = Property(name, _kind(kind, order), _kind(length, order))
                if _kind(length, order).kind not in "iu":
                    raise ValueError("length that is no whole number")
                elements[-1].properties.append(listed)
            case ["property", kind, name]:
                elements[-1].properties.append(Property(name, _kind(kind, order)))
            case ["ply"] | []:
                pass
            case _:
                raise ValueError("strange line")
    if order not in _ORDERS:
        raise ValueError("unknown format")
    return Header(order == "ascii", elements, comments, newline + 1)


def _kind(name: str, order: str | None) -> np.dtype[Any]:
    return np.dtype(_ORDERS[order or ""] + _TYPES[name])


def _ascii(data: bytes, header: Header) -> dict[str, Columns]:
    """Each row is a line; empty lines do not count."""
    body = bytes(data[header.end :]).replace(b"\r", b"\n") + b"\n"
    table = decimals(np.frombuffer(b" " * MARGIN + body, np.uint8))
    ends = np.cumsum(table.counts)[table.counts > 0]
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    found, row = {}, 0
    for element in header.elements:
        rows = starts[row : row + element.count]
        if len(rows) < element.count:
            raise ValueError("fewer lines than promised")
        row += element.count
        columns, after = Columns(), rows
        for each in element.properties:
            if each.length is None:
                columns.values[each.name] = table.values.take(after)
                after = after + 1
            else:
                lengths = _lengths(table.values.take(after))
                items = table.values.take(_ranges(after + 1, lengths))
                columns.lists[each.name] = Lists(lengths, items)
                after = after + 1 + lengths
        if (after > ends[row - element.count : row]).any():
            raise ValueError("line cut short")
        found[element.name] = columns
    return found


def _binary(data: bytes, header: Header) -> dict[str, Columns]:
    found, place = {}, header.end
    for element in header.elements:
        least = sum((each.length or each.kind).itemsize for each in element.properties)
        if element.count * max(least, 1) > len(data) - place:
            raise ValueError("fewer bytes than promised")
        columns, place = _equal_rows(data, element, place) or _rows(data, element, place)
        found[element.name] = columns
    if data[place:].strip(b" \t\r\n\0"):
        raise ValueError("more bytes than promised")
    return found


def _equal_rows(data: bytes, element: Element, place: int) -> tuple[Columns, int] | None:
    """The columns where every row's lists are as long as the first row's, else None."""
    fields: list[Any] = []
    offset = place
    for each in element.properties:
        if each.length is None:
            fields.append((each.name, each.kind))
            offset += each.kind.itemsize
        elif not element.count:
            return Columns(), place
        else:
            length = int(np.frombuffer(data, each.length, 1, offset)[0])
            fields.append((f"{each.name} length", each.length))
            fields.append((each.name, each.kind, (_natural(length),)))
            offset += each.length.itemsize + length * each.kind.itemsize
    if element.count * (offset - place) > len(data) - place:
        return None
    rows = np.frombuffer(data, np.dtype(fields), element.count, place)
    columns = Columns()
    for each in element.properties:
        if each.length is None:
            columns.values[each.name] = rows[each.name]
            continue
        lengths = rows[f"{each.name} length"]
        if (lengths != lengths[0]).any():
            return None
        columns.lists[each.name] = Lists(lengths.astype(np.int64), rows[each.name].ravel())
    return columns, place + element.count * (offset - place)


def _rows(data: bytes, element: Element, place: int) -> tuple[Columns, int]:
    """The columns where lists differ in length: each row's place follows from the one before."""
    starts = np.empty(element.count, np.int64)
    for row in range(element.count):
        starts[row] = place
        for each in element.properties:
            if each.length is None:
                place += each.kind.itemsize
            else:
                raw = data[place : place + each.length.itemsize]
                length = int.from_bytes(raw, "big" if each.length.byteorder == ">" else "little")
                place += each.length.itemsize + length * each.kind.itemsize
        if place > len(data):
            raise ValueError("cut short")
    columns, after = Columns(), starts
    for each in element.properties:
        if each.length is None:
            columns.values[each.name] = _at(data, each.kind, after)
            after = after + each.kind.itemsize
            continue
        lengths = _lengths(_at(data, each.length, after).astype(np.float64))
        first, size = after + each.length.itemsize, each.kind.itemsize
        items = _ranges(np.zeros_like(first), lengths) * size + np.repeat(first, lengths)
        columns.lists[each.name] = Lists(lengths, _at(data, each.kind, items))
        after = first + lengths * size
    return columns, place


def _at(data: bytes, kind: np.dtype[Any], places: Places) -> Array:
    everywhere: Array = np.ndarray((len(data) - kind.itemsize + 1,), kind, data, strides=(1,))
    return everywhere[places]


def _lengths(values: npt.NDArray[np.float64]) -> Places:
    if (values < 0).any() or (values != np.floor(values)).any() or (values > _HEADER_LIMIT).any():
        raise ValueError("length of a list")
    return values.astype(np.int64)


def _natural(length: int) -> int:
    if not 0 <= length <= _HEADER_LIMIT:
        raise ValueError("length of a list")
    return length


def _ranges(firsts: Places, lengths: Places) -> Places:
    """All numbers of the ranges that begin with ``firsts``, one range after the other."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(firsts - before, lengths) + np.arange(int(lengths.sum()))
