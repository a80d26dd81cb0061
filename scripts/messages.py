"""Keeps ``locale/*/LC_MESSAGES/django.po`` in step with the texts in code and templates.

``python -m scripts.messages`` rewrites the catalogues: new texts come in empty, texts that
nobody uses go. English is the source language, so only German is kept as a catalogue.
"""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "dermalia",
    "audit",
    "practices",
    "scans",
    "reports",
    "retention",
    "backups",
    "onboarding",
    "exports",
    "closing",
    "documents",
    "operators",
    "website",
)
FUNCTIONS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def used() -> Catalog:
    """Every text marked for translation, with the files it stands in."""
    catalog = Catalog(fuzzy=False)
    for path, source in _sources():
        found = extract("python", io.BytesIO(source.encode()), keywords=FUNCTIONS)
        for _line, message, _comments, context in found:
            catalog.add(message, locations=[(str(path.relative_to(ROOT)), 0)], context=context)
    return catalog


def stored(language: str) -> Catalog:
    """The catalogue of a language as it is on disk."""
    with _path(language).open("rb") as file:
        return read_po(file, locale=language)


def missing(language: str) -> list[str]:
    """Texts that are used but have no translation."""
    have = stored(language)
    return sorted(str(m.id) for m in used() if m.id and not _translated(have, m.id, m.context))


def unused(language: str) -> list[str]:
    """Translations of texts that nobody uses."""
    wanted = {(m.id, m.context) for m in used()}
    return sorted(str(m.id) for m in stored(language) if m.id and (m.id, m.context) not in wanted)


def update(language: str) -> None:
    """Rewrite a catalogue from the texts in use, keeping its translations."""
    catalog = stored(language)
    catalog.update(used(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    with _path(language).open("wb") as file:
        write_po(file, catalog, width=98, sort_output=True, include_lineno=False)


def _translated(catalog: Catalog, message: object, context: str | None) -> bool:
    entry = catalog.get(message, context)  # type: ignore[arg-type]  # a str, or plural forms
    if entry is None:
        return False
    return all(entry.string) if isinstance(entry.string, tuple | list) else bool(entry.string)


def _sources() -> Iterator[tuple[Path, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path, path.read_text()
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"}:
            lines = templatize(path.read_text(), origin=str(path)).splitlines()
            # What is indented in a template would be an indented block in Python.
            yield path, "\n".join(line.lstrip() for line in lines)


def _path(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


if __name__ == "__main__":
    settings.configure()
    update("de")
