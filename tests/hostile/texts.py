"""OBJ, MTL and PLY files that lie, swell, point elsewhere or are not what they seem."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from scans.conversion import ErrorCode, SourceFile
from tests.conversion.support import material, mesh, obj_bytes, texture
from tests.hostile.outcome import MARKER
from tests.hostile.pictures import photo

UNREADABLE, EMPTY, DAMAGED = (
    ErrorCode.UNREADABLE_MESH,
    ErrorCode.EMPTY_MESH,
    ErrorCode.DAMAGED_MESH,
)
OTHER, TOO_LARGE, READ = ErrorCode.UNSUPPORTED_FORMAT, ErrorCode.TOO_LARGE, None
MARK = MARKER.encode()
HEAD = obj_bytes(300)
TRIANGLE = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nvn 0 0 1\n"


@dataclass(frozen=True)
class Capture:
    """A mesh and what comes with it, and how its conversion ends: a code, or None for a result.

    ``or_else`` names codes that tell the same thing as well.
    """

    mesh: Callable[[], bytes]
    end: ErrorCode | None
    or_else: Sequence[ErrorCode | None] = ()
    more: Sequence[SourceFile] = field(default_factory=tuple)

    def files(self) -> list[SourceFile]:
        return [mesh(self.mesh(), f"{MARKER}.obj"), *self.more]


def faces(text: bytes) -> Callable[[], bytes]:
    """One honest triangle, and lines after it."""
    return lambda: TRIANGLE + b"f 1 2 3\n" + text + b"\n"


def fan(count: int) -> bytes:
    """A cone: all its faces meet at the tip."""
    rim = b"".join(
        b"v %.6f %.6f 0\n" % (math.cos(turn), math.sin(turn))
        for turn in (math.tau * place / count for place in range(count))
    )
    sides = b"".join(b"f 1 %d %d\n" % (n + 2, (n + 1) % count + 2) for n in range(count))
    return b"v 0 0 1\n" + rim + sides


def vertex(text: bytes) -> Callable[[], bytes]:
    """A fourth vertex as told, and faces that use it."""
    return lambda: TRIANGLE + b"v " + text + b"\nf 1 2 3\nf 2 3 4\n"


def lines(text: bytes) -> Callable[[], bytes]:
    """An honest head with lines before it."""
    return lambda: text + b"\n" + HEAD


def linked(line: bytes) -> Capture:
    """A head whose material, and whose material's picture, lie somewhere else."""
    library = (
        b"newmtl skin\nmap_Kd " + line + b"\nmap_bump " + line + b"\nrefl -type sphere " + line
    )
    return Capture(lines(b"mtllib " + line), READ, more=[material(library), texture(photo("JPEG"))])


OBJ: dict[str, Capture] = {
    "an index of nine nines": Capture(faces(b"f 1 2 999999999"), UNREADABLE),
    "an index of thirty digits": Capture(faces(b"f 1 2 " + b"9" * 30), UNREADABLE),
    "an index of a megabyte": Capture(faces(b"f 1 2 " + b"9" * 1_000_000), UNREADABLE),
    "an index with a point": Capture(faces(b"f 1.5 2 3"), UNREADABLE),
    "an index in hexadecimal": Capture(faces(b"f 0x1 2 3"), UNREADABLE),
    "an index in other digits": Capture(faces("f １ ２ ３".encode()), UNREADABLE),
    "an index with two signs": Capture(faces(b"f --1 2 3"), UNREADABLE),
    "an index that is a sign": Capture(faces(b"f - 2 3"), UNREADABLE),
    "a minus behind the number": Capture(faces(b"f 1- 2 3"), UNREADABLE),
    "nothing but slashes": Capture(faces(b"f / / /"), UNREADABLE),
    "four numbers in a corner": Capture(faces(b"f 1/1/1/1 2/2/1/1 3/3/1/1"), UNREADABLE),
    "a million slashes": Capture(faces(b"f 1" + b"/" * 1_000_000 + b" 2 3"), UNREADABLE),
    "a texture index out of range": Capture(faces(b"f 1/1 2/2 3/9"), UNREADABLE),
    "a normal index out of range": Capture(faces(b"f 1//1 2//1 3//2"), UNREADABLE),
    "a negative texture index too far back": Capture(faces(b"f 1/-1 2/-2 3/-4"), UNREADABLE),
    "a zero among texture indices": Capture(faces(b"f 1/0 2/1 3/1"), UNREADABLE),
    "a face of two corners": Capture(faces(b"f 1 2"), UNREADABLE),
    "a face of none": Capture(faces(b"f"), UNREADABLE, [DAMAGED]),
    "a face of words": Capture(faces(b"f " + MARK), UNREADABLE),
    "more faces than a scan has": Capture(lambda: TRIANGLE + b"f 1 2 3\n" * 2_000_001, TOO_LARGE),
    "the same face a million times": Capture(lambda: TRIANGLE + b"f 1 2 3\n" * 1_000_000, READ),
    "a million faces, all there already": Capture(
        lambda: HEAD + b"f 1 2 30\nf 2 30 1\nf 30 1 2\n" * 300_000, READ
    ),
    "sixty thousand faces round one corner": Capture(lambda: fan(60_000), DAMAGED),
    "not a number in words": Capture(vertex(b"nan(0x1) 0 0"), UNREADABLE),
    "infinity in words": Capture(vertex(b"-Infinity 0 0"), UNREADABLE),
    "a number beyond floats": Capture(vertex(b"1e39 0 0"), UNREADABLE),
    "a number beyond doubles": Capture(vertex(b"1e400 0 0"), UNREADABLE),
    "a number that fills a megabyte": Capture(
        vertex(b"1" * 1_000_000 + b" 0 0"), UNREADABLE, [TOO_LARGE, DAMAGED]
    ),
    "a number with a comma": Capture(vertex(b"1,5 0 0"), UNREADABLE),
    "a number of signs": Capture(vertex(b"+-+ 0 0"), UNREADABLE),
    "a number of points": Capture(vertex(b"1.2.3 0 0"), UNREADABLE),
    "a word for a number": Capture(vertex(MARK + b" 0 0"), UNREADABLE),
    "a byte that is no text": Capture(vertex(b"\xff\xfe 0 0"), UNREADABLE),
    "NUL between numbers": Capture(vertex(b"1\0002 0 0"), UNREADABLE, [OTHER]),
    "a vertex of one number": Capture(vertex(b"1"), UNREADABLE),
    "all vertices in one place": Capture(
        lambda: b"v 1 1 1\n" * 4 + b"f 1 2 3\nf 2 3 4\n", UNREADABLE, [DAMAGED, EMPTY]
    ),
    "points without faces": Capture(lambda: TRIANGLE + b"p 1 2 3\nl 1 2\n", EMPTY),
    "curves and surfaces": Capture(
        lambda: b"vp 0 1\nv 0 0 0\ncstype bezier\ndeg 3 3\nsurf 0 1 0 1 1\nend\n", EMPTY
    ),
    "a hundred thousand groups": Capture(
        lines(b"\n".join(b"g %d" % n for n in range(100_000))), READ
    ),
    "twenty thousand materials": Capture(
        lines(b"\n".join(b"usemtl m%d" % n for n in range(20_000))), READ
    ),
    "a line of ten megabytes": Capture(lines(b"# " + b"x" * 10_000_000), READ, [OTHER]),
    "a million empty lines": Capture(lines(b"\n" * 1_000_000), READ),
    "lines that go on and on": Capture(
        lines(b"# \\\n" * 100_000), READ, [UNREADABLE, DAMAGED, OTHER]
    ),
    "a command to read a file": Capture(lines(b"call ../../../etc/passwd"), READ),
    "a command to run a program": Capture(lines(b"csh cat /etc/passwd"), READ),
    "names that tell of a person": Capture(
        lines(b"# " + MARK + b"\no " + MARK + b"\ng " + MARK), READ
    ),
    "a text in UTF-16": Capture(lambda: HEAD.decode().encode("utf-16"), OTHER, [EMPTY, UNREADABLE]),
    "a mark before a comment": Capture(lines("\ufeff# scan".encode()), READ),
}

LINKS: dict[str, Capture] = {
    f"a picture {where}": linked(line)
    for where, line in {
        "above the capture": b"../../../../etc/passwd",
        "at an absolute place": b"/etc/passwd",
        "at an address": b"https://example.org/" + MARK,
        "behind a pipe": b"|cat /etc/passwd",
        "on another machine": b"\\\\server\\share\\" + MARK,
        "on a drive": b"C:\\" + MARK + b".png",
        "in the file itself": b"data:image/png;base64,iVBORw0KGgo=",
        "with options": b"-s 1e9 1e9 1e9 -o nan nan nan -mm 0 1e99 x.png",
        "of no text": b"\xff\xfe\xfd",
        "with a name of a megabyte": b"x" * 1_000_000,
    }.items()
} | {
    "a material of two hundred thousand lines": Capture(
        lambda: HEAD, READ, more=[material(b"newmtl x\n" * 200_000)]
    ),
    "a material that is a program": Capture(
        lambda: HEAD, READ, more=[material(b"\x7fELF" + bytes(range(256)) * 100)]
    ),
}

OTHERS: dict[str, Capture] = {
    f"{what} by the name of a mesh": Capture(lambda head=head: head, OTHER)  # type: ignore[misc]
    for what, head in {
        "a page": b"<!doctype html><title>" + MARK,
        "a drawing": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "a document": b"%PDF-1.7\n" + MARK,
        "a scene in XML": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM '/etc/passwd'>]>",
        "a film maker's scene": b"Kaydara FBX Binary  \0\x1a\0" + bytes(99),
        "a Python object": b"\x80\x04c__builtin__\nexec\n.",
        "a program": b"\x7fELF\2\1\1" + bytes(99),
        "a packed file": b"\x1f\x8b\x08\0" + bytes(99),
        "a scripted file": b"#!/bin/sh\ncat /etc/passwd\n",
    }.items()
}


GROUPS = (OBJ, LINKS, OTHERS)
CASES: dict[str, Capture] = {name: case for group in GROUPS for name, case in group.items()}
assert len(CASES) == sum(map(len, GROUPS))
