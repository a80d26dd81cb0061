"""A practice's logo: whatever is uploaded is decoded within limits and encoded anew."""

import io

from django.utils.translation import gettext_noop as _
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 16_000_000
LONGEST_SIDE = 600


class LogoRefused(ValueError):
    """The file cannot be the logo; ``str()`` tells staff why."""


def clean_logo(data: bytes) -> bytes:
    """A PNG of at most 600 pixels a side with nothing in it but the picture.

    The file's header is read before a pixel is: a small file can stand for a huge picture.

    Raises:
        LogoRefused: it is too large, or none of PNG, JPEG and WebP.
    """
    if len(data) > MOST_BYTES:
        raise LogoRefused(_("The file is larger than 2 MB."))
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise LogoRefused(_("The picture has more than 16 million pixels."))
            return _png(picture)
    except LogoRefused:
        raise
    # Decoders raise what they like over broken files; all of it means the same here.
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise LogoRefused(_("This is no PNG, JPEG or WebP picture, or it is damaged.")) from error


def _png(picture: Image.Image) -> bytes:
    upright = ImageOps.exif_transpose(picture)
    plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    # Pixels alone go over: profiles, texts and times stay behind.
    bare = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    file = io.BytesIO()
    bare.save(file, "PNG", optimize=True)
    return file.getvalue()
