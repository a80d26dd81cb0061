"""Corrections to the structure tree that WeasyPrint writes.

PDF/UA-1 (ISO 14289-1) wants every mark on a page to be either in the tree or an artifact, and table
headers to say what they head; figures are to state their place in the page's own units.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pydyf

_POINTS_PER_PIXEL = 0.75
_SCOPES = {"/THead": "/Column", "/TBody": "/Row"}

Element = dict[str, Any]


def correct(document: Any, pdf: pydyf.PDF) -> None:
    """Called once the file is complete and before it is written."""
    elements = list(_tree(pdf))
    _measure_figures(elements, document, pdf)
    _say_what_headers_head(elements, pdf)
    _leave_margins_out(elements, pdf)


def _tree(pdf: pydyf.PDF) -> Iterator[Element]:
    """Every element that can be reached from the document's root."""
    pending = list(_object(pdf, pdf.catalog["StructTreeRoot"])["K"])
    while pending:
        element = _object(pdf, pending.pop())
        yield element
        pending += [kid for kid in element["K"] if not isinstance(kid, int)]


def _measure_figures(elements: list[Element], document: Any, pdf: pydyf.PDF) -> None:
    """Boxes come in CSS pixels from the top; a PDF counts points from below."""
    heights = {
        reference: page.height * _POINTS_PER_PIXEL
        for reference, page in zip(pdf.page_references, document.pages, strict=True)
    }
    for figure in elements:
        if figure["S"] == "/Figure":
            height = heights[figure["Pg"]]
            left, top, right, bottom = (_POINTS_PER_PIXEL * side for side in figure["A"]["BBox"])
            figure["A"]["BBox"] = pydyf.Array((left, height - bottom, right, height - top))


def _say_what_headers_head(elements: list[Element], pdf: pydyf.PDF) -> None:
    for header in elements:
        if header["S"] == "/TH":
            row = _object(pdf, header["P"])
            header["A"]["Scope"] = _SCOPES[_object(pdf, row["P"])["S"]]


def _leave_margins_out(elements: list[Element], pdf: pydyf.PDF) -> None:
    """Running headers and footers are marked as content without being in the tree."""
    content: dict[bytes, set[int]] = defaultdict(set)
    for element in elements:
        for kid in element["K"]:
            if isinstance(kid, int):
                content[element["Pg"]].add(kid)
    root = _object(pdf, pdf.catalog["StructTreeRoot"])
    parents = _object(pdf, root["ParentTree"])["Nums"]
    for reference in pdf.page_references:
        page = _object(pdf, reference)
        _make_artifacts(_object(pdf, page["Contents"]), keep=content[reference])
        of_page = parents[parents.index(page["StructParents"]) + 1]
        for number in range(len(of_page)):
            if number not in content[reference]:
                of_page[number] = "null"


def _make_artifacts(stream: pydyf.Stream, *, keep: set[int]) -> None:
    """Turn marked content whose number is not to be kept into artifacts of pagination."""
    for at, operand in enumerate(stream.stream):
        if isinstance(operand, dict) and "MCID" in operand and operand["MCID"] not in keep:
            stream.stream[at - 1] = "/Artifact"
            stream.stream[at] = pydyf.Dictionary({"Type": "/Pagination"})


def _object(pdf: pydyf.PDF, reference: bytes) -> Any:
    number, *_ = reference.split()
    return pdf.objects[int(number)]
