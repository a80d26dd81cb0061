"""The mark burnt into every picture of a comparison: what it is for, and what it is not for (R41).

The words run across the whole picture, so that no cut-out is without them, and once more, whole,
in a band at its foot. They are also written into the file. Pictures are opened, marked and written
in memory only.
"""

import io
import math
from dataclasses import dataclass
from functools import lru_cache
from xml.sax.saxutils import escape

from PIL import ExifTags, Image, ImageChops, ImageDraw, ImageFont

from reports.pdf import fonts

MEDIA_TYPE = "image/webp"
USAGE = "consultation-and-record-only"

# R41 asks for a type size of 12 px in a picture 400 px wide.
_EM = 0.03
_LEAST_EM = 12
_TURN = 24  # degrees anticlockwise
_LINE_GAP = 9.0  # from line to line, in ems
_WORD_GAP = 3.0  # between repetitions in a line, in ems
_OUTLINE = 0.09  # width of the dark edge around the letters, in ems
# White letters with a black edge, each this opaque, keep 4.5:1 between them on any ground: on
# white the edge is what shows, on black the letters (see the test).
OPACITY = 0.54
_BAND, _BAND_TEXT = (20, 26, 28), (255, 255, 255)
_LEADING, _PADDING = 1.3, 0.45  # of the band, in ems
_QUALITY = 82

_XMP = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" xmlns:dermalia="urn:dermalia:usage:1"
 dermalia:usage="{usage}">
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt></dc:rights>
<xmpRights:UsageTerms><rdf:Alt><rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt>
</xmpRights:UsageTerms>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is written into a picture, in the reader's language.

    Attributes:
        text: the words of R41 with both dates and the scan's short name, one line.
        terms: how the picture may be used, for the file's own description; no date, no name.
    """

    text: str
    terms: str


def marked(data: bytes, mark: Mark) -> bytes:
    """The picture with the mark in it: WebP, the same size, without what its file said before.

    Args:
        data: an image file we made ourselves, such as a still of a scan.

    Raises:
        PIL.UnidentifiedImageError: it is no image.
        reports.pdf.PdfError: NOT_READY where the front end, whose font this is, is not built.
    """
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    em = max(_LEAST_EM, round(image.width * _EM))
    letters = _across(image.size, mark.text, em, outline=0)
    edge = _across(image.size, mark.text, em, outline=max(1, round(_OUTLINE * em)))
    image.paste((0, 0, 0), mask=_fainter(ImageChops.subtract(edge, letters)))
    image.paste((255, 255, 255), mask=_fainter(letters))
    _draw_band(image, mark.text, em)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=_QUALITY, method=2, exif=_exif(), xmp=_xmp(mark.terms))
    return file.getvalue()


def _across(size: tuple[int, int], text: str, em: int, *, outline: int) -> Image.Image:
    """Coverage, 0 to 255, of slanted lines of the text, grown on all sides by ``outline``."""
    line = _line(text, em, outline)
    side = math.ceil(math.hypot(*size))
    layer = Image.new("L", (side, side))
    gap = round(_LINE_GAP * em)
    for row, top in enumerate(range(gap // 2, side, gap)):
        # Every other line begins half a text later: what one cuts off the next one says.
        for left in range(-(row % 2) * line.width // 2, side, line.width):
            layer.paste(line, (left, top))
    turned = layer.rotate(_TURN, Image.Resampling.BILINEAR)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    return turned.crop((left, top, left + size[0], top + size[1]))


def _line(text: str, em: int, outline: int) -> Image.Image:
    """The text once, with the room it keeps to the next one."""
    font = _font(em)
    width = round(font.getlength(text) + _WORD_GAP * em)
    line = Image.new("L", (width, 2 * em))
    ImageDraw.Draw(line).text((em, em // 4), text, fill=255, font=font, stroke_width=outline)
    return line


def _fainter(coverage: Image.Image) -> Image.Image:
    return coverage.point([round(level * OPACITY) for level in range(256)])


def _draw_band(image: Image.Image, text: str, em: int) -> None:
    """The words once more and whole, over the lowest part of the picture: clothes, not skin."""
    font, margin = _font(em), em
    lines = _wrapped(text, font, image.width - 2 * margin)
    drawing = ImageDraw.Draw(image)
    top = image.height - round((len(lines) * _LEADING + 2 * _PADDING) * em)
    drawing.rectangle((0, top, image.width, image.height), fill=_BAND)
    for row, line in enumerate(lines):
        place = (margin, top + round((_PADDING + _LEADING * row) * em))
        drawing.text(place, line, fill=_BAND_TEXT, font=font)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


@lru_cache(maxsize=8)
def _font(em: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(fonts.prepare().parent / "Figtree-SemiBold.ttf", em)


def _exif() -> Image.Exif:
    exif = Image.Exif()
    # ASCII is all this field holds; XMP has the reader's own language.
    exif[ExifTags.Base.ImageDescription] = f"usage={USAGE}; not for advertising"
    return exif


def _xmp(terms: str) -> bytes:
    return _XMP.format(usage=USAGE, text=escape(terms)).encode()
