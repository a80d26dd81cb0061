"""HTML and pictures to PDF by WeasyPrint, which sees nothing but what it is given."""

import io
from datetime import UTC

from PIL import Image, ImageFile
from weasyprint import CSS, HTML
from weasyprint import Attachment as EmbeddedFile
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from . import conformance
from .errors import ErrorCode, PdfError
from .limits import PdfLimits
from .model import Source

# The library has set it to go on: a face that ends in grey would be no picture of anybody.
ImageFile.LOAD_TRUNCATED_IMAGES = False

_SCHEME = "asset:"
_JPEG_QUALITY = 86


class Pictures(URLFetcher):  # type: ignore[misc]
    """Answers ``asset:`` addresses from memory and ends the document for any other."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
        self._files = files

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:  # noqa: ARG002
        data = self._files.get(url)
        if data is None:
            raise KeyError(url)
        return URLFetcherResponse(url, data, {"Content-Type": "image/jpeg"})


def typeset(source: Source, identifier: bytes, limits: PdfLimits) -> bytes:
    """The source as a tagged PDF/A-3a that claims PDF/UA-1.

    Args:
        identifier: of this document among all; equal sources have equal ones.

    Raises:
        PdfError: UNREADABLE_IMAGE, FORBIDDEN_SOURCE, TOO_MANY_PAGES or TOO_LARGE.
    """
    pictures = {
        _SCHEME + name: _jpeg(data, limits.picture_pixels) for name, data in source.pictures.items()
    }
    try:
        pdf = _written(source, Pictures(pictures), identifier, limits)
    except FatalURLFetchingError as error:
        raise PdfError(ErrorCode.FORBIDDEN_SOURCE) from error
    if len(pdf) > limits.output_bytes:
        raise PdfError(ErrorCode.TOO_LARGE, where="output")
    return pdf


def _written(source: Source, fetcher: Pictures, identifier: bytes, limits: PdfLimits) -> bytes:
    fonts = FontConfiguration()
    style = CSS(string=source.style, url_fetcher=fetcher, font_config=fonts)
    document = HTML(string=source.html, url_fetcher=fetcher).render(
        font_config=fonts, stylesheets=[style], pdf_variant=conformance.VARIANT
    )
    if len(document.pages) > limits.pages:
        raise PdfError(ErrorCode.TOO_MANY_PAGES)
    conformance.claim(document)
    pdf: bytes = document.write_pdf(
        finisher=conformance.finish,
        pdf_variant=conformance.VARIANT,
        pdf_identifier=identifier,
        attachments=[_embedded(source)],
    )
    return pdf


def _embedded(source: Source) -> EmbeddedFile:
    attachment, created = source.attachment, source.created.astimezone(UTC)
    return EmbeddedFile(
        file_obj=io.BytesIO(attachment.data),
        name=attachment.name,
        description=attachment.description,
        created=created,
        modified=created,
        relationship="Data",
    )


def _jpeg(data: bytes, most_pixels: int) -> bytes:
    """The picture as a file the PDF can hold as it is: other formats would swell tenfold in it."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > most_pixels:
                raise PdfError(ErrorCode.TOO_LARGE, where="picture")
            clear = _on_white(picture)
    except (OSError, ValueError, SyntaxError) as error:
        raise PdfError(ErrorCode.UNREADABLE_IMAGE) from error
    file = io.BytesIO()
    clear.save(file, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return file.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")
