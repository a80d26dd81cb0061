"""Textures and overlays built to swell, to stall, to crash a decoder or to carry what must not."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from scans.conversion import ErrorCode
from tests.hostile.outcome import MARKER
from tests.hostile.pictures import (
    GREY,
    PALETTE,
    PNG_SIGNATURE,
    RGB,
    chunk,
    jpeg_segments,
    many_scans,
    photo,
    png,
    segment,
    with_segment,
)
from tests.hostile.zips import Member, zip_bytes

READ, UNREADABLE, TOO_LARGE = None, ErrorCode.UNREADABLE_IMAGE, ErrorCode.TOO_LARGE
MARK = MARKER.encode()
MIB = 1 << 20


@dataclass(frozen=True)
class Picture:
    """A file and how a conversion with it ends: an error code, or None for a result."""

    build: Callable[[], bytes]
    end: ErrorCode | None


def text_chunk(kind: bytes, bomb: int) -> bytes:
    packed = zlib.compress(bytes(bomb))
    match kind:
        case b"zTXt":
            return chunk(kind, b"Comment\0\0" + packed)
        case b"iTXt":
            return chunk(kind, b"Comment\0\1\0\0\0" + packed)
        case _:
            return chunk(kind, b"profile\0\0" + packed)


def animated(kind: str, frames: int) -> bytes:
    file = io.BytesIO()
    first, *others = (Image.new("RGB", (32, 32), (n % 256, 0, 0)) for n in range(frames))
    first.save(file, kind, save_all=True, append_images=others)
    return file.getvalue()


def webp_of(width: int, height: int) -> bytes:
    """A lossless WebP whose header tells a size that its few bytes do not hold."""
    size = (width - 1) | (height - 1) << 14
    body = b"\x2f" + struct.pack("<I", size) + bytes(20)
    head = b"VP8L" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(head)) + b"WEBP" + head


def sized_jpeg(width: int, height: int) -> bytes:
    """A JPEG whose frame tells another size than its scan holds."""
    whole = photo("JPEG")
    frame = next(content for marker, content in jpeg_segments(whole) if marker == 0xC0)
    return whole.replace(frame[:5], struct.pack(">BHH", 8, height, width), 1)


def without(data: bytes, marker: int) -> bytes:
    """A JPEG that lacks its segments of one kind."""
    for found, content in jpeg_segments(data):
        if found == marker:
            data = data.replace(segment(marker, content), b"", 1)
    return data


SIZES: dict[str, Picture] = {
    "a picture of four billion squared": Picture(
        lambda: png(2**31 - 1, 2**31 - 1, data=b""), TOO_LARGE
    ),
    "a picture beyond four billion": Picture(
        lambda: png(2**32 - 1, 2**32 - 1, data=b""), TOO_LARGE
    ),
    "a line of a hundred million": Picture(lambda: png(100_000_000, 1, data=b""), TOO_LARGE),
    "a column of a hundred million": Picture(lambda: png(1, 100_000_000, data=b""), TOO_LARGE),
    "a huge picture in colour": Picture(
        lambda: png(9000, 9000, color=RGB, depth=16, data=b""), TOO_LARGE
    ),
    "a picture of no width": Picture(lambda: png(0, 64, data=b""), UNREADABLE),
    "a picture of no height": Picture(lambda: png(64, 0, data=b""), UNREADABLE),
    "a JPEG of a billion pixels": Picture(lambda: sized_jpeg(32000, 32000), TOO_LARGE),
    "a JPEG of no height": Picture(lambda: sized_jpeg(64, 0), UNREADABLE),
    "a WebP of a quarter billion pixels": Picture(lambda: webp_of(16384, 16384), TOO_LARGE),
    "one pixel": Picture(lambda: png(1, 1), READ),
    "a line": Picture(lambda: png(20_000, 1), READ),
    "a column": Picture(lambda: png(1, 20_000), READ),
    "pixels that swell a thousandfold": Picture(lambda: png(7000, 7000), READ),
    "more pixels than the header tells": Picture(
        lambda: png(8, 8, data=zlib.compress(bytes(16 * MIB), 9)), READ
    ),
    "fewer pixels than the header tells": Picture(
        lambda: png(800, 800, data=zlib.compress(bytes(100))), UNREADABLE
    ),
}

TIME: dict[str, Picture] = {
    "a JPEG of ten thousand scans": Picture(lambda: many_scans(8192, 10_000), UNREADABLE),
    "a small JPEG of a hundred thousand scans": Picture(
        lambda: many_scans(64, 100_000), UNREADABLE
    ),
    "a JPEG of a dozen scans": Picture(lambda: many_scans(512, 12), READ),
    "ten thousand empty chunks": Picture(lambda: png(8, 8, before=[chunk(b"teSt")] * 10_000), READ),
    "ten thousand empty pixel chunks": Picture(
        lambda: png(8, 8, before=[chunk(b"IDAT")] * 10_000), READ
    ),
    "ten thousand segments": Picture(lambda: _commented(10_000), READ),
    "an animation of a thousand frames": Picture(lambda: animated("PNG", 1000), READ),
    "an animated WebP": Picture(lambda: animated("WEBP", 200), READ),
    "woven pixels": Picture(
        lambda: png(64, 64, interlace=1, data=zlib.compress(bytes(9000))), READ
    ),
}


def _commented(times: int) -> bytes:
    whole = photo("JPEG")
    return whole[:2] + segment(0xFE, MARK) * times + whole[2:]


BOMBS: dict[str, Picture] = {
    "a packed text that swells": Picture(
        lambda: png(8, 8, before=[text_chunk(b"zTXt", 16 * MIB)]), UNREADABLE
    ),
    "an international text that swells": Picture(
        lambda: png(8, 8, before=[text_chunk(b"iTXt", 16 * MIB)]), UNREADABLE
    ),
    "a colour profile that swells": Picture(
        lambda: png(8, 8, before=[text_chunk(b"iCCP", 16 * MIB)]), UNREADABLE
    ),
    "a hundred texts that swell together": Picture(
        lambda: png(8, 8, before=[text_chunk(b"zTXt", 900_000)] * 100), UNREADABLE
    ),
    "a chunk of four gigabytes": Picture(
        lambda: png(8, 8, before=[chunk(b"tEXt", b"a\0b", length=2**32 - 1)]), UNREADABLE
    ),
    "a chunk of less than nothing": Picture(
        lambda: png(8, 8, before=[chunk(b"tEXt", b"a\0b", length=2**31)]), UNREADABLE
    ),
    "a segment that ends behind the file": Picture(
        lambda: with_segment(photo("JPEG"), 0xE1, b"Exif\0\0", length=65535), UNREADABLE
    ),
    "a segment shorter than its length": Picture(
        lambda: with_segment(photo("JPEG"), 0xE1, b"Exif\0\0", length=0), READ
    ),
    "camera data that run in a circle": Picture(
        lambda: with_segment(
            photo("JPEG"), 0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\1\0\0\0\x08\0\0\0"
        ),
        READ,
    ),
    "camera data that point outside": Picture(
        lambda: with_segment(photo("JPEG"), 0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7f"), READ
    ),
    "a profile in parts that do not fit": Picture(
        lambda: with_segment(photo("JPEG"), 0xE2, b"ICC_PROFILE\0\x07\x02" + bytes(200)), READ
    ),
    "several pictures that are none": Picture(
        lambda: with_segment(photo("JPEG"), 0xE2, b"MPF\0II*\0\xff\xff\xff\x7f" + bytes(40)), READ
    ),
}

DAMAGED: dict[str, Picture] = {
    "nothing": Picture(lambda: b"", UNREADABLE),
    "a JPEG's first two bytes": Picture(lambda: b"\xff\xd8", UNREADABLE),
    "a PNG's signature": Picture(lambda: PNG_SIGNATURE, UNREADABLE),
    "a WebP's head": Picture(lambda: b"RIFF\xff\xff\xff\xffWEBP", UNREADABLE),
    "a JPEG cut in the middle": Picture(
        lambda: photo("JPEG", 256)[: len(photo("JPEG", 256)) // 2], UNREADABLE
    ),
    "a PNG cut in the middle": Picture(
        lambda: photo("PNG", 256)[: len(photo("PNG", 256)) // 2], UNREADABLE
    ),
    "a WebP cut in the middle": Picture(
        lambda: photo("WEBP", 256)[: len(photo("WEBP", 256)) // 2], UNREADABLE
    ),
    "a PNG with a wrong checksum": Picture(
        lambda: png(8, 8).replace(b"IDAT" + zlib.compress(bytes(72))[:2], b"IDATxx"), UNREADABLE
    ),
    "a PNG of noise": Picture(lambda: png(8, 8, data=bytes(range(200))), UNREADABLE),
    "a PNG without pixels": Picture(lambda: png(8, 8, data=b""), UNREADABLE),
    "a palette without colours": Picture(lambda: png(8, 8, color=PALETTE), UNREADABLE),
    "a picture of eleven bits": Picture(lambda: png(8, 8, depth=11, data=b""), UNREADABLE),
    "a picture of no known colours": Picture(lambda: png(8, 8, color=5, data=b""), UNREADABLE),
    "a JPEG without tables": Picture(lambda: without(photo("JPEG"), 0xDB), UNREADABLE),
    "a JPEG without codes": Picture(lambda: without(photo("JPEG"), 0xC4), READ),
    "a JPEG that begins twice": Picture(lambda: b"\xff\xd8" + photo("JPEG"), UNREADABLE),
}

DISGUISED: dict[str, Picture] = {
    f"a {kind} by the name of a JPEG": Picture(lambda kind=kind: photo(kind), UNREADABLE)  # type: ignore[misc]
    for kind in ("TIFF", "BMP", "GIF", "ICO", "PPM", "TGA", "EPS", "PDF", "JPEG2000", "AVIF", "SGI")
} | {
    "a Photoshop file": Picture(
        lambda: b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 99999, 99999, 8, 3) + bytes(40),
        UNREADABLE,
    ),
    "a telescope's file": Picture(
        lambda: b"SIMPLE  =                    T".ljust(80) + b"END".ljust(2800), UNREADABLE
    ),
    "a drawing with a script": Picture(
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        UNREADABLE,
    ),
    "a drawing that reads a file": Picture(
        lambda: b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
        UNREADABLE,
    ),
    "a page": Picture(lambda: b"<!doctype html><title>" + MARK, UNREADABLE),
    "an archive": Picture(lambda: zip_bytes([Member(b"x.jpg", photo("JPEG"))]), UNREADABLE),
    "a program": Picture(lambda: b"\x7fELF" + bytes(200), UNREADABLE),
    "a picture that is an archive too": Picture(
        lambda: photo("JPEG") + zip_bytes([Member(MARK, MARK)]), READ
    ),
    "a picture that is a page too": Picture(
        lambda: photo("PNG") + b"<script>/*" + MARK + b"*/</script>", READ
    ),
    "a picture that is a program too": Picture(
        lambda: with_segment(photo("JPEG"), 0xFE, b"*/=alert('" + MARK + b"')/*"), READ
    ),
    "a comment that is a page": Picture(
        lambda: with_segment(photo("JPEG"), 0xFE, b"<?php system('" + MARK + b"'); ?>"), READ
    ),
}

COLOURS: dict[str, Picture] = {
    "four inks": Picture(lambda: photo("JPEG", mode="CMYK"), READ),
    "sixteen bits of grey": Picture(
        lambda: png(8, 8, depth=16, data=zlib.compress(bytes(17 * 8))), READ
    ),
    "sixteen bits of each colour": Picture(
        lambda: png(8, 8, depth=16, color=RGB, data=zlib.compress(bytes(49 * 8))), READ
    ),
    "one bit": Picture(lambda: png(8, 8, depth=1), READ),
    "a palette with holes": Picture(lambda: photo("PNG", mode="P", transparency=0), READ),
    "grey with holes": Picture(lambda: photo("PNG", mode="LA"), READ),
    "colours with holes": Picture(lambda: photo("WEBP", mode="RGBA"), READ),
    "floating point in disguise": Picture(lambda: photo("TIFF", mode="F"), UNREADABLE),
    "grey as the header tells": Picture(lambda: png(16, 16, color=GREY), READ),
}

GROUPS = (SIZES, TIME, BOMBS, DAMAGED, DISGUISED, COLOURS)
CASES: dict[str, Picture] = {name: case for group in GROUPS for name, case in group.items()}
assert len(CASES) == sum(map(len, GROUPS))
