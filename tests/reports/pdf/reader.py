"""Just enough of ISO 32000-1 to look into a file we wrote: its objects, streams and text."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_WHITE = b"\0\t\n\f\r "
_REGULAR = re.compile(rb"[^\0\t\n\f\r ()<>\[\]{}/%]+")
_REFERENCE = re.compile(rb"(\d+) (\d+) R(?![A-Za-z])")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_OBJECT = re.compile(rb"(?<!\d)(\d+) 0 obj\b")


@dataclass(frozen=True)
class Reference:
    number: int


class Name(str):
    """A name, without its slash."""

    __slots__ = ()


@dataclass
class Stream:
    extra: dict[str, Any]
    raw: bytes

    @property
    def data(self) -> bytes:
        return zlib.decompress(self.raw) if self.extra.get("Filter") == "FlateDecode" else self.raw


@dataclass
class Reader:
    """Reads one value after the other."""

    data: bytes
    at: int = 0

    def value(self) -> Any:
        self.skip()
        head = self.data[self.at : self.at + 2]
        if head == b"<<":
            return self._dictionary()
        if head[:1] == b"[":
            self.at += 1
            return list(self._until(b"]"))
        if head[:1] == b"(":
            return self._literal()
        if head[:1] == b"<":
            end = self.data.index(b">", self.at)
            text, self.at = self.data[self.at + 1 : end], end + 1
            return bytes.fromhex(text.decode())
        if head[:1] == b"/":
            self.at += 1
            return Name(re.sub("#(..)", lambda m: chr(int(m[1], 16)), self._regular().decode()))
        if match := _REFERENCE.match(self.data, self.at):
            self.at = match.end()
            return Reference(int(match[1]))
        return _plain(self._regular())

    def skip(self) -> None:
        while self.at < len(self.data) and self.data[self.at] in _WHITE:
            self.at += 1

    def _regular(self) -> bytes:
        match = _REGULAR.match(self.data, self.at)
        assert match is not None, self.data[self.at : self.at + 20]
        self.at = match.end()
        return match[0]

    def _until(self, end: bytes) -> Iterator[Any]:
        while True:
            self.skip()
            if self.data.startswith(end, self.at):
                self.at += len(end)
                return
            yield self.value()

    def _dictionary(self) -> dict[str, Any]:
        self.at += 2
        items = list(self._until(b">>"))
        return dict(zip(items[::2], items[1::2], strict=True))

    def _literal(self) -> bytes:
        text, depth = bytearray(), 0
        while True:
            sign = self.data[self.at : self.at + 1]
            self.at += 1
            if sign == b"\\":
                sign = self.data[self.at : self.at + 1]
                self.at += 1
                text += _ESCAPES.get(sign, sign)
                continue
            depth += (sign == b"(") - (sign == b")")
            if depth == 0:
                return bytes(text[1:])
            text += sign


def _plain(word: bytes) -> Any:
    if word in {b"true", b"false"}:
        return word == b"true"
    try:
        return float(word) if b"." in word else int(word)
    except ValueError:
        return None if word == b"null" else word  # an operator of a content stream


@dataclass
class Pdf:
    """A file's objects, by number."""

    data: bytes
    objects: dict[int, Any] = field(default_factory=dict)
    root: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    trailer: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        at = 0
        while match := _OBJECT.search(self.data, at):
            reader = Reader(self.data, match.end())
            value = reader.value()
            reader.skip()
            if self.data.startswith(b"stream", reader.at):
                start = reader.at + len(b"stream\n")
                value = Stream(value, self.data[start : start + value["Length"]])
                reader.at = start + len(value.raw)
            self.objects[int(match[1])] = value
            at = reader.at
        for value in list(self.objects.values()):
            if isinstance(value, Stream) and value.extra.get("Type") == "ObjStm":
                self._unpack(value)
            if isinstance(value, Stream) and value.extra.get("Type") == "XRef":
                self.trailer = value.extra
        self.root, self.info = self[self.trailer["Root"]], self[self.trailer["Info"]]

    def __getitem__(self, value: Any) -> Any:
        """What a value refers to; other values are themselves."""
        return self.objects[value.number] if isinstance(value, Reference) else value

    def of_type(self, name: str) -> list[dict[str, Any]]:
        return [o for o in self.objects.values() if isinstance(o, dict) and o.get("Type") == name]

    @property
    def pages(self) -> list[dict[str, Any]]:
        return [self[page] for page in self[self.root["Pages"]]["Kids"]]

    @property
    def elements(self) -> list[dict[str, Any]]:
        """Structure elements in reading order."""
        return list(self._elements(self[self.root["StructTreeRoot"]]["K"]))

    @property
    def text(self) -> str:
        """Everything that is drawn as text, line after line as drawn."""
        return "\n".join(self.page_text(page) for page in self.pages)

    def page_text(self, page: dict[str, Any]) -> str:
        fonts = {
            name: self._characters(self[font])
            for name, font in self[self[page["Resources"]]["Font"]].items()
        }
        return "".join(_drawn(self[page["Contents"]].data, fonts))

    def _unpack(self, stream: Stream) -> None:
        reader = Reader(stream.data)
        places = [(reader.value(), reader.value()) for _ in range(stream.extra["N"])]
        for number, offset in places:
            self.objects[number] = Reader(stream.data, stream.extra["First"] + offset).value()

    def _elements(self, kids: Any) -> Iterator[dict[str, Any]]:
        for kid in kids if isinstance(kids, list) else [kids]:
            element = self[kid]
            if isinstance(element, dict) and "S" in element:
                yield element
                yield from self._elements(element["K"])

    def _characters(self, font: dict[str, Any]) -> dict[int, str]:
        pairs = re.findall(rb"<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>", self[font["ToUnicode"]].data)
        return {int(a, 16): bytes.fromhex(b.decode()).decode("utf-16-be") for a, b in pairs}


def _drawn(content: bytes, fonts: dict[str, dict[int, str]]) -> Iterator[str]:
    reader, operands = Reader(content), []
    characters: dict[int, str] = {}
    while True:
        reader.skip()
        if reader.at >= len(content):
            return
        value = reader.value()
        if not isinstance(value, bytes) or value not in {b"Tf", b"TJ", b"Tj", b"ET"}:
            operands.append(value)
            continue
        if value == b"Tf":
            characters = fonts[operands[-2]]
        elif value == b"ET":
            yield "\n"
        else:
            shown = operands[-1] if value == b"TJ" else [operands[-1]]
            for part in shown:
                if isinstance(part, bytes):
                    codes = zip(part[::2], part[1::2], strict=True)
                    yield "".join(characters.get(a << 8 | b, "\ufffd") for a, b in codes)
        operands = []
