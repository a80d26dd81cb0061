"""ZIP files in a watched folder, built to get out of it, to swell, to lie or to confuse."""

from __future__ import annotations

import json
import random
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scans.errors import SourceError
from scans.folder import Damaged, ExportRefused, NotThere
from scans.folder.limits import MAX_BYTES, MAX_FILES
from tests.hostile.outcome import MARKER
from tests.hostile.zips import (
    STORED,
    Member,
    deflated,
    lying,
    zip64_sizes,
    zip_bytes,
)
from tests.scans.exports import MESH, entry, manifest

FACE = f"{MARKER}.obj"
MIB = 1 << 20


@dataclass(frozen=True)
class Refused:
    """Ends in this error, whose sentence holds these words."""

    error: type[SourceError]
    words: str


@dataclass(frozen=True)
class Taken:
    """Is read as these files and no others."""

    files: tuple[tuple[str, bytes], ...] = ((FACE, MESH),)


@dataclass(frozen=True)
class Archive:
    build: Callable[[], bytes]
    end: Refused | Taken


FAR_MORE = Refused(ExportRefused, "unpacks to far more")
TOO_MUCH = Refused(ExportRefused, "more than a scan")
TOO_MANY = Refused(ExportRefused, "too many files")
UNUSABLE = Refused(ExportRefused, "without a usable name")
SAME_NAME = Refused(ExportRefused, "two files of the same name")
LINK = Refused(ExportRefused, "a link, a device or a pipe")
LOCKED = Refused(ExportRefused, "encrypted")
PACKED = Refused(ExportRefused, "packed in a way")
TWICE = Refused(ExportRefused, "names a file twice")
NO_JSON = Refused(ExportRefused, "not readable JSON")
CONTRACT = Refused(ExportRefused, "breaks the contract")
TOO_LONG = Refused(ExportRefused, "far too long")
NO_MANIFEST = Refused(NotThere, "no manifest")
INCOMPLETE = Refused(NotThere, "not complete")
NO_ZIP = Refused(NotThere, "damaged, or not complete")
CUT = Refused(NotThere, "not complete yet")
BROKEN = Refused(Damaged, "damaged")
LONGER = Refused(Damaged, "longer")
SHORTER = Refused(Damaged, "shorter")


def honest(name: str = FACE, data: bytes = MESH) -> Member:
    """The manifest of one mesh, and nothing that is wrong."""
    return Member(b"manifest.json", manifest(entry(name, data)))


def face(**fields: Any) -> Member:
    return lying(Member(FACE.encode(), MESH), **fields)


def named(name: bytes | str) -> Callable[[], bytes]:
    """The mesh under another name in the archive than in the manifest."""
    raw = name.encode() if isinstance(name, str) else name
    return lambda: zip_bytes([honest(), face(name=raw)])


def with_manifest(content: bytes, *more: Member) -> Callable[[], bytes]:
    return lambda: zip_bytes([Member(b"manifest.json", content), face(), *more])


def of(*members: Member, **ends: Any) -> Callable[[], bytes]:
    return lambda: zip_bytes(members, **ends)


def bomb(megabytes: int) -> Member:
    return Member(b"bomb.bin", bytes(megabytes * MIB))


def kernel(copies: int) -> Sequence[Member]:
    """Many names for one packed body: the archive is small, what it holds is not."""
    first = Member(b"0.bin", random.Random(1).randbytes(500_000), method=STORED)
    return [
        first,
        *(lying(first, name=b"%d.bin" % number, twin=0) for number in range(1, copies)),
    ]


def manifest_with(**replaced: Any) -> bytes:
    return json.dumps(json.loads(manifest(entry(FACE, MESH))) | replaced).encode()


def nested(depth: int) -> bytes:
    inner = zip_bytes([honest(), face()])
    for _ in range(depth):
        inner = zip_bytes([Member(b"inner.zip", inner)])
    return inner


NAMES: dict[str, Archive] = {
    "a name that climbs out": Archive(named(f"../../../../{FACE}"), Taken()),
    "a name that climbs out and in again": Archive(named(f"a/../../b/./{FACE}"), Taken()),
    "an absolute name": Archive(named(f"/etc/cron.d/{FACE}"), Taken()),
    "a name on a drive": Archive(named(f"C:\\Windows\\{FACE}"), Taken()),
    "a name on another machine": Archive(named(f"\\\\server\\share\\{FACE}"), Taken()),
    "a drive without a folder": Archive(named(f"C:{FACE}"), INCOMPLETE),
    "nothing but a way up": Archive(of(honest(), face(), Member(b"../..", b"x")), Taken()),
    "backslashes and a way up": Archive(of(honest(), face(), Member(b"..\\..", b"x")), Taken()),
    "a name cut by NUL": Archive(named(f"{FACE}\0.exe"), Taken()),
    "two names alike up to NUL": Archive(
        of(honest(), face(), face(name=f"{FACE}\0.x".encode())), SAME_NAME
    ),
    "an empty name": Archive(of(honest(), face(), Member(b"", b"x")), UNUSABLE),
    "a name that turns around": Archive(named("\u202ejbo.1c7d-DETNALP"), INCOMPLETE),
    "line breaks and colours in a name": Archive(
        of(honest(), face(), Member(f"{MARKER}\r\n\x1b[31m.txt".encode(), b"x")), Taken()
    ),
    "a device's name": Archive(
        of(honest(), face(), Member(b"CON", b"x"), Member(b"NUL.txt", b"x")), Taken()
    ),
    "a stream of a file": Archive(named(f"{FACE}::$DATA"), INCOMPLETE),
    "a name too long for any disk": Archive(
        of(honest(), face(), Member(b"x" * 60_000, b"x")), Taken()
    ),
    "a name in broken UTF-8": Archive(of(honest(), face(), Member(b"\xff\xfe.txt", b"x")), NO_ZIP),
    "one name twice": Archive(of(honest(), face(), face()), SAME_NAME),
    "names that differ in capitals": Archive(
        of(honest(), face(), face(name=FACE.upper().encode())), SAME_NAME
    ),
    "names that differ in Unicode's form": Archive(
        of(honest(), face(), Member("ä.jpg".encode(), b"1"), Member("a\u0308.jpg".encode(), b"2")),
        SAME_NAME,
    ),
    "names that differ in folders": Archive(
        of(honest(), face(), face(name=f"copy/{FACE}".encode())), SAME_NAME
    ),
    "a local name that differs": Archive(of(honest(), face(local_name=b"innocent.obj")), BROKEN),
}

KINDS: dict[str, Archive] = {
    f"a member that is {what}": Archive(
        of(honest(), face(mode=mode | 0o777, data=b"/etc/passwd")), LINK
    )
    for what, mode in {
        "a link": stat.S_IFLNK,
        "a folder with content": stat.S_IFDIR,
        "a disk": stat.S_IFBLK,
        "a terminal": stat.S_IFCHR,
        "a socket": stat.S_IFSOCK,
    }.items()
} | {
    "a link as the manifest": Archive(
        of(Member(b"manifest.json", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), face()), LINK
    ),
    "a folder's name with content": Archive(
        of(honest(), face(), Member(b"folder/", b"hidden " * 99)), Taken()
    ),
    "rights of the superuser": Archive(of(honest(), face(mode=stat.S_IFREG | 0o6777)), Taken()),
}

SIZES: dict[str, Archive] = {
    "zeros by the megabyte": Archive(of(honest(), face(), bomb(16)), FAR_MORE),
    "a bomb as the manifest": Archive(of(lying(bomb(16), name=b"manifest.json")), FAR_MORE),
    "a bomb that says it is small": Archive(
        of(honest(FACE, MESH), face(body=deflated(bytes(16 * MIB)))), BROKEN
    ),
    "a bomb that says so nowhere": Archive(
        of(honest(), face(body=deflated(bytes(16 * MIB)), crc=0)), BROKEN
    ),
    "a bomb in small bombs": Archive(
        of(honest(), face(), *(lying(bomb(1), name=b"%d" % n) for n in range(9))), FAR_MORE
    ),
    "one body under many names": Archive(
        lambda: zip_bytes([honest(), face(), *kernel(150)]), FAR_MORE
    ),
    "members within one another": Archive(
        of(honest(), face(), Member(b"quote.bin", b"x", offset=60)),
        FAR_MORE,
    ),
    "an archive in an archive in an archive": Archive(lambda: nested(50), NO_MANIFEST),
    "a size of four gigabytes": Archive(
        of(honest(), face(), face(name=b"2", size=2**32 - 2)), TOO_MUCH
    ),
    "a size in exabytes": Archive(
        of(honest(), face(), face(name=b"2", size=2**32 - 1, extra=zip64_sizes(2**63))), TOO_MUCH
    ),
    "a packed size in exabytes": Archive(
        of(
            honest(),
            face(
                size=2**32 - 1,
                packed_size=2**32 - 1,
                extra=zip64_sizes(MAX_BYTES - MIB, 2**62),
            ),
        ),
        INCOMPLETE,
    ),
    "more members than a scan has": Archive(
        of(honest(), face(), *(Member(b"%d.txt" % n) for n in range(MAX_FILES))), TOO_MANY
    ),
    "ten thousand members": Archive(
        of(honest(), face(), *(Member(b"%d" % n) for n in range(10_000))), TOO_MANY
    ),
    "ten thousand hidden members": Archive(
        of(honest(), face(), *(Member(b".%d" % n) for n in range(10_000))), TOO_MANY
    ),
    "an end that tells of none of ten thousand": Archive(
        of(honest(), face(), *(Member(b"%d" % n) for n in range(10_000)), entries=2), TOO_MANY
    ),
    "a comment behind the end": Archive(of(honest(), face(), comment=b"x" * 60_000), CUT),
}

CASES: dict[str, Archive] = NAMES | KINDS | SIZES
assert len(CASES) == sum(map(len, (NAMES, KINDS, SIZES)))
