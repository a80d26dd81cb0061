"""Textures and overlays, decoded with care and encoded anew without anything but their pixels."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from PIL import Image

from . import processors
from .errors import ConversionError, ErrorCode

if TYPE_CHECKING:
    from .limits import ImageFormat

AT_ONCE = 2
"""How many pictures a conversion encodes side by side: each is held decoded meanwhile."""

_FORMATS = ("JPEG", "PNG", "WEBP")
_MEDIA_TYPES: dict[ImageFormat, str] = {"avif": "image/avif", "webp": "image/webp"}
# A scan of no bytes to speak of makes a decoder go over every block of the picture.
_SCAN_HEADER = b"\xff\xda"
_MOST_SCANS = 256  # a progressive picture has about ten
# More like skin than WebP of quality 80, in fewer bytes; the next slower speed takes twice as long
# to save none. The encoder's default tuning spends its bytes on what nobody sees in a texture.
_AVIF_QUALITY, _AVIF_FINE = 72, 84
_AVIF: dict[str, Any] = {"speed": 9, "advanced": {"tune": "psnr"}}
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I")


def media_type(image_format: ImageFormat) -> str:
    """The media type of an encoded image."""
    return _MEDIA_TYPES[image_format]


def limit_pixels(pixels: int) -> None:
    """Refuse larger images in this process: Pillow's own limit only warns up to twice its value."""
    Image.MAX_IMAGE_PIXELS = pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the header alone. Raises ConversionError."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            return image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ConversionError(ErrorCode.TOO_LARGE, where="image pixels") from error
    except Exception as error:  # each of Pillow's decoders has errors of its own
        raise ConversionError(ErrorCode.UNREADABLE_IMAGE, where=type(error).__name__) from error


def decode_texture(data: bytes, *, size: int) -> Image.Image:
    """An RGB image of at most ``size`` pixels on its longer edge.

    An orientation tag is not followed: texture coordinates count in stored pixels. Raises
    ConversionError: UNREADABLE_IMAGE, TOO_LARGE.
    """
    return _decode(data, size, draft=True, keep_grey=False)


def decode_overlay(data: bytes, *, size: int) -> Image.Image:
    """Like `decode_texture`, but a greyscale image stays one ("L"); 16 bits become eight."""
    return _decode(data, size, draft=False, keep_grey=True)


def decode_levels(data: bytes, *, size: int) -> Image.Image:
    """A greyscale image ("L") whose levels are names, not amounts: made smaller without mixing.

    Raises ConversionError: UNREADABLE_IMAGE, TOO_LARGE.
    """
    picture = _opened(data, draft_size=None, keep_grey=True).convert("L")
    if max(picture.size) > size:
        width, height = (max(1, edge * size // max(picture.size)) for edge in picture.size)
        picture = picture.resize((width, height), Image.Resampling.NEAREST)
    return _only_pixels(picture)


def exact(image: Image.Image) -> bytes:
    """WebP without loss, for levels that are names."""
    file = io.BytesIO()
    image.save(file, "WEBP", lossless=True, quality=100, method=4)
    return file.getvalue()


def _decode(data: bytes, size: int, *, draft: bool, keep_grey: bool) -> Image.Image:
    picture = _opened(data, draft_size=size if draft else None, keep_grey=keep_grey)
    picture.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _only_pixels(picture)


def _opened(data: bytes, *, draft_size: int | None, keep_grey: bool) -> Image.Image:
    if data.startswith(b"\xff\xd8") and data.count(_SCAN_HEADER) > _MOST_SCANS:
        raise ConversionError(ErrorCode.UNREADABLE_IMAGE, where="JPEG scans")
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if draft_size and image.format == "JPEG":
                # Decoding at a half, a quarter or an eighth saves most of the time and memory.
                image.draft("RGB", (draft_size, draft_size))
            image.load()
            if image.mode == "P" and image.palette is None:
                raise ConversionError(ErrorCode.UNREADABLE_IMAGE, where="no palette")
            return _flat(_eight_bits(image)) if keep_grey else _eight_bits(image).convert("RGB")
    except ConversionError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise ConversionError(ErrorCode.TOO_LARGE, where="image pixels") from error
    except Exception as error:  # each of Pillow's decoders has errors of its own
        raise ConversionError(ErrorCode.UNREADABLE_IMAGE, where=type(error).__name__) from error


def _eight_bits(image: Image.Image) -> Image.Image:
    # Pillow's own conversion cuts off all that is lighter than 255 of 65535.
    if image.mode in _SIXTEEN_BITS:
        return image.point(lambda level: level * (255 / 65535)).convert("L")
    return image


def _flat(image: Image.Image) -> Image.Image:
    if image.mode in ("1", "L"):
        return image.convert("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    # Where an overlay is transparent nothing was measured, which black stands for.
    rgba = image.convert("RGBA")
    black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
    flat = Image.alpha_composite(black, rgba)
    return flat.convert("L" if image.mode in ("LA", "La") else "RGB")


def _only_pixels(image: Image.Image) -> Image.Image:
    """A copy without Exif, colour profile, comments or text: Pillow would save some of them."""
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    return clean


def encode(image: Image.Image, image_format: ImageFormat, *, fine: bool = False) -> bytes:
    """Encode for the web; ``fine`` spends more bytes, for pictures whose levels are values."""
    file = io.BytesIO()
    if image_format == "avif":
        # Without colour planes a greyscale image is smaller; others lose half their colour detail.
        subsampling = "4:0:0" if image.mode == "L" else "4:2:0"
        quality = _AVIF_FINE if fine else _AVIF_QUALITY
        image.save(
            file,
            "AVIF",
            quality=quality,
            subsampling=subsampling,
            max_threads=max(1, processors.share() // AT_ONCE),
            **_AVIF,
        )
    else:
        image.save(file, "WEBP", quality=90 if fine else 80, method=4)
    return file.getvalue()


def encode_still(image: Image.Image) -> bytes:
    """WebP whatever the profile says: mail clients and PDF writers know no AVIF.

    There are many, so they are compressed the quick way, in a third of the time, and a little finer
    to be as like: one byte in seven more.
    """
    file = io.BytesIO()
    image.save(file, "WEBP", quality=82, method=2)
    return file.getvalue()
