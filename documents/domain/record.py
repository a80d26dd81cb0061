"""The processor's record for programs: the same text, heading by heading, and its checksum."""

import json

from lxml import html as markup

from documents.domain.edition import Edition
from documents.domain.paper import NotFinal, record


def as_json(edition: Edition) -> bytes:
    """Sections in their order, each a heading with its lines; equal editions are equal files.

    Raises:
        NotFinal: something is missing.
    """
    if not edition.final:
        raise NotFinal
    sections: list[dict[str, object]] = []
    lines: list[str] = []
    for element in markup.fragment_fromstring(edition.body, create_parent="div").iter():
        if element.tag in {"h1", "h2"}:
            lines = []
            sections.append({"heading": _text(element), "lines": lines})
        elif element.tag in {"p", "li"}:
            lines.append(_text(element))
        elif element.tag == "tr":
            lines.append(": ".join(filter(None, (_text(cell) for cell in element))))
    told = json.loads(record(edition)) | {"sections": sections}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def _text(element: markup.HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())
