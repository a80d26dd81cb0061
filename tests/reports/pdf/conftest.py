"""A report's document in tests: composed from a real report, typeset once a language."""

from dataclasses import dataclass, replace

import pytest

from audit.access import record_access
from audit.chain import SYSTEM
from audit.words import Action
from dermalia.sealing.keys import UnlockedKey, unlock
from dermalia.tenancy import practice_scope
from reports.models import Report
from reports.pdf import Source, typeset
from reports.pdf.document import Document, Letterhead, compose
from scans.models import Scan
from scans.queries import Measured, measurements
from tests.reports.pdf.reader import Pdf

LANGUAGES = ("de", "en")


@dataclass(frozen=True)
class Example:
    """The report of the synthetic face and what became of it; its rows are gone by now."""

    scan: Scan
    report: Report
    measured: list[Measured]
    sources: dict[str, Source]
    pdfs: dict[str, Pdf]


@pytest.fixture(scope="session")
def examples() -> list[Example]:
    """Empty until a test has asked for the first one."""
    return []


@pytest.fixture
def example(request: pytest.FixtureRequest, examples: list[Example]) -> Example:
    """Made once, from the database of whichever test asks first."""
    if not examples:
        examples.append(_example(request.getfixturevalue("report")))
    return examples[0]


def opened(report: Report) -> UnlockedKey:
    """The report's key, in the practice's scope."""
    access = record_access(Action.FILE_VIEWED, who=SYSTEM, object_id=report.pk)
    return unlock(report.scan.key_id, access=access)


def composed(report: Report, language: str, letterhead: Letterhead | None = None) -> Document:
    """The document as the rows are now."""
    with practice_scope(report.practice_id):
        return compose(
            scan=Scan.objects.select_related("practice").get(pk=report.scan_id),
            report=Report.objects.get(pk=report.pk),
            key=opened(report),
            language=language,
            letterhead=letterhead,
        )


def source_of(report: Report, language: str) -> Source:
    with practice_scope(report.practice_id):
        key = opened(report)
    return composed(report, language).source(key)


def with_words(source: Source, words: str, *, for_: str) -> Source:
    """The source with other words in its HTML."""
    assert for_ in source.html
    return replace(source, html=source.html.replace(for_, words))


def _example(report: Report) -> Example:
    sources = {language: source_of(report, language) for language in LANGUAGES}
    with practice_scope(report.practice_id):
        report = Report.objects.select_related("scan").get(pk=report.pk)
        measured = measurements(scan=report.scan, key=opened(report))
    pdfs = {language: Pdf(typeset(source)) for language, source in sources.items()}
    return Example(report.scan, report, measured, sources, pdfs)
