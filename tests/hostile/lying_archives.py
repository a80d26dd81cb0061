"""ZIP files whose fields contradict each other, and manifests in them that lie."""

from __future__ import annotations

import struct

from scans.folder import Damaged, ExportRefused
from tests.hostile.archives import (
    BROKEN,
    CONTRACT,
    CUT,
    FACE,
    FAR_MORE,
    INCOMPLETE,
    LOCKED,
    MIB,
    NO_JSON,
    NO_MANIFEST,
    NO_ZIP,
    PACKED,
    SAME_NAME,
    TOO_LONG,
    TOO_MANY,
    TWICE,
    Archive,
    Refused,
    Taken,
    face,
    honest,
    manifest_with,
    of,
    with_manifest,
)
from tests.hostile.outcome import MARKER
from tests.hostile.zips import (
    ENCRYPTED,
    PATCHED,
    STORED,
    STRONG,
    Member,
    deflated,
    lying,
    zip64_sizes,
    zip_bytes,
)
from tests.scans.exports import MESH, entry, manifest

LIES: dict[str, Archive] = {
    "a wrong checksum": Archive(of(honest(), face(crc=0xDEADBEEF)), BROKEN),
    "a wrong checksum of the manifest": Archive(
        of(lying(honest(), crc=0xDEADBEEF), face()), BROKEN
    ),
    "a stream cut short": Archive(of(honest(), face(body=deflated(MESH)[:-9])), BROKEN),
    "a stream of noise": Archive(of(honest(), face(body=bytes(range(7, 200)))), BROKEN),
    "a stream that ends too early": Archive(of(honest(), face(body=deflated(MESH[:100]))), BROKEN),
    "stored bytes fewer than said": Archive(
        of(honest(), face(method=STORED, body=MESH[:50], packed_size=50)), BROKEN
    ),
    "an unknown packing": Archive(of(honest(), face(method=97, body=b"?")), PACKED),
    "the packing of a phone": Archive(
        of(honest(), face(method=93, body=b"\x28\xb5\x2f\xfd")), PACKED
    ),
    "a member with a password": Archive(of(honest(), face(flags=ENCRYPTED)), LOCKED),
    "a member with a certificate": Archive(of(honest(), face(flags=ENCRYPTED | STRONG)), LOCKED),
    "a patch of another file": Archive(of(honest(), face(flags=PATCHED)), BROKEN),
    "a version of the future": Archive(of(honest(), face(needs_version=99)), NO_ZIP),
    "a member before the file": Archive(
        of(honest(), face(extra=zip64_sizes(2**64 - 1), offset=2**32 - 1)), BROKEN
    ),
    "a member behind the file": Archive(of(honest(), face(offset=2**31)), BROKEN),
    "a member in another galaxy": Archive(
        of(honest(), face(extra=zip64_sizes(2**62), offset=2**32 - 1)), BROKEN
    ),
    "a member at the directory": Archive(of(honest(), face(offset=10_000)), BROKEN),
    "extra fields cut short": Archive(
        of(honest(), face(size=2**32 - 1, extra=struct.pack("<2HL", 1, 8, 0))), NO_ZIP
    ),
    "a directory before the file": Archive(of(honest(), face(), directory_offset=2**31), NO_ZIP),
    "a directory longer than the file": Archive(
        of(honest(), face(), directory_bytes=200_000), NO_ZIP
    ),
    "a program before the archive": Archive(
        of(honest(), face(), before=b"MZ" + b"\x90" * 4096), Taken()
    ),
    "an archive cut off": Archive(lambda: zip_bytes([honest(), face()])[:-30], CUT),
    "the front half of an archive": Archive(lambda: zip_bytes([honest(), face()])[:200], CUT),
    "nothing but an end": Archive(of(), NO_MANIFEST),
    "no archive at all": Archive(lambda: b"%PDF-1.7\n" + bytes(4000), CUT),
    "an empty file": Archive(lambda: b"", CUT),
    "a second end with other numbers": Archive(of(honest(), face(), zip64=(2, 2**40, 0)), TOO_MANY),
    "a second end with a million entries": Archive(
        of(honest(), face(), zip64=(10**6, 100, 0)), TOO_MANY
    ),
    "a second end beyond all numbers": Archive(
        of(honest(), face(), zip64=(2, 2**64 - 1, 2**64 - 1)), TOO_MANY
    ),
}

MANIFESTS: dict[str, Archive] = {
    "no manifest": Archive(of(face()), NO_MANIFEST),
    "two manifests": Archive(of(honest(), honest(), face()), SAME_NAME),
    "a manifest in each folder": Archive(
        of(honest(), face(), Member(b"old/MANIFEST.JSON", b"{}")), SAME_NAME
    ),
    "a manifest of megabytes": Archive(with_manifest(manifest_with(x="ab" * MIB)), FAR_MORE),
    "a stored manifest of megabytes": Archive(
        of(Member(b"manifest.json", b"{" + b" " * 2 * MIB, method=STORED), face()), TOO_LONG
    ),
    "an empty manifest": Archive(with_manifest(b""), NO_JSON),
    "a manifest that is a page": Archive(with_manifest(b"<html>" + MARKER.encode()), NO_JSON),
    "a manifest that is a program": Archive(with_manifest(b"!!python/object:os.system"), NO_JSON),
    "a manifest in UTF-16": Archive(
        with_manifest(manifest(entry(FACE, MESH)).decode().encode("utf-16")), Taken()
    ),
    "a manifest nested ten thousand deep": Archive(with_manifest(b"[" * 10_000), NO_JSON),
    "objects nested ten thousand deep": Archive(with_manifest(b'{"a":' * 10_000), NO_JSON),
    "a key given twice": Archive(
        with_manifest(b'{"scan_id":"a",' + manifest(entry(FACE, MESH))[1:]), NO_JSON
    ),
    "a key given twice further in": Archive(
        with_manifest(manifest(entry(FACE, MESH)).replace(b'"bytes":', b'"bytes": 1, "bytes":')),
        NO_JSON,
    ),
    "not a number": Archive(
        with_manifest(manifest(entry(FACE, MESH)).replace(str(len(MESH)).encode(), b"NaN")), NO_JSON
    ),
    "numbers of five thousand digits": Archive(
        with_manifest(
            manifest_with(assets=[entry(FACE, MESH, bytes=0)]).replace(
                b'"bytes": 0', b'"bytes": ' + b"9" * 5000
            )
        ),
        NO_JSON,
    ),
    "a size of minus one": Archive(with_manifest(manifest(entry(FACE, MESH, bytes=-1))), CONTRACT),
    "a size one too small": Archive(
        with_manifest(manifest(entry(FACE, MESH, bytes=len(MESH) - 1))), INCOMPLETE
    ),
    "a size one too large": Archive(
        with_manifest(manifest(entry(FACE, MESH, bytes=len(MESH) + 1))), INCOMPLETE
    ),
    "a checksum of other bytes": Archive(
        with_manifest(manifest(entry(FACE, MESH, sha256="0" * 64))),
        Refused(Damaged, "its checksum is another"),
    ),
    "a checksum in capitals": Archive(
        with_manifest(manifest(entry(FACE, MESH, sha256="AB" * 32))), CONTRACT
    ),
    "a checksum of another kind": Archive(
        with_manifest(manifest(entry(FACE, MESH, sha256="md5:" + "0" * 60))), CONTRACT
    ),
    "a file that is not there": Archive(
        with_manifest(manifest(entry(FACE, MESH), entry("ghost.obj", MESH))), INCOMPLETE
    ),
    "a file that is the manifest": Archive(
        with_manifest(manifest(entry(FACE, MESH), entry("Manifest.JSON", b"x"))), TWICE
    ),
    "a file under two spellings": Archive(
        with_manifest(manifest(entry("ä.obj", MESH), entry("a\u0308.obj", MESH))), TWICE
    ),
    "files that are too much together": Archive(
        with_manifest(
            manifest(entry(FACE, MESH, bytes=199 * MIB), entry("b.obj", MESH, bytes=199 * MIB))
        ),
        Refused(ExportRefused, "larger than a scan"),
    ),
}

CASES: dict[str, Archive] = LIES | MANIFESTS
assert len(CASES) == len(LIES) + len(MANIFESTS)
