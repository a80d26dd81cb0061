"""Pictures that tell of a person beside their pixels, in every place a format has for it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from tests.hostile.outcome import MARKER
from tests.hostile.pictures import chunk, photo, png, with_segment

MARK = MARKER.encode()
_GPS, _MAKER_NOTE, _XP_AUTHOR = 0x8825, 0x927C, 0x9C9D


def exif() -> bytes:
    """Where, by whom and of whom: camera data with a position, an author and a maker's note."""
    data = Image.Exif()
    data[0x010E] = f"{MARKER} in the description"
    data[0x013B] = f"{MARKER} as the artist"
    data[_XP_AUTHOR] = f"{MARKER} in wide letters".encode("utf-16-le")
    data.get_ifd(0x8769)[_MAKER_NOTE] = MARK * 20
    position = data.get_ifd(_GPS)
    position[1], position[2] = "N", (52.0, 31.0, 12.0)
    position[29] = MARKER
    return data.tobytes()


def profile() -> bytes:
    """A colour profile whose description is a name."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made += MARK.ljust(64)
    made[:4] = struct.pack(">I", len(made))
    return bytes(made)


def xmp() -> bytes:
    return b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><dc:creator>" + MARK + b"</dc:creator></x:xmpmeta>"


def texts() -> PngInfo:
    info = PngInfo()
    info.add_text("Comment", MARKER)
    info.add_itxt("Author", MARKER, "de", "Verfasser")
    return info


def newspaper() -> bytes:
    """IPTC data in a Photoshop resource: a caption and a by-line."""
    record = b"".join(
        struct.pack(">BBBH", 0x1C, 2, kind, len(MARK)) + MARK for kind in (0x50, 0x78, 0x69)
    )
    return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record


def preview() -> bytes:
    """A small picture within the picture, which itself has a comment."""
    inner = photo("JPEG", 32, comment=MARK)
    head = struct.pack("<2sHIHHHI", b"II", 42, 8, 2, 0x0201, 4, 1)
    head += struct.pack("<IHHII", 38, 0x0202, 4, 1, len(inner)) + bytes(4)
    return b"Exif\0\0" + head.ljust(38, b"\0") + inner


def frames() -> bytes:
    """Several pictures in one file, of which only the first is asked for."""
    file = io.BytesIO()
    first, *others = (Image.new("RGB", (32, 32), (n, n, n)) for n in range(3))
    first.save(file, "WEBP", save_all=True, append_images=others, exif=exif(), xmp=xmp())
    return file.getvalue()


SECRETS: dict[str, Callable[[], bytes]] = {
    "camera data in a JPEG": lambda: photo("JPEG", exif=exif()),
    "camera data in a PNG": lambda: photo("PNG", exif=exif()),
    "camera data in a WebP": lambda: photo("WEBP", exif=exif()),
    "a comment in a JPEG": lambda: photo("JPEG", comment=MARK),
    "a profile in a JPEG": lambda: photo("JPEG", icc_profile=profile()),
    "a profile in a WebP": lambda: photo("WEBP", icc_profile=profile()),
    "a document's data in a JPEG": lambda: with_segment(
        photo("JPEG"), 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp()
    ),
    "a document's data in a WebP": lambda: photo("WEBP", xmp=xmp()),
    "a newspaper's data in a JPEG": lambda: with_segment(photo("JPEG"), 0xED, newspaper()),
    "a preview in a JPEG": lambda: with_segment(photo("JPEG"), 0xE1, preview()),
    "texts in a PNG": lambda: photo("PNG", pnginfo=texts()),
    "a text behind a PNG's pixels": lambda: png(8, 8, after=[chunk(b"tEXt", b"Comment\0" + MARK)]),
    "a chunk of a PNG's own": lambda: png(8, 8, before=[chunk(b"prVt", MARK)]),
    "a time and a place in a PNG": lambda: png(
        8, 8, before=[chunk(b"tIME", b"\x07\xe9\1\1\1\1\1"), chunk(b"eXIf", exif()[6:])]
    ),
    "a name behind the end of a PNG": lambda: photo("PNG") + MARK,
    "a name behind the end of a JPEG": lambda: photo("JPEG") + MARK,
    "a name behind the pixels in their stream": lambda: png(
        8, 8, data=zlib.compress(bytes(72) + MARK, 0)
    ),
    "several frames of a WebP": frames,
}
