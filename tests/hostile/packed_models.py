"""GLB files with packed geometry that is cut, noise, or promises what nobody can hold."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import DracoPy
import numpy as np

from tests.conversion.support import glb_bytes, head
from tests.hostile.models import parts, refused
from tests.hostile.texts import Capture


def draco(data: Callable[[], bytes], **attributes: int) -> Callable[[], bytes]:
    """The head's tree around a Draco part."""

    def build() -> bytes:
        tree, packed = parts()[0], data()
        tree["bufferViews"] = [{"buffer": 0, "byteLength": len(packed)}]
        tree["extensionsUsed"] = tree["extensionsRequired"] = ["KHR_draco_mesh_compression"]
        for accessor in tree["accessors"]:
            del accessor["bufferView"]
        tree["meshes"][0]["primitives"][0]["extensions"] = {
            "KHR_draco_mesh_compression": {
                "bufferView": 0,
                "attributes": attributes or {"POSITION": 0, "TEXCOORD_0": 1},
            }
        }
        return glb_bytes(tree, packed)

    return build


def packed_head() -> bytes:
    points, uv, faces = head(300)
    packed: bytes = DracoPy.encode(points.astype(np.float32), faces, tex_coord=uv)
    return packed


def meshopt(data: bytes, **fields: Any) -> Callable[[], bytes]:
    """The head's indices as a meshopt part."""

    def build() -> bytes:
        tree, binary = parts()
        view, count = tree["bufferViews"][2], tree["accessors"][2]["count"]
        told = {"buffer": 0, "byteOffset": len(binary), "byteLength": len(data), "byteStride": 4}
        told |= {"count": count, "mode": "TRIANGLES"} | fields
        view["extensions"] = {"EXT_meshopt_compression": told}
        tree["extensionsUsed"] = tree["extensionsRequired"] = ["EXT_meshopt_compression"]
        tree["buffers"][0]["byteLength"] += len(data)
        return glb_bytes(tree, binary + data)

    return build


CASES: dict[str, Capture] = {
    "Draco that is noise": refused(draco(lambda: bytes(range(256)))),
    "Draco of nothing": refused(draco(lambda: b"")),
    "Draco cut off": refused(draco(lambda: packed_head()[:-40])),
    "Draco cut off early": refused(draco(lambda: packed_head()[:20])),
    "Draco of a version to come": refused(draco(lambda: b"DRACO\xff\xff" + packed_head()[7:])),
    "Draco of a billion points": refused(
        draco(lambda: b"DRACO\2\2\1\0\0\0" + b"\xff\xff\xff\xff\x07" * 2 + bytes(200))
    ),
    "Draco of a billion corners": refused(
        draco(lambda: b"DRACO\2\2\1\1\0\0\0" + b"\xff\xff\xff\xff\x07" * 4 + bytes(200))
    ),
    "Draco with numbers that are not there": refused(draco(packed_head, POSITION=77)),
    "Draco that is base64": refused(draco(lambda: base64.b64encode(packed_head()))),
    "meshopt that is noise": refused(meshopt(bytes(range(256)))),
    "meshopt of nothing": refused(meshopt(b"")),
    "meshopt of two billion": refused(meshopt(b"\xe1" + bytes(200), count=2**31)),
    "meshopt of less than nothing": refused(meshopt(b"\xe1" + bytes(200), count=-3)),
    "meshopt in an unknown way": refused(meshopt(b"\xe1" + bytes(200), mode="EVIL")),
    "meshopt beyond the file": refused(meshopt(b"\xe1" + bytes(200), byteLength=2**31)),
}
