"""PLY files whose headers and lists lie."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.conversion.support import ply_bytes
from tests.hostile.texts import DAMAGED, EMPTY, MARK, OTHER, READ, TOO_LARGE, UNREADABLE, Capture


def ply(
    *header: bytes, data: bytes = b"", form: bytes = b"ascii 1.0", end: bytes = b"end_header\n"
) -> Callable[[], bytes]:
    return lambda: b"\n".join([b"ply", b"format " + form, *header, end]) + data


XYZ = (b"property float x", b"property float y", b"property float z")
LIST = b"property list uchar int vertex_indices"
THREE = (b"element vertex 3", *XYZ, b"element face 1", LIST)
POINTS = b"0 0 0\n1 0 0\n0 1 0\n"
LITTLE = b"binary_little_endian 1.0"
PACKED = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)

CASES: dict[str, Capture] = {
    "a header without an end": Capture(ply(*THREE, end=b"", data=POINTS), UNREADABLE),
    "a header of ten megabytes": Capture(
        ply(b"comment " + b"x" * 10_000_000, *THREE, data=POINTS + b"3 0 1 2\n"),
        READ,
        [UNREADABLE, TOO_LARGE],
    ),
    "a hundred thousand comments": Capture(
        ply(*[b"comment x"] * 100_000, *THREE, data=POINTS + b"3 0 1 2\n"), READ, [UNREADABLE]
    ),
    "no format": Capture(
        lambda: b"ply\nelement vertex 3\nend_header\n", UNREADABLE, [EMPTY, OTHER]
    ),
    "an unknown format": Capture(ply(*THREE, form=b"base64 1.0"), UNREADABLE, [OTHER]),
    "minus five vertices": Capture(
        ply(b"element vertex -5", *XYZ, *THREE[4:]), UNREADABLE, [EMPTY]
    ),
    "vertices without number": Capture(ply(b"element vertex many", *XYZ), UNREADABLE),
    "vertices in exponents": Capture(ply(b"element vertex 1e9", *XYZ), UNREADABLE),
    "four billion faces": Capture(
        ply(b"element vertex 3", *XYZ, b"element face 4000000000", LIST, form=LITTLE, data=PACKED),
        UNREADABLE,
        [TOO_LARGE, EMPTY],
    ),
    "four billion vertices in text": Capture(
        ply(b"element vertex 4000000000", *XYZ, b"element face 1", LIST, data=POINTS),
        UNREADABLE,
        [TOO_LARGE, EMPTY],
    ),
    "a number of numbers beyond all": Capture(
        ply(b"element vertex " + b"9" * 5000, *XYZ, data=POINTS), UNREADABLE, [TOO_LARGE]
    ),
    "an unknown kind of number": Capture(
        ply(b"element vertex 3", b"property quaternion x", data=POINTS), UNREADABLE
    ),
    "a list whose length is a fraction": Capture(
        ply(
            b"element vertex 3",
            *XYZ,
            b"element face 1",
            b"property list float int vertex_indices",
            form=LITTLE,
            data=PACKED + struct.pack("<f3i", 3.7, 0, 1, 2),
        ),
        UNREADABLE,
        [EMPTY, DAMAGED, READ],
    ),
    "a list of less than nothing": Capture(
        ply(
            b"element vertex 3",
            *XYZ,
            b"element face 1",
            b"property list char int vertex_indices",
            form=LITTLE,
            data=PACKED + struct.pack("<b3i", -3, 0, 1, 2),
        ),
        UNREADABLE,
        [EMPTY, DAMAGED],
    ),
    "a list longer than the file": Capture(
        ply(*THREE, form=LITTLE, data=PACKED + struct.pack("<B3i", 255, 0, 1, 2)), UNREADABLE
    ),
    "a list of two billion": Capture(
        ply(
            b"element vertex 3",
            *XYZ,
            b"element face 1",
            b"property list uint int vertex_indices",
            form=LITTLE,
            data=PACKED + struct.pack("<I3i", 2**31 - 1, 0, 1, 2),
        ),
        UNREADABLE,
        [TOO_LARGE],
    ),
    "an index below zero": Capture(ply(*THREE, data=POINTS + b"3 0 1 -1\n"), UNREADABLE),
    "an index beyond all": Capture(ply(*THREE, data=POINTS + b"3 0 1 2147483647\n"), UNREADABLE),
    "an index beyond all in binary": Capture(
        ply(*THREE, form=LITTLE, data=PACKED + struct.pack("<B3i", 3, 0, 1, 2**31 - 1)), UNREADABLE
    ),
    "a binary point that is not a number": Capture(
        ply(
            *THREE,
            form=LITTLE,
            data=struct.pack("<9f", *[float("nan")] * 9) + struct.pack("<B3i", 3, 0, 1, 2),
        ),
        UNREADABLE,
        [DAMAGED],
    ),
    "a binary point at infinity": Capture(
        ply(
            *THREE,
            form=LITTLE,
            data=struct.pack("<9f", *[float("inf")] * 3, 1, 0, 0, 0, 1, 0)
            + struct.pack("<B3i", 3, 0, 1, 2),
        ),
        UNREADABLE,
        [DAMAGED],
    ),
    "words for numbers": Capture(ply(*THREE, data=b"a b c\n" * 3 + b"3 0 1 2\n"), UNREADABLE),
    "fewer numbers than told": Capture(ply(*THREE, data=POINTS), UNREADABLE, [EMPTY]),
    "no places for the points": Capture(
        ply(
            b"element vertex 3",
            b"property uchar red",
            b"element face 1",
            LIST,
            data=b"1\n2\n3\n3 0 1 2\n",
        ),
        UNREADABLE,
    ),
    "faces without corners": Capture(
        ply(*THREE[:4], b"element face 1", b"property int flags", data=POINTS + b"7\n"),
        EMPTY,
        [UNREADABLE],
    ),
    "no points and a face": Capture(
        ply(b"element vertex 0", *XYZ, b"element face 1", LIST, data=b"3 0 1 2\n"),
        UNREADABLE,
        [EMPTY],
    ),
    "a texture above the capture": Capture(
        lambda: ply_bytes(300, colored=True).replace(
            b"\nelement vertex", b"\ncomment TextureFile ../../../etc/passwd\nelement vertex", 1
        ),
        READ,
    ),
    "comments that tell of a person": Capture(
        lambda: ply_bytes(300, colored=True).replace(
            b"\nelement vertex",
            b"\ncomment " + MARK + b"\nobj_info " + MARK + b"\nelement vertex",
            1,
        ),
        READ,
    ),
    "a head cut off": Capture(lambda: ply_bytes(300, colored=False)[:-1], UNREADABLE),
    "a head with bytes behind it": Capture(
        lambda: ply_bytes(300, colored=False) + MARK * 1000, READ, [UNREADABLE, DAMAGED]
    ),
}
