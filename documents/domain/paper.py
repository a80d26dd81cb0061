"""An edition as a PDF/A: equal editions are equal files, whenever and wherever they are made."""

import json
from datetime import UTC, datetime, time
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext, override

from documents.domain.edition import Edition
from reports.pdf import Attachment, ErrorCode, PdfError, Source, typeset
from reports.pdf.limits import PdfLimits
from reports.pdf.styles import style_of

SIDE_NAME = "document.json"
KEPT_IN_MEMORY = 64  # about 100 KB each, none of them about a patient


class NotFinal(Exception):
    """The practice has yet to say something; nothing is made that would have to be corrected."""


def as_pdf(edition: Edition) -> bytes:
    """The document, in the largest of its type sizes that keeps to its number of pages.

    Raises:
        NotFinal: something is missing.
        PdfError: no PDF could be made; TOO_MANY_PAGES where no size was small enough.
    """
    if not edition.final:
        raise NotFinal
    sizes = edition.kind.variants[edition.variant]
    for size in sizes:
        try:
            return _pdf(_html(edition), _style(size), record(edition), _most_pages(edition))
        except PdfError as error:
            if error.code != ErrorCode.TOO_MANY_PAGES or size == sizes[-1]:
                raise
    raise AssertionError("a document has at least one size")


def record(edition: Edition) -> bytes:
    """What the file is, for programs; inside the PDF as an attachment."""
    told = {
        "schema": "dermalia/document/1",
        "document": edition.kind.key,
        "language": edition.variant,
        "version": edition.version,
        "as_of": edition.as_of.isoformat(),
        "text_sha256": edition.digest,
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1).encode()


def created(edition: Edition) -> datetime:
    """The date the file bears: noon of the day it tells, so that it is that day in Europe, too."""
    return datetime.combine(edition.as_of, time(12), tzinfo=UTC)


def _html(edition: Edition) -> str:
    with override(edition.language):
        context = {
            "edition": edition,
            "operator": settings.OPERATOR,
            "created": created(edition).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return render_to_string("documents/paper.html", context)


def _style(size: float) -> str:
    style = style_of(Path(__file__).with_name("paper.css"))
    return f"{style}\nhtml {{ font-size: {size}pt; }}\n"


def _most_pages(edition: Edition) -> int:
    return edition.kind.pages[1] if edition.kind.pages else PdfLimits().pages


# Keyed by all that goes in, so nothing in it can be out of date.
@lru_cache(maxsize=KEPT_IN_MEMORY)
def _pdf(html: str, style: str, side: bytes, pages: int) -> bytes:
    told = json.loads(side)
    with override(told["language"][:2]):
        description = gettext("What this document is, for programs")
    at = datetime.combine(datetime.fromisoformat(told["as_of"]).date(), time(12), tzinfo=UTC)
    attachment = Attachment(SIDE_NAME, "application/json", description, side)
    source = Source(html=html, style=style, attachment=attachment, created=at)
    return typeset(source, limits=PdfLimits(pages=pages))
