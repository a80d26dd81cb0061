"""GLB files whose lengths, indices, trees and packed parts lie."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

from scans.conversion import ErrorCode
from tests.conversion.support import glb_bytes, head_glb
from tests.hostile.outcome import MARKER
from tests.hostile.pictures import photo
from tests.hostile.texts import DAMAGED, EMPTY, OTHER, READ, TOO_LARGE, UNREADABLE, Capture

Tree = dict[str, Any]
REFUSED = (UNREADABLE, OTHER, DAMAGED, EMPTY, TOO_LARGE)
HONEST = head_glb(300)


def parts() -> tuple[Tree, bytes]:
    """The tree and the binary chunk of an honest head."""
    (size,) = struct.unpack_from("<I", HONEST, 12)
    return json.loads(HONEST[20 : 20 + size]), HONEST[28 + size :]


def with_tree(change: Callable[[Tree], object]) -> Callable[[], bytes]:
    """The head after a change of its tree."""

    def build() -> bytes:
        tree, binary = parts()
        change(tree)
        return glb_bytes(tree, binary)

    return build


def set_in(path: str, value: Any) -> Callable[[], bytes]:
    """The head with another value at a place like ``accessors.0.count``."""

    def change(tree: Tree) -> None:
        node: Any = tree
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in way:
            node = node[step]
        node[last] = value

    return with_tree(change)


def raw(json_text: bytes, binary: bytes = b"") -> Callable[[], bytes]:
    """A GLB around any text at all."""

    def build() -> bytes:
        text = json_text + b" " * (-len(json_text) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary if binary else b""
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks

    return build


def patched(place: int, value: int) -> Callable[[], bytes]:
    """The head with another number at a place of its frame."""
    return lambda: HONEST[:place] + struct.pack("<I", value) + HONEST[place + 4 :]


def crowd(times: int) -> Callable[[], bytes]:
    def change(tree: Tree) -> None:
        tree["nodes"] = [{"mesh": 0}] * times
        tree["scenes"] = [{"nodes": list(range(times))}]

    return with_tree(change)


def chain(length: int, *, closed: bool) -> Callable[[], bytes]:
    def change(tree: Tree) -> None:
        tree["nodes"] = [{"children": [n + 1]} for n in range(length)] + [{"mesh": 0}]
        if closed:
            tree["nodes"][-1]["children"] = [0]

    return with_tree(change)


def pictured(image: Tree, data: bytes = b"") -> Callable[[], bytes]:
    """The head with a picture that lies where ``image`` says."""

    def build() -> bytes:
        tree, binary = parts()
        tree["images"], tree["textures"] = [image], [{"source": 0}]
        tree["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
        tree["meshes"][0]["primitives"][0]["material"] = 0
        tree["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)}
        )
        return glb_bytes(tree, binary + data)

    return build


def refused(build: Callable[[], bytes], end: ErrorCode = UNREADABLE) -> Capture:
    """Ends in one of the codes for a mesh that cannot be had; which, is the reader's choice."""
    return Capture(build, end, [code for code in REFUSED if code is not end])


FRAMES: dict[str, Capture] = {
    "four bytes": Capture(lambda: b"glTF", UNREADABLE),
    "a frame without parts": Capture(lambda: struct.pack("<4sII", b"glTF", 2, 12), UNREADABLE),
    "a version of the past": Capture(patched(4, 1), UNREADABLE, [OTHER]),
    "a version of the future": Capture(patched(4, 2**32 - 1), UNREADABLE, [OTHER]),
    "a length beyond the file": Capture(patched(8, 2**32 - 1), UNREADABLE),
    "a tree beyond the file": Capture(patched(12, 2**32 - 1), UNREADABLE),
    "a tree of no length": Capture(patched(12, 0), UNREADABLE),
    "a tree that reaches into the numbers": Capture(
        patched(12, struct.unpack_from("<I", HONEST, 12)[0] + 64), UNREADABLE
    ),
    "numbers before the tree": Capture(
        lambda: HONEST[:12] + struct.pack("<I4s", 4, b"BIN\0") + bytes(4) + HONEST[12:], UNREADABLE
    ),
    "no numbers at all": Capture(lambda: glb_bytes(parts()[0]), UNREADABLE),
    "numbers beyond the file": Capture(lambda: HONEST[: len(HONEST) // 2], UNREADABLE),
    "a part with another name": Capture(lambda: HONEST.replace(b"BIN\0", b"EVIL", 1), UNREADABLE),
    "bytes behind the end": Capture(lambda: HONEST + MARKER.encode() * 99, READ, [UNREADABLE]),
}

TREES: dict[str, Capture] = {
    "a tree that is none": Capture(raw(b"{"), UNREADABLE),
    "a tree that is a list": Capture(raw(b"[]"), UNREADABLE),
    "a tree that is nothing": Capture(raw(b"null"), UNREADABLE),
    "a tree in UTF-16": refused(raw(json.dumps(parts()[0]).encode("utf-16"))),
    "a tree ten thousand deep": Capture(raw(b'{"a":' * 10_000), UNREADABLE),
    "lists ten thousand deep in extras": Capture(
        raw(b'{"extras":' + b"[" * 10_000 + b"]" * 10_000 + b"}"), UNREADABLE, [EMPTY]
    ),
    "a number of five thousand digits": Capture(raw(b'{"scene":' + b"9" * 5000 + b"}"), UNREADABLE),
    "an empty tree": Capture(raw(b"{}"), EMPTY, [UNREADABLE]),
    "not a number for a count": refused(set_in("accessors.0.count", float("nan"))),
    "infinity for a place": refused(set_in("nodes.0.translation", [float("inf"), 0, 0])),
    "nodes in a long circle": refused(chain(1000, closed=True)),
    "a node that is its own child": refused(set_in("nodes.0.children", [0])),
    "a node below two others": Capture(
        set_in("nodes", [{"children": [2]}, {"children": [2]}, {"mesh": 0}]), READ, REFUSED
    ),
    "a node that is not there": refused(set_in("scenes.0.nodes", [7])),
    "a node before the first": refused(set_in("scenes.0.nodes", [-1])),
    "a mesh before the first": refused(set_in("nodes.0.mesh", -1)),
    "a mesh by its name": refused(set_in("nodes.0.mesh", MARKER)),
    "a mesh of no parts": refused(set_in("meshes.0.primitives", [])),
    "a matrix of fifteen numbers": refused(set_in("nodes.0.matrix", [1] * 15)),
    "a matrix of nothing": refused(set_in("nodes.0.matrix", [0] * 16)),
    "a size of nothing": refused(set_in("nodes.0.scale", [0, 0, 0])),
    "a size beyond floats": Capture(set_in("nodes.0.scale", [1e39, 1e39, 1e39]), READ, REFUSED),
    "a head ten thousand times": Capture(crowd(10_000), TOO_LARGE),
    "an extension nobody knows": Capture(set_in("extensionsRequired", [f"EVIL_{MARKER}"]), OTHER),
    "extensions that are a number": refused(set_in("extensionsRequired", 7)),
    "names all over that tell of a person": Capture(
        with_tree(
            lambda tree: (
                [
                    each.update(name=MARKER, extras={MARKER: MARKER})
                    for key in ("nodes", "meshes", "scenes", "accessors", "bufferViews")
                    for each in tree[key]
                ]
                + [tree["asset"].update(copyright=MARKER, generator=MARKER)]
            )
        ),
        READ,
    ),
}

NUMBERS: dict[str, Capture] = {
    "two billion points": refused(set_in("accessors.0.count", 2_000_000_000)),
    "two billion points of nowhere": refused(
        set_in("accessors.0", {"componentType": 5126, "count": 2_000_000_000, "type": "VEC3"})
    ),
    "points beyond all numbers": refused(set_in("accessors.0.count", 2**64)),
    "fewer than no points": refused(set_in("accessors.0.count", -3)),
    "two and a half points": refused(set_in("accessors.0.count", 2.5)),
    "a word of points": refused(set_in("accessors.0.count", MARKER)),
    "no corners": refused(set_in("accessors.2.count", 0), EMPTY),
    "corners beyond their bytes": refused(set_in("accessors.2.count", 10**9)),
    "an accessor before its bytes": refused(set_in("accessors.0.byteOffset", -12)),
    "an accessor behind its bytes": refused(set_in("accessors.0.byteOffset", 2**31)),
    "an unknown kind of number": refused(set_in("accessors.0.componentType", 1)),
    "points of four by four": refused(set_in("accessors.0.type", "MAT4")),
    "points of one number": refused(set_in("accessors.0.type", "SCALAR")),
    "corners in fractions": refused(set_in("accessors.2.componentType", 5126)),
    "a view before its buffer": refused(set_in("bufferViews.0.byteOffset", -4)),
    "a view of less than nothing": refused(set_in("bufferViews.0.byteLength", -1)),
    "a view beyond its buffer": refused(set_in("bufferViews.0.byteLength", 2**40)),
    "a view of another buffer": refused(set_in("bufferViews.0.buffer", 5)),
    "a view that is not there": refused(set_in("accessors.0.bufferView", 99)),
    "steps backwards": refused(set_in("bufferViews.0.byteStride", -12)),
    "steps over everything": refused(set_in("bufferViews.0.byteStride", 2**31)),
    "an attribute that is not there": refused(
        set_in("meshes.0.primitives.0.attributes.POSITION", 99)
    ),
    "no place for points": refused(set_in("meshes.0.primitives.0.attributes", {"TEXCOORD_0": 1})),
    "corners that are not there": refused(set_in("meshes.0.primitives.0.indices", 99)),
    "an unknown way of drawing": refused(set_in("meshes.0.primitives.0.mode", 99), EMPTY),
    "points that replace points beyond": refused(
        set_in(
            "accessors.0.sparse",
            {
                "count": 10**9,
                "indices": {"bufferView": 2, "componentType": 5125},
                "values": {"bufferView": 0},
            },
        )
    ),
    "ten thousand shapes to blend": Capture(
        set_in("meshes.0.primitives.0.targets", [{"POSITION": 0}] * 10_000), READ
    ),
}

ELSEWHERE: dict[str, Capture] = (
    {
        f"numbers {where}": refused(set_in("buffers.0.uri", uri), ErrorCode.SIDE_FILE_MISSING)
        for where, uri in {
            "in a file": "file:///etc/passwd",
            "above the capture": "../../../../etc/passwd",
            "at an address": f"https://example.org/{MARKER}",
            "at the cloud's own address": "http://169.254.169.254/latest/meta-data/",
            "on another machine": "\\\\server\\share\\x.bin",
            "in too little text": "data:application/octet-stream;base64,AAAA",
            "in text that is none": f"data:;base64,{MARKER}!!!",
        }.items()
    }
    | {
        f"a picture kept {where}": Capture(pictured({"uri": uri}), READ, REFUSED)
        for where, uri in {
            "in a file": "file:///etc/passwd",
            "high above the capture": "../../../../etc/passwd",
            "at an address": f"https://example.org/{MARKER}",
            "behind a broken text": "data:image/png;base64,?",
        }.items()
    }
    | {
        "a picture with a person's name": Capture(
            pictured({"bufferView": 3, "name": MARKER, "mimeType": MARKER}, photo("JPEG")), READ
        ),
        "a picture in a view that is not there": refused(pictured({"bufferView": 99})),
        "a picture before the first view": refused(pictured({"bufferView": -99})),
        "a picture of no bytes": Capture(
            pictured({"bufferView": 3}), ErrorCode.UNREADABLE_IMAGE, [UNREADABLE]
        ),
        "a picture that is the points": Capture(
            pictured({"bufferView": 0}), ErrorCode.UNREADABLE_IMAGE, [UNREADABLE]
        ),
    }
)

GROUPS = (FRAMES, TREES, NUMBERS, ELSEWHERE)
CASES: dict[str, Capture] = {name: case for group in GROUPS for name, case in group.items()}
assert len(CASES) == sum(map(len, GROUPS))
