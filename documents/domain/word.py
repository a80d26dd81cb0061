"""An edition as a DOCX that can be gone on writing in. Equal editions are equal files.

Made from the same HTML as the PDF, of which it knows headings, paragraphs, lists and tables; an
element it does not know is an error, so that no sentence goes missing in silence.
"""

import io
from collections.abc import Iterable
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext, override
from docx import Document
from docx.document import Document as WordDocument
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from lxml import html as markup
from lxml.html import HtmlElement

from documents.domain.edition import Edition
from documents.domain.paper import NotFinal, created

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_HEADINGS = {"h1": 0, "h2": 1, "h3": 2}
_SPEECH = {"de": "de-DE", "en": "en-GB"}
_INK, _FILL = RGBColor(0x1C, 0x28, 0x2B), "EEF5F3"
_BEGINNING = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP can say


class UnknownElement(Exception):
    """The text has an element that is not carried over."""


def as_word(edition: Edition) -> bytes:
    """The document as Office Open XML.

    Raises:
        NotFinal: something is missing.
        UnknownElement: the template uses what has no counterpart here.
    """
    if not edition.final:
        raise NotFinal
    document = _empty(edition)
    for element in markup.fragments_fromstring(edition.body, no_leading_text=True):
        _add(document, element)
    with override(edition.language):
        closing = gettext("Version %(version)s, as of %(day)s. SHA-256 of the text: %(digest)s") % {
            "version": edition.version,
            "day": date_format(edition.as_of, "DATE_FORMAT"),
            "digest": edition.digest,
        }
    document.add_paragraph(closing).runs[0].font.size = Pt(7)
    return _same_each_time(document)


def _empty(edition: Edition) -> WordDocument:
    document = Document()
    told, at = document.core_properties, created(edition).replace(tzinfo=None)
    told.title, told.author, told.comments = edition.title, settings.OPERATOR["name"], ""
    told.language = _SPEECH[edition.language]
    told.created = told.modified = at
    told.last_modified_by, told.revision, told.version = told.author, 1, edition.version
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(20)
    page.top_margin = page.bottom_margin = Mm(17)
    for name, size in {"Normal": 9.5, "Title": 17, "Heading 1": 12, "Heading 2": 10}.items():
        style = document.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = "Calibri", Pt(size), _INK
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in list(fonts.attrib):  # the theme's fonts would win over the named one
            if "Theme" in attribute:
                del fonts.attrib[attribute]
    document.styles["Normal"].paragraph_format.space_after = Pt(3)
    return document


def _add(document: WordDocument, element: HtmlElement) -> None:
    tag = str(element.tag)
    if tag in _HEADINGS:
        document.add_heading(_text(element), _HEADINGS[tag])
    elif tag == "p" and "sign" in element.get("class", "").split():
        _add_lines_to_sign(document, element)
    elif tag == "p":
        _write(document.add_paragraph(), element)
    elif tag == "ul":
        for item in element:
            _write(document.add_paragraph(style="List Bullet"), item)
    elif tag == "table":
        _add_table(document, list(element.iter("tr")))
    elif tag in {"div", "section"}:
        for child in element:
            _add(document, child)
    else:
        raise UnknownElement(tag)


def _add_lines_to_sign(document: WordDocument, element: HtmlElement) -> None:
    """A line for each thing to be written by hand."""
    for label in element:
        paragraph = document.add_paragraph(f"{_text(label)}: ")
        paragraph.paragraph_format.space_before = Pt(16)
        paragraph.add_run("\t").underline = True
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(120))


def _add_table(document: WordDocument, rows: list[HtmlElement]) -> None:
    columns = max(len(row) for row in rows)
    table = document.add_table(rows=0, cols=columns, style="Table Grid")
    for row in rows:
        for cell, source in zip(table.add_row().cells, row, strict=False):
            paragraph = cell.paragraphs[0]
            _write(paragraph, source)
            if source.tag == "th":
                _embolden(paragraph)
            if "fill" in source.get("class", "").split():
                _shade(cell)


def _write(paragraph: Paragraph, element: HtmlElement) -> None:
    """The words of an element; of what is inside it, emphasis and line breaks are kept."""
    _run(paragraph, element.text)
    for child in element:
        if child.tag == "br":
            paragraph.add_run().add_break()
        elif child.tag in {"strong", "span", "a"}:
            _run(paragraph, _text(child), bold=child.tag == "strong")
        else:
            raise UnknownElement(str(child.tag))
        _run(paragraph, child.tail)


def _run(paragraph: Paragraph, text: str | None, *, bold: bool = False) -> None:
    if text:
        paragraph.add_run(" ".join(text.split("\n"))).bold = bold or None


def _embolden(paragraph: Paragraph) -> None:
    for run in paragraph.runs:
        run.bold = True


def _shade(cell: _Cell) -> None:
    shading = OxmlElement("w:shd")
    shading.set(qn("w:val"), "clear")
    shading.set(qn("w:fill"), _FILL)
    cell._tc.get_or_add_tcPr().append(shading)  # noqa: SLF001  (the library has no other way)


def _text(element: HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _same_each_time(document: WordDocument) -> bytes:
    """The library stamps each part with the time of saving; a file of a text bears none."""
    written, result = io.BytesIO(), io.BytesIO()
    document.save(written)
    with ZipFile(written) as made, ZipFile(result, "w", ZIP_DEFLATED) as archive:
        for name in _in_order(made.namelist()):
            info = ZipInfo(name, _BEGINNING)
            info.compress_type = ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, made.read(name))
    return result.getvalue()


def _in_order(names: Iterable[str]) -> list[str]:
    """Readers expect the list of content types first."""
    return sorted(names, key=lambda name: (name != "[Content_Types].xml", name))
