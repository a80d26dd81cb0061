"""Files damaged or made to do harm: each ends in its error code, and the parent goes on."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from scans.conversion import ConversionError, ErrorCode, Limits, SourceFile, convert, pipeline

from . import support
from .support import image_bytes, material, mesh, overlay, texture

HEAD = support.obj_bytes(2000)
TRIANGLE = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\n"


def png_of(width: int, height: int) -> bytes:
    """A valid black greyscale PNG that is small as a file and large as a picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    compressor, rows = zlib.compressobj(1), bytes(1 + width) * 100
    data = b"".join(compressor.compress(rows) for _ in range(height // 100)) + compressor.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def polygon(corners: int) -> bytes:
    vertices = b"".join(b"v %d %d 0\n" % (i, i * i % 97) for i in range(corners))
    return vertices + b"f " + b" ".join(b"%d" % (i + 1) for i in range(corners)) + b"\n"


def glb_with(**changes: Any) -> bytes:
    return support.head_glb(2000, **changes)


@dataclass(frozen=True)
class Hostile:
    code: ErrorCode
    files: Callable[[], list[SourceFile]]
    limits: Limits = field(default_factory=Limits)


def with_texture(data: bytes) -> list[SourceFile]:
    return [mesh(HEAD), texture(data)]


CASES = {
    "a small file that decodes to a huge image": Hostile(
        ErrorCode.TOO_LARGE, lambda: with_texture(png_of(8400, 8400))
    ),
    "an image larger than the memory allowed": Hostile(
        ErrorCode.TOO_LARGE, lambda: with_texture(png_of(8000, 8000)), Limits(memory=200 << 20)
    ),
    "a mesh larger than the memory allowed": Hostile(
        ErrorCode.TOO_LARGE, lambda: [mesh(support.obj_bytes(60_000))], Limits(wasm_memory=8 << 20)
    ),
    "more triangles than allowed": Hostile(
        ErrorCode.TOO_LARGE, lambda: [mesh(HEAD)], Limits(triangles=100)
    ),
    "more bytes than allowed": Hostile(
        ErrorCode.TOO_LARGE, lambda: [mesh(HEAD)], Limits(input_bytes=100)
    ),
    "no mesh": Hostile(ErrorCode.NO_MESH, lambda: [texture(b"")]),
    "two meshes": Hostile(ErrorCode.NO_MESH, lambda: [mesh(HEAD), mesh(HEAD)]),
    "an empty OBJ": Hostile(ErrorCode.EMPTY_MESH, lambda: [mesh(b"")]),
    "an OBJ without faces": Hostile(ErrorCode.EMPTY_MESH, lambda: [mesh(TRIANGLE)]),
    "an OBJ cut off in a face": Hostile(
        ErrorCode.UNREADABLE_MESH, lambda: [mesh(HEAD[: HEAD.rindex(b" ")].rpartition(b" ")[0])]
    ),
    "an OBJ cut off in its vertices": Hostile(
        ErrorCode.UNREADABLE_MESH, lambda: [mesh(HEAD[: HEAD.index(b"vt") - 9])]
    ),
    "an index beyond the vertices": Hostile(
        ErrorCode.UNREADABLE_MESH, lambda: [mesh(TRIANGLE + b"f 1 2 4\n")]
    ),
    "a huge index": Hostile(
        ErrorCode.UNREADABLE_MESH, lambda: [mesh(TRIANGLE + b"f 1 2 3\nf 1 2 4294967295\n")]
    ),
    "a negative index before the first vertex": Hostile(
        ErrorCode.UNREADABLE_MESH, lambda: [mesh(TRIANGLE + b"f -1 -2 -9\n")]
    ),
    "index zero": Hostile(ErrorCode.UNREADABLE_MESH, lambda: [mesh(TRIANGLE + b"f 0 1 2\n")]),
    "a vertex that is not a number": Hostile(
        ErrorCode.UNREADABLE_MESH, lambda: [mesh(b"v nan 0 0\n" + TRIANGLE + b"f 2 3 4\n")]
    ),
    "a vertex at infinity": Hostile(
        ErrorCode.UNREADABLE_MESH, lambda: [mesh(TRIANGLE + b"v 1e999 0 0\nf 1 2 3\nf 2 3 4\n")]
    ),
    "a vertex with two coordinates": Hostile(
        ErrorCode.UNREADABLE_MESH, lambda: [mesh(TRIANGLE + b"v 1 2\nf 1 2 3\n")]
    ),
    "faces without an area": Hostile(
        ErrorCode.DAMAGED_MESH, lambda: [mesh(TRIANGLE + b"f 1 1 1\nf 2 2 2\n")]
    ),
    "a mesh of one point": Hostile(
        ErrorCode.UNREADABLE_MESH,
        lambda: [mesh(b"v 1 1 1\nv 1 1 1\nv 1 1 1\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3\n")],
    ),
    "two texture atlases and an image of neither": Hostile(
        ErrorCode.SEVERAL_ATLASES,
        lambda: [
            mesh(TRIANGLE + b"usemtl a\nf 1/1 2/2 3/3\nusemtl b\nf 3/3 2/2 1/1\n"),
            material(b"newmtl a\nmap_Kd 1.jpg\nnewmtl b\nmap_Kd 2.jpg\n"),
            texture(image_bytes(support.skin(64), "JPEG"), name="3.jpg"),
        ],
    ),
    "a texture that repeats": Hostile(
        ErrorCode.TEXTURE_REPEATS,
        lambda: [
            mesh(TRIANGLE + b"vt 3.5 0\nf 1/1 2/4 3/3\n"),
            texture(image_bytes(support.skin(64), "JPEG")),
        ],
    ),
    "a format we do not read": Hostile(
        ErrorCode.UNSUPPORTED_FORMAT, lambda: [mesh(b"solid stl\nfacet normal 0 0 1\n", "scan.obj")]
    ),
    "a zip archive": Hostile(
        ErrorCode.UNSUPPORTED_FORMAT, lambda: [mesh(b"PK\x03\x04" + bytes(99))]
    ),
    "a point cloud": Hostile(
        ErrorCode.EMPTY_MESH,
        lambda: [
            mesh(
                b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\n"
                b"property float z\nelement face 0\nproperty list uchar int vertex_indices\n"
                b"end_header\n0 0 0\n"
            )
        ],
    ),
    "a PLY cut off": Hostile(
        ErrorCode.UNREADABLE_MESH, lambda: [mesh(support.ply_bytes(2000, colored=True)[:-5000])]
    ),
    "a PLY that promises four billion vertices": Hostile(
        ErrorCode.UNREADABLE_MESH,
        lambda: [
            mesh(
                b"ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\n"
                b"property float x\nproperty float y\nproperty float z\nend_header\n"
            )
        ],
        Limits(memory=512 << 20),
    ),
    "a GLB cut off": Hostile(ErrorCode.UNREADABLE_MESH, lambda: [mesh(glb_with()[:-5000])]),
    "a GLB that wants a file of the system": Hostile(
        ErrorCode.SIDE_FILE_MISSING,
        lambda: [mesh(glb_with(buffers=[{"uri": "../../../etc/passwd", "byteLength": 1000}]))],
    ),
    "a GLB that wants a file of the network": Hostile(
        ErrorCode.SIDE_FILE_MISSING,
        lambda: [mesh(glb_with(buffers=[{"uri": "http://127.0.0.1/x.bin", "byteLength": 1000}]))],
    ),
    "a GLB with an extension that must be understood": Hostile(
        ErrorCode.UNSUPPORTED_FORMAT,
        lambda: [mesh(glb_with(extensionsRequired=["EXT_mesh_gpu_instancing"]))],
    ),
    "a GLB with an accessor beyond its buffer": Hostile(
        ErrorCode.UNREADABLE_MESH,
        lambda: [
            mesh(
                glb_with(
                    bufferViews=[{"buffer": 0, "byteOffset": 0, "byteLength": 2_000_000_000}] * 3
                )
            )
        ],
    ),
    "a GLB with indices beyond its vertices": Hostile(
        ErrorCode.UNREADABLE_MESH, lambda: [mesh(support.head_glb(2000, index_shift=100_000))]
    ),
    "a GLB whose nodes run in a circle": Hostile(
        ErrorCode.UNREADABLE_MESH,
        lambda: [mesh(glb_with(nodes=[{"mesh": 0, "children": [1]}, {"children": [0]}]))],
    ),
    "a GLB nested too deeply": Hostile(
        ErrorCode.UNREADABLE_MESH,
        lambda: [
            mesh(struct.pack("<4sIII4s", b"glTF", 2, 200_020, 200_000, b"JSON") + b"[" * 200_000)
        ],
    ),
    "a GLB whose members have the wrong types": Hostile(
        ErrorCode.UNREADABLE_MESH, lambda: [mesh(glb_with(nodes={"mesh": 0}, accessors=7))]
    ),
    "a texture that is no image": Hostile(
        ErrorCode.UNREADABLE_IMAGE, lambda: with_texture(b"JFIF?")
    ),
    "a texture in a format not allowed": Hostile(
        ErrorCode.UNREADABLE_IMAGE, lambda: with_texture(image_bytes(support.skin(64), "EPS"))
    ),
    "a texture cut off": Hostile(
        ErrorCode.UNREADABLE_IMAGE,
        lambda: with_texture(image_bytes(support.skin(256), "JPEG")[:3000]),
    ),
    "an overlay without a metric": Hostile(
        ErrorCode.BAD_REQUEST, lambda: [mesh(HEAD), overlay(b"", None)]
    ),
    "a light that is a path": Hostile(
        ErrorCode.BAD_REQUEST, lambda: [mesh(HEAD), texture(b"", "../../etc/passwd")]
    ),
    "the same light twice": Hostile(
        ErrorCode.BAD_REQUEST, lambda: [mesh(HEAD), texture(b"", "white"), texture(b"", "white")]
    ),
    "an unknown kind": Hostile(
        ErrorCode.BAD_REQUEST, lambda: [mesh(HEAD), SourceFile("x", "script", None, None, b"")]
    ),
}


def needing_a_child() -> dict[str, Hostile]:
    """Cases that need limits of their own, and one case for each of the other codes."""
    chosen = {case.code: name for name, case in reversed(CASES.items())}
    return {
        name: case
        for name, case in CASES.items()
        if case.limits != Limits() or name == chosen[case.code]
    }


def outcome(case: Hostile) -> ErrorCode | None:
    try:
        convert(case.files(), limits=case.limits, profile=support.QUICK)
    except ConversionError as error:
        return error.code
    return None


def test_hostile_captures_end_in_their_error_codes_and_the_parent_goes_on() -> None:
    cases = needing_a_child()
    with ThreadPoolExecutor(4) as pool:  # at once, as in a busy worker
        outcomes = dict(zip(cases, pool.map(outcome, cases.values()), strict=True))
    assert outcomes == {name: case.code for name, case in cases.items()}


@pytest.mark.parametrize("name", [name for name in CASES if name not in needing_a_child()])
def test_a_hostile_capture_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    case = CASES[name]
    with pytest.raises(ConversionError) as caught:
        pipeline.run(case.files(), case.limits, support.QUICK)
    assert caught.value.code is case.code


def test_paths_in_an_obj_lead_nowhere() -> None:
    data = b"mtllib ../../../../etc/passwd\nmtllib /etc/passwd\n" + HEAD
    mtl = material(b"newmtl skin\nmap_Kd ../../../../etc/passwd\n")
    result = convert([mesh(data), mtl], profile=support.QUICK)
    assert result.triangles > 1800
    passwd = b"root:"
    assert all(passwd not in output.data and b"etc" not in output.data for output in result.outputs)


def test_nothing_but_pixels_comes_through_from_an_image() -> None:
    secret = b"PATIENT"
    exif = Image.Exif()
    exif[0x010E] = "PATIENT in a description"
    text = PngInfo()
    text.add_text("Comment", "PATIENT in a text chunk")
    picture = support.skin(256)
    files = [
        SourceFile("PATIENT.obj", "mesh", None, None, b"# PATIENT\no PATIENT\n" + HEAD),
        texture(
            image_bytes(picture, "JPEG", comment=b"PATIENT", exif=exif, icc_profile=secret * 40)
        ),
        texture(image_bytes(picture, "PNG", pnginfo=text, exif=exif) + b"PATIENT", "uv"),
        texture(image_bytes(picture, "WEBP", exif=exif, xmp=secret), "polarised"),
        overlay(image_bytes(picture.convert("L"), "PNG", pnginfo=text), "redness"),
    ]
    assert all(secret in file.data for file in files)
    result = convert(files, profile=support.QUICK)
    assert [o.kind for o in result.outputs].count("still") == 6
    assert [o.kind for o in result.outputs].count("layer") == 3
    assert all(secret not in output.data for output in result.outputs)
    assert secret.decode() not in "".join(output.name for output in result.outputs)


def test_an_error_tells_nothing_about_the_files() -> None:
    with pytest.raises(ConversionError) as caught:
        convert([SourceFile("PATIENT.obj", "mesh", None, None, b"v PATIENT 0 0\nf 1 2 3\n")])
    error = caught.value
    assert "PATIENT" not in f"{error} {error!r} {error.message} {error.where} {error.__cause__!r}"
    assert error.is_permanent
