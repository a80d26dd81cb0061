"""A text as a QR code: for a telephone's camera, on paper or on a screen."""

import io

import segno
from django.utils.safestring import SafeString, mark_safe

MODULE_MM = 1.2  # a telephone reads it at arm's length, and a printed sheet stays one page


def qr_svg(text: str) -> SafeString:
    """The QR code of ``text`` as an inline SVG on white, with its quiet zone.

    Error correction is at least M (15 %): paper is folded, screens mirror.
    """
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out,
        kind="svg",
        scale=MODULE_MM,
        unit="mm",
        border=4,
        light="white",
        xmldecl=False,
        nl=False,
        svgclass="qr",
    )
    # Squares and numbers alone: nothing of the text itself is in the picture.
    return mark_safe(out.getvalue().decode())  # noqa: S308
