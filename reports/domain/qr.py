"""A link as a QR code, for paper."""

import io

import segno

MODULE_MM = 1.2  # a telephone reads it at arm's length, and the sheet stays one page


def qr_svg(url: str) -> str:
    """The QR code of ``url`` as an inline SVG on white, with its quiet zone.

    Error correction is at least M (15 %): paper is folded.
    """
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
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
    return out.getvalue().decode()
